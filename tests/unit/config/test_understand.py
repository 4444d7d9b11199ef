"""Trigger metadata, key by key, as the reference of users' keys has them."""

from collections.abc import Mapping
from operator import attrgetter

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaler.config.calendars import Event, calendar
from scaler.config.keys import ALIASES, KEDA_KEYS, KEYS
from scaler.config.settings import CustomProfile, Settings
from scaler.config.sources import PrometheusSource
from scaler.config.understand import understand
from scaler.config.workload import ForecastUse, LatencyMetric, SourceKind, Workload
from scaler.errors import ConfigError, Problem
from scaler.policy.engine import decide, start
from scaler.policy.model import Gap, Readings, Reason, Signal
from scaler.policy.spec import Mode, ScalingPolicy, Unit, Vote
from tests.builders import EPOCH, knowledge

SETTINGS = Settings(
    sources={
        "default": PrometheusSource(url="http://prometheus:9090"),
        "thanos": PrometheusSource(url="http://thanos:9090", namespaces=("models",)),
        "private": PrometheusSource(url="http://private:9090", namespaces=("others",)),
    },
    allowed_addresses=("http://*.models.svc:8000",),
    calendars={
        "shop": calendar(
            "events: [{name: launch, start: 2026-01-01, end: 2026-01-02, minReplicas: 4}]"
        )
    },
)
LAUNCH = Event(name="launch", start=1_767_225_600, end=1_767_312_000, min_replicas=4)
VLLM = {"engine": "vllm"}
HERE = "http://llama.models.svc:8000"


def read(metadata: Mapping[str, str], *, settings: Settings = SETTINGS) -> Workload:
    return understand("models", "llama", metadata, settings=settings)


def problems(metadata: Mapping[str, str], *, settings: Settings = SETTINGS) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as refusal:
        read(metadata, settings=settings)
    return refusal.value.problems


ROWS: list[tuple[str, str, str, object, dict[str, str]]] = [
    ("engine", "sglang", "watch.engine", "sglang", {}),
    ("profile", "batch", "spec.headroom", 0.95, {}),
    ("mode", "observe", "spec.mode", Mode.OBSERVE, {}),
    ("model", "org/Llama-3", "watch.model", "org/Llama-3", {}),
    ("workload", "llama-70b", "watch.workload", "llama-70b", {}),
    ("workloadKind", "StatefulSet", "watch.kind", "StatefulSet", {}),
    ("matchers", 'job="vllm"', "watch.matchers", 'job="vllm"', {}),
    ("source", "scrape", "watch.source", SourceKind.SCRAPE, {"endpoints": HERE}),
    ("prometheus", "thanos", "watch.prometheus", "thanos", {}),
    ("serverAddress", HERE, "watch.server_address", HERE, {}),
    (
        "endpoints",
        f"{HERE}, {HERE}/x",
        "watch.endpoints",
        (HERE, f"{HERE}/x"),
        {"source": "scrape"},
    ),
    ("queueQuery", "q", "watch.queries", {Signal.WAITING: "q"}, {}),
    ("tokensQuery", "q", "watch.queries", {Signal.TOKENS: "q"}, {}),
    ("latencyQuery", "q", "watch.queries", {Signal.LATENCY: "q"}, {}),
    ("utilizationQuery", "q", "watch.queries", {Signal.UTILIZATION: "q"}, {}),
    ("requestsQuery", "q", "watch.queries", {Signal.REQUESTS: "q"}, {}),
    ("activationQuery", "q", "watch.activation_query", "q", {}),
    ("activationEndpoints", HERE, "watch.activation_endpoints", (HERE,), {}),
    ("activationThreshold", "2.5", "spec.activation_threshold", 2.5, {}),
    ("latencyTarget", "800ms", "spec.objective", 0.8, {}),
    ("latencyMetric", "itl", "watch.latency_metric", LatencyMetric.ITL, {}),
    ("latencyQuantile", "0.99", "watch.latency_quantile", 0.99, {}),
    ("latencyLow", "0.4", "spec.latency_low", 0.4, {}),
    ("tokensPerReplica", "2500", "spec.prior", 2500.0, {}),
    ("requestsPerReplica", "7.5", "spec.prior", 7.5, {}),
    ("capacity", "fixed", "spec.fixed_capacity", True, {"tokensPerReplica": "1"}),
    ("headroom", "0.7", "spec.headroom", 0.7, {}),
    ("queueLimit", "40", "spec.queue_limit", 40.0, {}),
    ("drainWithin", "2m", "spec.drain_within", 120, {}),
    ("utilization", "off", "spec.utilization", Vote.OFF, {}),
    ("utilizationHigh", "0.9", "spec.utilization_high", 0.9, {}),
    ("utilizationHighFor", "3m", "spec.utilization_high_for", 180, {}),
    ("utilizationLow", "0.2", "spec.utilization_low", 0.2, {}),
    ("utilizationLowFor", "20m", "spec.utilization_low_for", 1200, {}),
    ("forecast", "observe", "forecasting.use", ForecastUse.OBSERVE, {}),
    ("forecastQuantile", "0.95", "forecasting.quantile", 0.95, {}),
    ("forecastMaxExtra", "1", "forecasting.max_extra", 1.0, {}),
    ("season", "day", "forecasting.seasons", (86400,), {}),
    ("timezone", "Europe/Berlin", "forecasting.timezone", "Europe/Berlin", {}),
    ("calendar", "shop", "forecasting.events", (LAUNCH,), {}),
    (
        "events",
        "[{name: launch, start: 2026-01-01, end: 2026-01-02, minReplicas: 5}]",
        "forecasting.events",
        (attrs.evolve(LAUNCH, min_replicas=5),),
        {},
    ),
    ("holidays", "FR,DE", "forecasting.holidays", ("DE", "FR"), {}),
    ("leadTime", "4m", "spec.lead_time", 240, {}),
    ("leadTimeMax", "20m", "spec.lead_time_max", 1200, {}),
    ("scaleUpWindow", "1m", "spec.scale_up_window", 60, {}),
    ("scaleDownWindow", "10m", "spec.scale_down_window", 600, {}),
    (
        "scaleUpPolicies",
        "2/1m",
        "spec.scale_up_policies",
        (ScalingPolicy(amount=2, period=60),),
        {},
    ),
    (
        "scaleDownPolicies",
        "50%/1m",
        "spec.scale_down_policies",
        (ScalingPolicy(amount=50, percent=True, period=60),),
        {},
    ),
    ("hpaTolerance", "0.05", "watch.hpa_tolerance", 0.05, {}),
    ("minReplicas", "2", "spec.min_replicas", 2, {}),
    ("maxReplicas", "12", "spec.max_replicas", 12, {}),
    ("standby", "1", "spec.standby", 1, {}),
    ("idleAfter", "10m", "spec.idle_after", 600, {}),
    ("staleAfter", "90s", "spec.stale_after", 90, {}),
    ("holdFor", "1h", "spec.hold_for", 3600, {}),
]


