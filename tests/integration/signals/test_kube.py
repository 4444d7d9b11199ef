"""What kube-state-metrics says about replicas, read through a real Prometheus."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager

import attrs
import pytest

from scaler.config.sources import PrometheusSource
from scaler.policy.model import Sample
from scaler.signals.prometheus import PrometheusHistory
from tests.integration.prometheus import Scraped, backfill, prometheus
from tests.unit.signals.workloads import FakeMeter, good, make_workload

pytestmark = pytest.mark.integration

NOW = 1_700_000_010
EVERY = 15
POD = "llama-7d9c5bb84f-bcdfg"
LEAVING = f'kube_pod_deletion_timestamp{{namespace="NS",pod="{POD}"}} 1'
UNSCHEDULABLE = f'kube_pod_status_unschedulable{{namespace="NS",pod="{POD}"}} 1'
TWO_REASONS = "".join(
    f"kube_pod_container_status_waiting_reason"
    f'{{namespace="NS",pod="{POD}",container="{container}",reason="{reason}"}} 1\n'
    for container, reason in (("engine", "CrashLoopBackOff"), ("proxy", "ImagePullBackOff"))
)


@attrs.frozen(kw_only=True)
class Case:
    """Replicas wanted and with a pod, for how many seconds, and for which reasons they are stuck.

    `more` is beside it on the page.
    """

    name: str
    wanted: int = 5
    created: int = 5
    lasts: int = 90
    more: str = ""
    stuck: Mapping[str, int] = attrs.field(factory=dict)

    def page(self, *, at: int) -> str:
        """The page at `at`: before, as many were wanted as there are."""
        wanted = self.wanted if at >= NOW - self.lasts else self.created
        counts = {"spec": wanted, "status": self.created}
        lines = [
            f'kube_deployment_{of}_replicas{{namespace="NS",deployment="llama"}} {count}'
            for of, count in counts.items()
        ]
        return "\n".join([*lines, self.more]).replace("NS", self.name)


CASES = [
    Case(name="well"),
    Case(name="short-for-long", created=3, stuck={"NotCreated": 2}),
    Case(name="short-for-a-moment", created=3, lasts=30),
    Case(name="more-than-wanted", wanted=2),
    Case(name="waiting-for-one-that-leaves", created=4, more=LEAVING),
    Case(name="unschedulable", more=UNSCHEDULABLE, stuck={"Unschedulable": 1}),
]


STARTS = {"zbcdf": 40, "bcdfg": 60, "fghjk": 80, "lmnpq": 100}
"""Seconds that replicas took to start, by the end of their pods' names."""
HURT = {
    "qrstv": "kube_pod_status_unschedulable",
    "wxzbc": "kube_pod_container_status_restarts_total",
}
"""Pods that took half an hour, and what shows why."""


def starts(*, at: int, created: int) -> str:
    """A page on which everybody was created then; whoever started since is ready."""
    lines = []
    for pod, took in {**STARTS, **dict.fromkeys(HURT, 1800)}.items():
        about = f'namespace="starts",pod="llama-7d9c5bb84f-{pod}"'
        lines.append(f"kube_pod_created{{{about}}} {created}")
        if at >= created + took:
            lines.append(f"kube_pod_status_ready_time{{{about}}} {created + took}")
        elif pod in HURT and at >= created + 60:
            lines.append(f"{HURT[pod]}{{{about}}} 1")
    return "\n".join([*lines, ""])


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("prometheus")
    pages = [
        Scraped(at, {}, case.page(at=at))
        for case in [*CASES, Case(name="two-reasons", more=TWO_REASONS)]
        for at in range(NOW - 10 * EVERY, NOW + 1, EVERY)
    ]
    begun = NOW - 7200
    pages += [
        Scraped(at, {}, starts(at=at, created=begun)) for at in range(begun, NOW + 1, 2 * EVERY)
    ]
    backfill(pages, into=folder / "data")
    with prometheus(folder, data=folder / "data") as url:
        yield url


async def stuck(url: str, *, namespace: str) -> tuple[object, Mapping[str, int]]:
    workload = make_workload(namespace=namespace)
    async with asking(url) as history:
        (readings,) = good(await history.read([workload], range(NOW, NOW + 1)))[workload]
    return readings.stuck, readings.stuck_for


@asynccontextmanager
async def asking(url: str) -> AsyncIterator[PrometheusHistory]:
    history = PrometheusHistory("main", PrometheusSource(url=url), meter=FakeMeter())
    try:
        yield history
    finally:
        await history.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_stuck_replicas_are_counted_by_reason(address: str, case: Case) -> None:
    total = Sample(value=float(sum(case.stuck.values())), at=NOW)
    assert (total, case.stuck) == await stuck(address, namespace=case.name)


async def test_a_replica_with_two_reasons_is_stuck_once(address: str) -> None:
    total, reasons = await stuck(address, namespace="two-reasons")
    assert (Sample(value=1.0, at=NOW), 1) == (total, len(reasons))


async def test_the_lead_time_is_that_of_replicas_that_nobody_had_to_help(address: str) -> None:
    workload, nobody = make_workload(namespace="starts"), make_workload(namespace="well")
    async with asking(address) as history:
        found = await history.lead_times([workload, nobody], at=NOW)

    # Prometheus puts the ninth tenth between the two slowest.
    assert {workload: 94} == found


async def test_the_lead_time_is_that_of_the_last_day(address: str) -> None:
    workload = make_workload(namespace="starts")
    async with asking(address) as history:
        assert {} == await history.lead_times([workload], at=NOW + 23 * 3600)
