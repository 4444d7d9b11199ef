"""What users write into their files, scripts and dashboards, name by name.

These tables are written by hand, so that a name that changes in the code is noticed.
"""

from operator import attrgetter

import aiohttp
import click
import pytest

from scaler.cli import COMMANDS, group
from scaler.cli.environment import VARIABLES
from scaler.config.keys import ALIASES, KEYS
from scaler.config.settings import ENVIRONMENT, Settings
from scaler.config.sources import PrometheusSource
from scaler.config.understand import understand
from scaler.config.workload import ForecastUse, LatencyMetric, SourceKind
from scaler.errors import ConfigError
from scaler.policy.spec import Mode, ScalingPolicy, Vote
from scaler.runtime.board import Board
from scaler.serving.operations import Operations
from scaler.serving.ops import OpsServer
from scaler.serving.served import MemoryServed
from scaler.telemetry import Telemetry
from tests.unit.serving.published import NOW, published

SETTINGS = Settings(sources={"default": PrometheusSource(url="http://prometheus:9090")})
DAY = 86400

METADATA: dict[str, tuple[str, object]] = {
    "engine": ("watch.engine", "vllm"),
    "profile": ("spec.latency_hold", 0.8),
    "mode": ("spec.mode", Mode.ON),
    "model": ("watch.model", None),
    "workload": ("watch.workload", "llama"),
    "workloadKind": ("watch.kind", "Deployment"),
    "matchers": ("watch.matchers", ""),
    "source": ("watch.source", SourceKind.PROMETHEUS),
    "prometheus": ("watch.prometheus", "default"),
    "serverAddress": ("watch.server_address", None),
    "endpoints": ("watch.endpoints", ()),
    "queueQuery": ("watch.queries", {}),
    "tokensQuery": ("watch.queries", {}),
    "latencyQuery": ("watch.queries", {}),
    "utilizationQuery": ("watch.queries", {}),
    "requestsQuery": ("watch.queries", {}),
    "activationQuery": ("watch.activation_query", None),
    "activationEndpoints": ("watch.activation_endpoints", ()),
    "activationThreshold": ("spec.activation_threshold", 0.0),
    "latencyTarget": ("spec.objective", 2.0),
    "latencyMetric": ("watch.latency_metric", LatencyMetric.TTFT),
    "latencyQuantile": ("watch.latency_quantile", 0.95),
    "latencyLow": ("spec.latency_low", 0.5),
    "tokensPerReplica": ("spec.prior", None),
    "requestsPerReplica": ("spec.prior", None),
    "capacity": ("spec.fixed_capacity", False),
    "headroom": ("spec.headroom", 0.8),
    "queueLimit": ("spec.queue_limit", 100.0),
    "drainWithin": ("spec.drain_within", 60),
    "utilization": ("spec.utilization", Vote.CONFIRM),
    "utilizationHigh": ("spec.utilization_high", 0.7),
    "utilizationHighFor": ("spec.utilization_high_for", 300),
    "utilizationLow": ("spec.utilization_low", 0.3),
    "utilizationLowFor": ("spec.utilization_low_for", 900),
    "forecast": ("forecasting.use", ForecastUse.ENABLED),
    "forecastQuantile": ("forecasting.quantile", 0.9),
    "forecastMaxExtra": ("forecasting.max_extra", 0.5),
    "season": ("forecasting.seasons", (DAY, 7 * DAY)),
    "timezone": ("forecasting.timezone", "UTC"),
    "calendar": ("forecasting.events", ()),
    "events": ("forecasting.events", ()),
    "holidays": ("forecasting.holidays", ()),
    "leadTime": ("spec.lead_time", None),
    "leadTimeMax": ("spec.lead_time_max", 1800),
    "scaleUpWindow": ("spec.scale_up_window", 0),
    "scaleDownWindow": ("spec.scale_down_window", None),
    "scaleUpPolicies": (
        "spec.scale_up_policies",
        (ScalingPolicy(amount=100, percent=True, period=15), ScalingPolicy(amount=4, period=15)),
    ),
    "scaleDownPolicies": (
        "spec.scale_down_policies",
        (ScalingPolicy(amount=10, percent=True, period=60), ScalingPolicy(amount=1, period=60)),
    ),
    "hpaTolerance": ("watch.hpa_tolerance", None),
    "minReplicas": ("spec.min_replicas", 0),
    "maxReplicas": ("spec.max_replicas", 100),
    "standby": ("spec.standby", 0),
    "idleAfter": ("spec.idle_after", 300),
    "staleAfter": ("spec.stale_after", 120),
    "holdFor": ("spec.hold_for", 1800),
}
"""Key of the trigger metadata to what holds for vLLM where it is not given."""