@pytest.mark.parametrize(("key", "text", "where", "expected", "beside"), ROWS)
def test_key_is_understood(
    key: str, text: str, where: str, expected: object, beside: dict[str, str]
) -> None:
    workload = read({**VLLM, **beside, key: text})
    assert expected == attrgetter(where)(workload)


def test_every_key_has_a_row() -> None:
    assert set(KEYS) == {row[0] for row in ROWS}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("spec.mode", Mode.ON),
        ("spec.objective", 2.0),
        ("spec.utilization", Vote.CONFIRM),
        ("spec.latency", Vote.CONFIRM),
        ("spec.latency_hold", 0.8),
        ("spec.unit", Unit.TOKENS),
        ("spec.lead_time", None),
        ("spec.scale_down_window", None),
        ("spec.step", 15),
        ("watch.workload", "llama"),
        ("watch.kind", "Deployment"),
        ("watch.prometheus", "default"),
        ("watch.latency_metric", LatencyMetric.TTFT),
        ("forecasting.seasons", (86400, 604800)),
    ],
)
def test_defaults_of_an_llm_engine(where: str, expected: object) -> None:
    assert expected == attrgetter(where)(read(VLLM))


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("spec.objective", 0.5),
        ("spec.utilization", Vote.RAISE),
        ("spec.latency_hold", 1.0),
        ("spec.unit", Unit.REQUESTS),
        ("watch.latency_metric", LatencyMetric.E2E),
    ],
)
def test_defaults_of_another_engine(where: str, expected: object) -> None:
    assert expected == attrgetter(where)(read({"engine": "triton"}))


def test_text_embeddings_come_with_the_profile_for_them() -> None:
    spec = read({"engine": "tei"}).spec
    assert (0.2, 0.6, 0.85) == (spec.objective, spec.utilization_low, spec.utilization_high)


