"""Whatever fails for a while: no replica is lost by it, and afterwards the HPA follows again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import attrs
import pytest
import pytest_asyncio

from tests.e2e.api import talking
from tests.e2e.dial import asked, dialed, turn
from tests.e2e.rig import Rig
from tests.e2e.scalers import Scalers, scalers
from tests.e2e.table import Table
from tests.e2e.workload import FOLLOW, Workload
from tests.integration.service.faulty import Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")

LASTS = 15
"""Seconds: seven polls of KEDA and of the HPA, which in their own rhythm are minutes."""
STEADY, AFTER = 6, 8
WINDOWED = {
    **FOLLOW,
    "scaleDown": {**FOLLOW["scaleDown"], "stabilizationWindowSeconds": 30},
}
"""The shipped behavior with its window downwards: 15 polls here, as 120 s are 8 of KEDA's own."""
NEED = 5
"""Scaling in waits until a replica more than is needed would still be too many."""


@attrs.frozen(kw_only=True)
class Scene:
    """Three scalers, and a workload for each minimum: KEDA asks differently with 0 and with 1."""

    land: Rig
    scalers: Scalers
    workloads: tuple[Workload, ...]

    async def turn(self, value: float) -> None:
        for workload in self.workloads:
            await turn(self.land, workload, value)

    async def until_ready(self, replicas: int) -> None:
        for workload in self.workloads:
            await workload.until_ready(replicas)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def scene(land: Rig, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    folder = tmp_path_factory.mktemp("scalers")
    async with (
        talking(land.cluster.address) as api,
        scalers(folder, prometheus=land.prometheus.url, count=3) as three,
    ):
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "faults"}}
        await api.apply(namespace)
        workloads = tuple(
            Workload(api=api, namespace="faults", name=f"minimum-{minimum}") for minimum in (0, 1)
        )
        found = Scene(land=land, scalers=three, workloads=workloads)
        await found.turn(STEADY)
        for workload in workloads:
            await workload.deploy(replicas=STEADY)
        known = 'kube_deployment_spec_replicas{namespace="faults"} offset 5s'
        await land.until_scraped(f"count({known}) == {len(workloads)}")
        for minimum, workload in enumerate(workloads):
            await workload.watch_over(
                three.address, dialed(workload), minReplicaCount=minimum, maxReplicaCount=50
            )
        for workload in workloads:
            await workload.until_active()
        try:
            yield found
        finally:
            for workload in workloads:
                await api.delete(workload.scaled_object)
                await api.delete(workload.deployment)


@asynccontextmanager
async def keda_restarts(scene: Scene) -> AsyncIterator[None]:
    operator = scene.land.keda.operator
    operator.kill()
    operator.start()
    yield


@asynccontextmanager
async def keda_is_away(scene: Scene) -> AsyncIterator[None]:
    operator = scene.land.keda.operator
    operator.kill()
    yield
    operator.start()


@asynccontextmanager
async def adapter_restarts(scene: Scene) -> AsyncIterator[None]:
    adapter = scene.land.keda.adapter
    adapter.kill()
    adapter.start()
    yield


@asynccontextmanager
async def all_scalers_restart(scene: Scene) -> AsyncIterator[None]:
    await scene.scalers.kill()
    await scene.scalers.start()
    yield


@asynccontextmanager
async def all_scalers_are_away(scene: Scene) -> AsyncIterator[None]:
    await scene.scalers.kill()
    yield
    await scene.scalers.start()


@asynccontextmanager
async def one_scaler_is_killed(scene: Scene) -> AsyncIterator[None]:
    scaler = scene.scalers.each[1]
    await scaler.kill()
    yield
    await scaler.start()


@asynccontextmanager
async def one_scaler_hangs(scene: Scene) -> AsyncIterator[None]:
    scaler = scene.scalers.each[1]
    scaler.hang()
    yield
    scaler.go_on()


@asynccontextmanager
async def one_scaler_is_cut_off_from_prometheus(scene: Scene) -> AsyncIterator[None]:
    road = scene.scalers.each[1].road
    await road.begin(Fault.HUNG)
    yield
    await road.begin(Fault.NONE)


