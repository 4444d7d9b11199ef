"""From nothing to one and back, as the requests that a gateway holds and the quiet say."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from tests.e2e.dial import answered, asked, dialed, settings, turn
from tests.e2e.rig import Rig
from tests.e2e.workload import Workload
from tests.integration.service.faulty import Fault, faulty
from tests.integration.service.forescale import Forescale, serving
from tests.integration.service.keda import QUICK

LONG = 600
"""Seconds between two polls: nothing that happens here happens by a poll."""


@pytest.fixture
async def service(land: Rig, tmp_path: Path) -> AsyncIterator[Forescale]:
    async with serving(tmp_path, settings(land.prometheus.url)) as service:
        yield service


def at_the_gateway(workload: Workload) -> str:
    mine = f'namespace="{workload.namespace}",model="{workload.name}-8b"'
    return f"sum(gateway_requests_held{{{mine}}})"


def counted(workload: Workload, *, replicas: int) -> str:
    """What has an answer once Prometheus has known for a while of the gateway and its replicas."""
    mine = f'namespace="{workload.namespace}"'
    engines = f"count(vllm:num_requests_running{{{mine}}}) or vector(0)"
    wanted = f"sum(kube_deployment_spec_replicas{{{mine}}} offset 5s)"
    known = f"({engines}) == {replicas} and ({wanted}) == {replicas}"
    return f"{known} and {at_the_gateway(workload)}"


def held(workload: Workload) -> Mapping[str, str]:
    """Trigger metadata of a fleet that sleeps until the gateway holds a request."""
    return {
        **QUICK,
        "engine": "vllm",
        "model": f"{workload.name}-8b",
        "tokensPerReplica": "1000",
        "latencyTarget": "1m",
        "activationQuery": at_the_gateway(workload),
        "idleAfter": "10s",
        "maxReplicas": "5",
    }


async def test_the_first_held_request_wakes_by_push(
    land: Rig, workload: Workload, service: Forescale
) -> None:
    await workload.deploy(replicas=0)
    await land.lead(workload.namespace, workload.name, rate=0, within=1)
    await land.until_scraped(counted(workload, replicas=0))
    await workload.watch_over(
        service.grpc, held(workload), kind="external-push", pollingInterval=LONG
    )
    await answered(service, 1)

    async with workload.course() as course:
        await land.lead(workload.namespace, workload.name, rate=3, within=1)
        await workload.until_wanted(1)

    assert [0, 1] == course.wanted


async def test_after_an_error_the_next_poll_wakes_at_the_latest(
    land: Rig, workload: Workload, tmp_path: Path
) -> None:
    await workload.deploy(replicas=0)
    async with (
        faulty(land.prometheus.url, half="") as road,
        serving(tmp_path, settings(road.url)) as service,
    ):
        await road.begin(Fault.FAILING)
        await workload.watch_over(
            service.grpc, held(workload), kind="external-push", pollingInterval=10
        )
        # KEDA closes its stream over the error.
        await workload.until_refused()
        assert await land.keda.failures(workload.namespace) > 0
        await road.begin(Fault.NONE)

        async with workload.course() as course:
            await land.lead(workload.namespace, workload.name, rate=3, within=1)
            await workload.until_wanted(1)

    assert [0, 1] == course.wanted


async def test_quiet_leads_back_to_zero_and_stays_there_with_fallback(
    land: Rig, workload: Workload, service: Forescale
) -> None:
    await land.lead(workload.namespace, workload.name, rate=2, within=1)
    await workload.deploy(replicas=1)
    await land.until_scraped(counted(workload, replicas=1))
    await workload.watch_over(
        service.grpc,
        held(workload),
        kind="external-push",
        cooldownPeriod=5,
        pollingInterval=1,
        fallback={"failureThreshold": 3, "replicas": 5},
    )
    await answered(service, 5)
    assert 1 == await workload.replicas()

    async with workload.course() as course:
        await land.lead(workload.namespace, workload.name, rate=0, within=1)
        await workload.until_ready(0)
        # As many polls as KEDA makes in half an hour; a busy machine needs minutes for them.
        for _ in range(4):
            await asked(service, 15)

    assert [1, 0] == course.wanted


@pytest.mark.parametrize("minimum", [0, 1])
async def test_attached_to_a_running_fleet_it_loses_none(
    land: Rig, workload: Workload, service: Forescale, minimum: int
) -> None:
    await turn(land, workload, 10)
    await workload.deploy(replicas=10)

    async with workload.course() as course:
        await workload.watch_over(
            service.grpc, dialed(workload), minReplicaCount=minimum, maxReplicaCount=50
        )
        await asked(service, 10)

    assert [10] == course.wanted