OPTIONS: dict[str, set[str]] = {
    "adapter": set(),
    "adapter install": {"--namespace", "--service", "--ca-file", "--secret", "--external"},
    "adapter uninstall": {"--namespace", "--service"},
    "serve": {"--config"},
    "check": {"--live", "--json"},
    "explain": {"--at", "--server", "--json"},
    "compare": {"--since"},
    "forecast": {"--json", "--csv", "--html"},
    "backtest": {"--json", "--csv", "--html", "--fail-if"},
    "replay": {"--lead-time", "--policy", "--json", "--html"},
    "demo": {"--for", "--speed"},
}

PAGES = (
    "/",
    "/metrics",
    "/livez",
    "/readyz",
    "/api/v1/workloads",
    "/api/v1/workloads/models/llama",
    f"/api/v1/workloads/models/llama/decisions?from={NOW - 60}&to={NOW}",
)


def test_metadata_keys_are_the_promised_ones() -> None:
    assert sorted(METADATA) == sorted(KEYS)
    assert {"minReplicaCount": "minReplicas", "maxReplicaCount": "maxReplicas"} == ALIASES


@pytest.mark.parametrize(("where", "expected"), METADATA.values(), ids=METADATA)
def test_metadata_key_has_the_promised_default(where: str, expected: object) -> None:
    workload = understand("models", "llama", {"engine": "vllm"}, settings=SETTINGS)
    assert expected == attrgetter(where)(workload)


@pytest.mark.parametrize("key", sorted(METADATA.keys() - {"matchers"}))
def test_nothing_is_no_value_of_a_key(key: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        understand("models", "llama", {"engine": "vllm", key: " "}, settings=SETTINGS)
    assert key in {problem.path for problem in refusal.value.problems}


def test_no_command_is_called_otherwise() -> None:
    assert set() == COMMANDS.keys() - OPTIONS.keys()


def command_named(words: str) -> click.Command:
    found: click.Command = group
    for word in words.split():
        assert isinstance(found, click.Group)
        inner = found.get_command(click.Context(found), word)
        assert inner is not None
        found = inner
    return found


@pytest.mark.parametrize("words", sorted(OPTIONS))
def test_command_has_the_promised_options(words: str) -> None:
    given = {option for parameter in command_named(words).params for option in parameter.opts}
    assert set() == OPTIONS[words] - given


@pytest.mark.parametrize("words", ["", *sorted(OPTIONS)], ids=lambda name: name or "forescale")
def test_every_option_can_come_from_the_environment(words: str) -> None:
    command = command_named(words)
    options = [each for each in command.params if isinstance(each, click.Option)]
    for option in options:
        if "--version" not in option.opts:
            assert str(option.envvar) in VARIABLES | ENVIRONMENT.keys(), option.name


@pytest.mark.parametrize("path", PAGES)
async def test_operations_answer(path: str) -> None:
    board, served = Board(), MemoryServed(build="1")
    board.post(published())
    operations = Operations(
        board=board, served=served, telemetry=Telemetry(version="1"), now=lambda: NOW, unready=str
    )
    server = OpsServer(operations, address="127.0.0.1:0")
    port = await server.start()
    try:
        url = f"http://127.0.0.1:{port}{path}"
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            assert 200 == response.status
    finally:
        await server.stop()