@asynccontextmanager
async def prometheus_is_away(scene: Scene) -> AsyncIterator[None]:
    scene.land.prometheus.stop()
    yield
    await asyncio.to_thread(scene.land.prometheus.start)


@asynccontextmanager
async def prometheus_hangs(scene: Scene) -> AsyncIterator[None]:
    scene.land.prometheus.hang()
    yield
    scene.land.prometheus.go_on()


@asynccontextmanager
async def api_server_is_away(scene: Scene) -> AsyncIterator[None]:
    cluster = scene.land.cluster
    cluster.apiserver.kill()
    yield
    # A server ends with the thread that started it.
    cluster.apiserver.start()
    await asyncio.to_thread(cluster.apiserver.until, cluster.is_ready, what="ready")


FAULTS: tuple[Callable[[Scene], AbstractAsyncContextManager[None]], ...] = (
    keda_restarts,
    keda_is_away,
    adapter_restarts,
    all_scalers_restart,
    all_scalers_are_away,
    one_scaler_is_killed,
    one_scaler_hangs,
    one_scaler_is_cut_off_from_prometheus,
    prometheus_is_away,
    prometheus_hangs,
    api_server_is_away,
)


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.__name__ for fault in FAULTS])
async def test_no_replica_is_lost_while(
    scene: Scene, table: Table, fault: Callable[[Scene], AbstractAsyncContextManager[None]]
) -> None:
    await scene.turn(NEED)
    await scene.until_ready(STEADY)

    async with AsyncExitStack() as stack:
        courses = [
            await stack.enter_async_context(workload.course()) for workload in scene.workloads
        ]
        async with fault(scene):
            await asyncio.sleep(LASTS)
        began = asyncio.get_running_loop().time()
        await scene.turn(AFTER)
        await scene.until_ready(AFTER)
        took = asyncio.get_running_loop().time() - began

    name = fault.__name__.replace("_", " ")
    table.add(name, [course.wanted for course in courses], seconds=took)
    for course in courses:
        assert [STEADY, AFTER] == course.wanted


async def test_a_scaler_that_decides_otherwise_reverses_nothing(scene: Scene, table: Table) -> None:
    """As one of another version may: here by defaults of its own, two replicas more."""
    workloads = tuple(
        Workload(api=scene.workloads[0].api, namespace="faults", name=f"mixed-{minimum}")
        for minimum in (0, 1)
    )
    mixed = attrs.evolve(scene, workloads=workloads)
    await mixed.turn(STEADY)
    for minimum, workload in enumerate(workloads):
        await workload.deploy(replicas=STEADY)
        await workload.watch_over(
            scene.scalers.address,
            dialed(workload),
            behavior=WINDOWED,
            minReplicaCount=minimum,
            maxReplicaCount=50,
        )
    other = scene.scalers.each[1]
    await asked(scene.scalers.each[0].service, 4)

    async with AsyncExitStack() as stack:
        courses = [await stack.enter_async_context(workload.course()) for workload in workloads]
        await other.kill()
        await other.start(defaults={"standby": str(AFTER - STEADY)})
        await mixed.until_ready(AFTER)
        await asked(other.service, 8)
        await other.restart()
        began = asyncio.get_running_loop().time()
        await mixed.turn(AFTER)
        await asked(scene.scalers.each[0].service, 4)
        await mixed.until_ready(AFTER)
        took = asyncio.get_running_loop().time() - began

    table.add("one scaler decides otherwise", [course.wanted for course in courses], seconds=took)
    for course, workload in zip(courses, workloads, strict=True):
        assert [STEADY, AFTER] == course.wanted
        await workload.api.delete(workload.scaled_object)
        await workload.api.delete(workload.deployment)


async def test_a_rolling_restart_fails_no_poll(scene: Scene) -> None:
    await scene.turn(NEED)
    await scene.until_ready(STEADY)
    keda = scene.land.keda
    before = await keda.failures("faults")

    for scaler in scene.scalers.each:
        await scaler.restart()
        await asked(scaler.service, 3)

    assert before == await keda.failures("faults")
