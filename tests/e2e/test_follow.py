"""The real HPA has as many replicas as Forescale says."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.dial import asked, dialed, settings, turn
from tests.e2e.rig import Rig
from tests.e2e.workload import Workload
from tests.integration.service.forescale import Forescale, serving

MINIMUM = pytest.mark.parametrize("minimum", [0, 1])


@pytest.fixture
async def service(land: Rig, tmp_path: Path) -> AsyncIterator[Forescale]:
    async with serving(tmp_path, settings(land.prometheus.url)) as service:
        yield service


@MINIMUM
async def test_every_step_is_followed_with_tolerance_zero(
    land: Rig, workload: Workload, service: Forescale, minimum: int
) -> None:
    await turn(land, workload, 3)
    await workload.deploy(replicas=3)
    metadata = dialed(workload, minReplicas=str(minimum))
    await workload.watch_over(service.grpc, metadata, minReplicaCount=minimum, maxReplicaCount=50)
    # Scaling in waits until a replica more than is needed would still be too many.
    steps = {12: 12, 13: 13, 20: 20, 21: 21, 19: 20, 3: 4}

    async with workload.course() as course:
        for need, target in steps.items():
            await turn(land, workload, need)
            await workload.until_ready(target)
        await asked(service, 5)

    assert [3, *steps.values()] == course.wanted


async def test_a_rollout_moves_nothing_with_tolerance_zero(
    land: Rig, workload: Workload, service: Forescale
) -> None:
    await turn(land, workload, 20)
    await workload.deploy(replicas=20)
    await workload.watch_over(service.grpc, dialed(workload), minReplicaCount=1, maxReplicaCount=50)
    await asked(service, 2)

    async with workload.course() as course:
        changed = {"spec": {"template": {"metadata": {"labels": {"build": "2"}}}}}
        await workload.api.patch(workload.deployment, changed)
        await workload.until_ready(20)
        await asked(service, 3)

    assert [20] == course.wanted
