"""A real service from outside: every metric that needs no cluster and no forecast, and the page."""

import asyncio
import json
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen

import attrs
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from scaler.serving.keda.client import KedaClient, ScaledObject
from scaler.telemetry import METRICS
from tests.integration.prometheus import free_port
from tests.integration.service.forescale import Forescale, serving
from tests.patience import PATIENCE

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

FORECAST = {each.name for each in METRICS if each.name.startswith("forescale_forecast_")}
FLEET = "ramp"
OF_IT = {"namespace": "models", "scaledobject": FLEET}

Series = tuple[str, Mapping[str, str], float]
"""Name, labels, value."""

ROWS: Mapping[str, tuple[Mapping[str, str], float, float]] = {
    "forescale_target_replicas": (OF_IT, 2, 2),
    "forescale_recommendation_replicas": ({**OF_IT, "signal": "tokens"}, 2.5, 1e3),
    "forescale_signal_value": ({**OF_IT, "signal": "tokens"}, 100, 1e5),
    "forescale_signal_age_seconds": ({**OF_IT, "signal": "tokens"}, 0, 60),
    "forescale_signal_gap": (
        {"scaledobject": "nowhere", "signal": "running", "reason": "absent"},
        1,
        1,
    ),
    "forescale_wanted_replicas": (OF_IT, 3, 3),
    "forescale_ready_replicas": (OF_IT, 3, 3),
    "forescale_reporting_replicas": (OF_IT, 3, 3),
    "forescale_stuck_replicas": ({**OF_IT, "reason": "unknown"}, 0, 0),
    "forescale_unmet_replicas": ({**OF_IT, "reason": "maxReplicas"}, 1, 1e3),
    "forescale_latency_objective_seconds": (OF_IT, 2, 2),
    "forescale_capacity_tokens_per_second": (OF_IT, 100, 100),
    "forescale_capacity_requests_per_second": (
        {"namespace": "models", "scaledobject": "counted"},
        0.5,
        0.5,
    ),
    "forescale_lead_time_seconds": (OF_IT, 120, 120),
    "forescale_declared_event_ratio": ({**OF_IT, "event": "always"}, 1, 1),
    "forescale_decision_limited": ({**OF_IT, "by": "maxReplicas"}, 1, 1),
    "forescale_decisions_total": ({**OF_IT, "winner": "tokens"}, 1, 1e3),
    "forescale_last_poll_timestamp_seconds": (OF_IT, 1.7e9, 1e11),
    "forescale_tick_duration_seconds": ({}, 1, 1e6),
    "forescale_source_query_duration_seconds": ({"source": "scrape"}, 1, 1e6),
    "forescale_source_errors_total": ({"source": "scrape", "reason": "unavailable"}, 1, 1e6),
    "forescale_rpc_duration_seconds": ({"method": "GetMetrics", "code": "OK"}, 1, 1e6),
    "forescale_build_info": ({}, 1, 1),
}
"""Labels of one series of each metric, and between which values it is; of a histogram, its count.

The fleet has three replicas and more work than these can do at the given capacity, and it may have
two at most; nothing answers where another workload is.
"""


@contextmanager
def simulated(folder: Path) -> Iterator[Sequence[str]]:
    """Run the simulated fleets, and give the pages of ours."""
    command = [sys.executable, "-m", "tests.integration.service.world", str(folder / "past.json")]
    with Popen(command, stdin=PIPE, stdout=PIPE) as process:  # noqa: S603 - our own module
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            address = json.loads(process.stdout.readline())
            with urllib.request.urlopen(f"http://{address}/targets") as answer:
                found = [target["labels"]["__metrics_path__"] for target in json.load(answer)]
            yield [f"http://{address}{path}" for path in found if FLEET in path]
        finally:
            process.stdin.close()
            process.kill()


def declared(endpoints: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    own = {"engine": "vllm", "source": "scrape", "workload": FLEET, "leadTime": "2m"}
    nobody = f"http://127.0.0.1:{free_port()}/metrics"
    pages = {**own, "endpoints": ",".join(endpoints), "maxReplicas": "2"}
    event = "- {name: always, start: 2000-01-01, end: 2100-01-01, minReplicas: 1}"
    return {
        FLEET: {**pages, "tokensPerReplica": "100", "capacity": "fixed", "events": event},
        "counted": {**pages, "requestsPerReplica": "0.5", "capacity": "fixed"},
        "nowhere": {**own, "endpoints": nobody},
    }


async def exported(service: Forescale) -> Sequence[Series]:
    _, text = await service.get("/metrics")
    return [
        (sample.name, sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]


def missing(series: Sequence[Series]) -> set[str]:
    return {row for row in ROWS if not found(row, series)}


def found(row: str, series: Sequence[Series]) -> bool:
    labels, least, most = ROWS[row]
    return any(
        name in {row, f"{row}_count"} and labels.items() <= own.items() and least <= value <= most
        for name, own, value in series
    )


def shown(row: str, series: Sequence[Series]) -> Sequence[tuple[Mapping[str, str], float]]:
    return [(labels, value) for name, labels, value in series if name in {row, f"{row}_count"}]


@attrs.frozen(kw_only=True)
class Told:
    """What a service says once it exports everything, or after a while."""

    series: Sequence[Series]
    overview: str
    detail: str


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def told(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Told]:
    folder = tmp_path_factory.mktemp("metrics")
    with simulated(folder) as endpoints:
        workloads = declared(endpoints)
        named = [
            {"namespace": "models", "name": name, "metadata": metadata}
            for name, metadata in workloads.items()
        ]
        settings = {
            "evaluationInterval": 1,
            "workloads": named,
            "allowedAddresses": endpoints,
        }
        async with serving(folder / "service", settings) as service:
            client = KedaClient(service.grpc)
            given = {"scalerAddress": service.grpc, **workloads[FLEET]}
            ours = ScaledObject(namespace="models", name=FLEET, metadata=given)
            try:
                series = await complete(service, client, ours)
                _, overview = await service.get("/")
                _, detail = await service.get(f"/workloads/models/{FLEET}")
                yield Told(series=series, overview=overview, detail=detail)
            finally:
                await client.close()


async def complete(service: Forescale, client: KedaClient, ours: ScaledObject) -> Sequence[Series]:
    stop = asyncio.get_running_loop().time() + PATIENCE
    while True:
        poll = asyncio.create_task(client.poll(ours))
        await asyncio.wait([poll])
        # A poll before the first decision fails, as KEDA's would.
        poll.exception()
        now = await exported(service)
        if not missing(now) or asyncio.get_running_loop().time() > stop:
            return now
        await asyncio.sleep(0.5)


async def test_every_metric_has_a_real_value(told: Told) -> None:
    assert {} == {row: shown(row, told.series) for row in missing(told.series)}


async def test_every_metric_is_shown_that_needs_no_forecast() -> None:
    assert {metric.name for metric in METRICS} - FORECAST == set(ROWS)


async def test_page_draws_what_the_loop_decided(told: Told) -> None:
    assert '<path class="target" d="M' in told.detail
    assert "maxReplicas 2 forbids" in told.detail
    assert "requests/s" in told.detail


async def test_page_lists_what_has_no_answer(told: Told) -> None:
    assert f"/workloads/models/{FLEET}" in told.overview
    assert "/workloads/models/nowhere" in told.overview
