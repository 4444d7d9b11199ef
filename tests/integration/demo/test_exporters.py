"""The simulated fleet's pages, asked for over HTTP."""

from collections.abc import AsyncIterator

import aiohttp
import attrs
import pytest

from scaler.demo.exporters import Exporters
from scaler.simulation.fleet import Fleet
from scaler.simulation.spec import FleetSpec, fixed_lead_time
from scaler.simulation.traffic import Poisson, constant


@attrs.frozen(kw_only=True)
class World:
    fleet: Fleet
    exporters: Exporters
    session: aiohttp.ClientSession

    async def pass_time(self, to: float) -> None:
        self.fleet.advance(to)
        await self.exporters.show(self.fleet.snapshot())

    async def answers(self) -> list[int | None]:
        """The status of each replica's address, None where nobody listens."""
        return [await self.status(url) for url in self.exporters.addresses.replicas]

    async def status(self, url: str) -> int | None:
        try:
            async with self.session.get(url) as response:
                return response.status
        except aiohttp.ClientConnectorError:
            return None

    async def page(self, url: str) -> str:
        async with self.session.get(url) as response:
            return await response.text()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    fleet = Fleet(
        spec=FleetSpec(lead_time=fixed_lead_time(60.0), grace=0.0),
        traffic=Poisson(constant(0.0), seed=1),
        start=0.0,
        ready=1,
    )
    exporters = Exporters(fleet.snapshot(), replicas=3)
    await exporters.start()
    async with aiohttp.ClientSession() as session:
        yield World(fleet=fleet, exporters=exporters, session=session)
    await exporters.stop()


async def test_a_replica_answers_from_when_it_is_ready_until_it_is_gone(world: World) -> None:
    world.fleet.scale(2)
    await world.pass_time(30.0)
    assert [200, None, None] == await world.answers()
    await world.pass_time(61.0)
    assert [200, 200, None] == await world.answers()
    world.fleet.scale(1)
    await world.pass_time(62.0)
    assert [200, None, None] == await world.answers()


async def test_an_address_rests_before_it_is_given_away_again(world: World) -> None:
    world.fleet.scale(0)
    await world.pass_time(1.0)
    world.fleet.scale(1)
    await world.pass_time(62.0)
    assert [None, 200, None] == await world.answers()


async def test_a_silent_replica_is_there_and_does_not_report(world: World) -> None:
    world.fleet.ready[0].silent = True
    await world.pass_time(1.0)
    assert [503, None, None] == await world.answers()


async def test_replicas_without_an_address_go_unseen(world: World) -> None:
    world.fleet.scale(5)
    await world.pass_time(61.0)
    assert [200, 200, 200] == await world.answers()


async def test_what_the_cluster_says_has_an_address_of_its_own(world: World) -> None:
    addresses = world.exporters.addresses
    assert "kube_deployment_spec_replicas" in await world.page(addresses.kube)
    assert "DCGM_FI_DEV_GPU_UTIL" in await world.page(addresses.dcgm)
    assert "gateway_requests_held" in await world.page(addresses.gateway)
    assert "vllm:num_requests_running" in await world.page(addresses.replicas[0])
