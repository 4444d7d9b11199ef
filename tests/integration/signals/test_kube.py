"""What kube-state-metrics says about replicas, read through a real Prometheus."""

from collections.abc import Iterator, Mapping

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


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("prometheus")
    pages = [
        Scraped(at, {}, case.page(at=at))
        for case in [*CASES, Case(name="two-reasons", more=TWO_REASONS)]
        for at in range(NOW - 10 * EVERY, NOW + 1, EVERY)
    ]
    backfill(pages, into=folder / "data")
    with prometheus(folder, data=folder / "data") as url:
        yield url


async def stuck(url: str, *, namespace: str) -> tuple[object, Mapping[str, int]]:
    history = PrometheusHistory("main", PrometheusSource(url=url), meter=FakeMeter())
    workload = make_workload(namespace=namespace)
    try:
        (readings,) = good(await history.read([workload], range(NOW, NOW + 1)))[workload]
    finally:
        await history.close()
    return readings.stuck, readings.stuck_for


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_stuck_replicas_are_counted_by_reason(address: str, case: Case) -> None:
    total = Sample(value=float(sum(case.stuck.values())), at=NOW)
    assert (total, case.stuck) == await stuck(address, namespace=case.name)


async def test_a_replica_with_two_reasons_is_stuck_once(address: str) -> None:
    total, reasons = await stuck(address, namespace="two-reasons")
    assert (Sample(value=1.0, at=NOW), 1) == (total, len(reasons))