def test_rules_let_every_rule_raise_alone() -> None:
    spec = read({**VLLM, "profile": "rules"}).spec
    assert (Vote.RAISE, Vote.RAISE) == (spec.latency, spec.utilization)
    assert (0.5, 0.5) == (spec.latency_low, spec.latency_hold)


@pytest.mark.parametrize("profile", ["batch", "worker"])
def test_latency_has_no_say_where_nobody_waits(profile: str) -> None:
    assert read({**VLLM, "profile": profile}).spec.latency is Vote.OFF


def test_requests_are_the_unit_where_their_capacity_is_given() -> None:
    assert Unit.REQUESTS is read({**VLLM, "requestsPerReplica": "3"}).spec.unit


@pytest.mark.parametrize("key", sorted(KEDA_KEYS))
def test_keda_own_keys_say_nothing(key: str) -> None:
    assert read(VLLM).key == read({**VLLM, key: "anything"}).key


@pytest.mark.parametrize(("alias", "key"), ALIASES.items())
def test_alias_is_the_key(alias: str, key: str) -> None:
    assert read({**VLLM, key: "7"}).key == read({**VLLM, alias: "7"}).key


def test_key_from_the_environment_of_a_container_is_the_key() -> None:
    assert "secret-model" == read({**VLLM, "modelFromEnv": "secret-model"}).watch.model


def test_what_came_from_the_environment_is_never_shown() -> None:
    (problem,) = problems({**VLLM, "headroomFromEnv": "s3cret"})
    assert "headroomFromEnv" == problem.path
    assert "s3cret" not in str(problem)


def test_credentials_in_an_address_are_never_shown() -> None:
    found = problems({**VLLM, "serverAddress": "http://me:s3cret@x"})
    assert "s3cret" not in "".join(map(str, found))


def test_key_given_twice_is_a_problem() -> None:
    (problem,) = problems({**VLLM, "minReplicas": "1", "minReplicaCount": "2"})
    assert "says the same as minReplicaCount: give one of them" == problem.rule


def test_every_problem_is_named_at_once() -> None:
    found = problems({"latencyTarge": "1s", "headroom": "2", "utilization": "maybe"})
    assert {"engine", "latencyTarge", "headroom", "utilization"} == {p.path for p in found}


@pytest.mark.parametrize(
    ("metadata", "path", "rule"),
    [
        ({"enigne": "vllm"}, "enigne", "unknown key"),
        ({"minReplicas": "5", "maxReplicas": "3"}, "minReplicas", "must not exceed maxReplicas"),
        (
            {"minReplicaCount": "200"},
            "minReplicaCount",
            "must not exceed maxReplicas, which is 100",
        ),
        ({"utilizationLow": "0.9"}, "utilizationLow", "must not exceed utilizationHigh"),
        ({"leadTime": "1h"}, "leadTime", "must not exceed leadTimeMax"),
        (
            {"tokensPerReplica": "1", "requestsPerReplica": "1"},
            "requestsPerReplica",
            "must not be given beside tokensPerReplica",
        ),
        ({"engine": "triton", "tokensPerReplica": "1"}, "tokensPerReplica", "needs token counts"),
        ({"capacity": "fixed"}, "capacity", "`fixed` needs tokensPerReplica"),
        ({"engine": "custom"}, "engine", "needs at least one of queueQuery, tokensQuery"),
        ({"source": "scrape"}, "endpoints", "must be given where source is `scrape`"),
        ({"endpoints": HERE}, "endpoints", "is only read where source is `scrape`"),
        (
            {"source": "scrape", "endpoints": HERE, "queueQuery": "q"},
            "queueQuery",
            "needs a Prometheus to run on",
        ),
        ({"prometheus": "tanos"}, "prometheus", "must name a source"),
        ({"prometheus": "private"}, "prometheus", "may not be used from namespace models"),
        (
            {"serverAddress": "http://evil"},
            "serverAddress",
            "must be permitted by allowedAddresses",
        ),
        (
            {"serverAddress": HERE, "prometheus": "thanos"},
            "prometheus",
            "must not be given beside serverAddress",
        ),
        (
            {"activationEndpoints": f"{HERE},http://evil"},
            "activationEndpoints",
            "must be permitted by allowedAddresses",
        ),
        ({"profile": "realtme"}, "profile", "must be one of realtime"),
    ],
)
def test_rule_is_named_with_the_key(metadata: dict[str, str], path: str, rule: str) -> None:
    found = problems({**VLLM, **metadata})
    assert [path] == [problem.path for problem in found]
    assert rule in found[0].rule


