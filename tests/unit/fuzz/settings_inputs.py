"""Trigger metadata and configuration files as nobody should write them."""

from collections.abc import Mapping
from pathlib import Path
from random import Random

from scaler.config.keys import ALIASES, KEDA_KEYS, KEYS
from scaler.config.load import load
from scaler.config.settings import Settings
from scaler.config.sources import PrometheusSource
from scaler.config.understand import understand
from scaler.errors import ConfigError
from scaler.signals.plan import questions
from scaler.signals.quantity import windows
from tests.unit.fuzz.damage import NUMBERS, damaged
from tests.unit.fuzz.injection import assert_confined

FORCED = 'tenant="mine"'
SOURCE = PrometheusSource(url="http://here:9090", matchers=FORCED)
SETTINGS = Settings(
    sources={"default": SOURCE}, allowed_addresses=("http://*.models.svc:8000", "http://a/b")
)
NAMES = (*KEYS, *ALIASES, *KEDA_KEYS, "mode1", "", "engine\x00", "ключ", "a" * 3000)
_WORDS = """
    vllm sglang triton custom realtime rules batch on off true up-only scrape learn fixed disabled
    observe raise confirm auto 5m 1h30m 90s 15 0 0.8 1 1e3 -1 100%/15s,4/15s day,week UTC
    Europe/Berlin ../etc/passwd Deployment StatefulSet LeaderWorkerSet
"""
TEXTS = (
    *_WORDS.split(),
    "http://llama.models.svc:8000/metrics",
    "http://a/b/../c",
    "http://[::1",
    "http://u:p@h",
    "http://h:99999",
    'job="vllm",pod=~"a|b"',
    'namespace=~".*"} or up{a="',
    '{a="}"}',
    "a='\\'',b=`\\`",
    'a=~"(((((((("',
    "sum(up)",
    "- {name: sale, start: 2026-11-27T09:00, end: 2026-11-28T00:00Z, every: 7d, multiplier: 3}",
    "- {name: a, start: 9999-12-31, end: 0001-01-01T00:00+14:00, minReplicas: 1}",
    "- &a {name: *a}",
    "DE-BY",
    "__class__",
    "9" * 5000,
    "9" * 400 + "h",
    "1h" * 3000,
    "-" * 3000,
    "١٢",
    "\ud800",
    "\x00",
    "",
    " ",
)


def metadata(rng: Random) -> Mapping[str, str]:
    """An engine, mostly, and keys and values that may or may not fit each other."""
    given = (
        {"engine": rng.choice(("vllm", "sglang", "custom", "tgi"))} if rng.random() < 0.9 else {}
    )
    for _ in range(rng.randint(0, 8)):
        name = rng.choice(NAMES) + ("FromEnv" if rng.random() < 0.1 else "")
        given[name] = _text(rng)
    return given


def _text(rng: Random) -> str:
    if rng.random() < 0.6:
        return rng.choice(TEXTS)
    if rng.random() < 0.3:
        return rng.choice(NUMBERS).decode(errors="replace")
    return damaged(rng.choice(TEXTS).encode(errors="replace"), rng).decode(errors="replace")


def understood_or_refused(given: Mapping[str, str]) -> None:
    """Metadata are a workload, or mistakes with a sentence each; its queries stay its own."""
    try:
        workload = understand("models", "llama", given, settings=SETTINGS)
    except ConfigError as error:
        _assert_said(error)
        return
    for question in questions([workload], source=SOURCE, windows=windows(15)):
        if not question.own:
            assert_confined(question.text, forced=FORCED, namespace="models")


CONFIGURATION = b"""\
evaluationInterval: 15s
settle: 30s
grpc: {address: ":9090", tls: {cert: a.pem, key: b.pem}, reflection: true}
ops:
  address: 127.0.0.1:8080
sources:
  default:
    url: https://thanos:10902/prometheus
    basic: {username: forescale, password: {file: /secret}}
    tls: {ca: ca.pem}
    tenant: team-a
    matchers: 'cluster="eu",job=~"a|b"'
    namespaces: [models, "1.5", 2024-01-01]
    labels: {namespace: ns, pod: pod_name}
    timeout: 2.5
allowedAddresses: [http://*.models.svc:8000]
profiles:
  chat: {extends: realtime, metadata: {headroom: 0.7, latencyTarget: 1500ms}}
calendars:
  shop:
    events: [{name: sale, start: 2026-11-27 09:00:00, end: 2026-11-28, weekdays: [fri], ramp: 1h,
      minReplicas: 4}]
    holidays: [DE-BY, FR]
defaults: {profile: chat, mode: "on", calendar: shop}
workloads:
  - {namespace: models, name: llama, metadata: {engine: vllm}}
freeze: false
log: {format: json, level: info}
"""
_VALUES = """
    0x7fffffff|1:30:00|.inf|.nan|~|!!binary x|!!int|!!timestamp x|2024-99-99|!!float x|<<:|*a|[]|?
    |!!python/object:os.system|!!set {}|>+|%TAG|0o777|1e1000|!!bool x|!!null x|!!omap
"""


def configuration(rng: Random) -> bytes:
    """A good file with other values in places, and damaged like anything else."""
    text = CONFIGURATION
    for _ in range(rng.randint(0, 3)):
        lines = text.split(b"\n")
        index = rng.randrange(len(lines))
        key, colon, _ = lines[index].partition(b": ")
        lines[index] = key + colon + rng.choice(_VALUES.split("|")).strip().encode()
        text = b"\n".join(lines)
    return damaged(text, rng)


def loaded_or_refused(text: bytes, *, folder: Path) -> None:
    """A file is settings, or mistakes with a sentence each."""
    path = folder / "config.yaml"
    path.write_bytes(text)
    try:
        load(path, environ={})
    except ConfigError as error:
        _assert_said(error)


def _assert_said(error: ConfigError) -> None:
    assert error.problems
    assert all(map(str, error.problems))