@pytest.mark.parametrize(
    ("metadata", "hint"),
    [
        ({"latencytarget": "1s"}, "did you mean 'latencyTarget'?"),
        ({"minReplicasCount": "1"}, "did you mean 'minReplicaCount'?"),
        ({"prometheus": "tanos"}, "did you mean 'thanos'?"),
        ({"profile": "realtme"}, "did you mean 'realtime'?"),
        ({"mode": "onn"}, "did you mean 'on'?"),
    ],
)
def test_nearest_word_is_named(metadata: dict[str, str], hint: str) -> None:
    (problem,) = problems({**VLLM, **metadata})
    assert hint == problem.hint


def test_without_any_source_the_problem_says_what_to_set() -> None:
    (problem,) = problems(VLLM, settings=Settings())
    assert "FORESCALE_PROMETHEUS_URL" in problem.hint


def test_low_latency_above_its_hold_moves_the_hold() -> None:
    assert 0.9 == read({**VLLM, "latencyLow": "0.9"}).spec.latency_hold


def test_operators_own_metadata_may_name_any_address() -> None:
    metadata = {**VLLM, "serverAddress": "http://anywhere:9090"}
    workload = understand("models", "llama", metadata, settings=SETTINGS, trusted=True)
    assert "http://anywhere:9090" == workload.watch.server_address


def test_layers_win_in_order() -> None:
    chat = CustomProfile(extends="rules", metadata={"headroom": "0.6", "queueLimit": "9"})
    defaults = {"headroom": "0.5", "queueLimit": "8", "standby": "3", "profile": "chat"}
    settings = Settings(sources=SETTINGS.sources, profiles={"chat": chat}, defaults=defaults)
    spec = read({**VLLM, "queueLimit": "10"}, settings=settings).spec
    assert (10.0, 0.6, 3) == (spec.queue_limit, spec.headroom, spec.standby)
    assert Vote.RAISE is spec.utilization


def test_digest_is_of_what_is_meant() -> None:
    written = read({**VLLM, "holdFor": "30m", "queueLimit": "100.0"})
    assert written.key == read({"queueLimit": "100", "holdFor": "1800", **VLLM}).key


def test_digest_differs_with_every_key() -> None:
    digests = {read({**VLLM, **beside, key: text}).key.digest for key, text, _, _, beside in ROWS}
    assert len(ROWS) == len(digests)


@pytest.mark.parametrize(("namespace", "name"), [("", "a"), ("a", ""), ("A", "b"), ("a", "b/c")])
def test_names_must_be_those_of_kubernetes(namespace: str, name: str) -> None:
    with pytest.raises(ConfigError, match="must be a Kubernetes name"):
        understand(namespace, name, VLLM, settings=SETTINGS)


WORDS = st.sampled_from(
    [
        "",
        "0",
        "1",
        "-1",
        "1e9",
        "nan",
        "inf",
        "5m",
        "99h",
        "true",
        "off",
        "a,b",
        '"',
        "}",
        "∞",
        "vllm",
    ]
)
NAMES = st.sampled_from([*KEYS, *ALIASES, *KEDA_KEYS, *(f"{key}FromEnv" for key in KEYS)])


@settings(deadline=None)
@given(st.dictionaries(NAMES | st.text(), WORDS | st.text(), max_size=20), st.booleans())
def test_any_metadata_give_a_workload_or_a_config_error(
    metadata: dict[str, str], engine: bool
) -> None:
    try:
        workload = read({**metadata, **(VLLM if engine else {})})
    except ConfigError:
        return
    assert 0 <= workload.spec.min_replicas <= workload.spec.max_replicas


@pytest.mark.parametrize("key", ["queueQuery", "tokensQuery", "latencyQuery", "utilizationQuery"])
def test_signals_of_own_queries_are_signals_when_they_are_gone(key: str) -> None:
    workload = read({"engine": "custom", key: "sum(mine)"})
    (signal,) = workload.watch.queries
    assert isinstance(signal, Signal)
    gone = Gap(reason=Reason.STALE)
    nothing = Readings(
        at=EPOCH,
        signals=dict.fromkeys(workload.watch.queries, gone),
        wanted=gone,
        ready=gone,
        stuck=gone,
        reporting=gone,
    )
    state = start(workload.spec, EPOCH)
    decision, _ = decide(readings=nothing, knowledge=knowledge(), state=state, spec=workload.spec)
    assert {signal.value: Reason.STALE} == decision.missing
