"""One name, several replicas: each address is asked, by the name."""

import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import attrs
import pytest
from aiohttp import web
from yarl import URL

from scaler.signals.resolver import Resolver
from scaler.signals.targets import Missing, Outcome, Target, Targets
from tests.patience import PATIENCE
from tests.unit.signals.workloads import FakeMeter

V4, V6 = socket.AF_INET, socket.AF_INET6


@attrs.define
class World:
    """Servers of one port at several addresses, and names for them."""

    port: int = 0
    hosts: list[str] = attrs.field(factory=list)
    names: list[tuple[socket.AddressFamily, str]] = attrs.field(factory=list)

    async def lookup(self, host: str) -> Sequence[tuple[socket.AddressFamily, str]]:
        return self.names

    async def page(self, request: web.Request) -> web.Response:
        self.hosts.append(request.headers["Host"])
        assert request.transport is not None
        return web.Response(text=str(request.transport.get_extra_info("sockname")[0]))

    async def scrape(self, *urls: str) -> list[dict[str, Outcome]]:
        targets = Targets(
            meter=FakeMeter(), timeout=PATIENCE, resolver=Resolver(lookup=self.lookup)
        )
        try:
            found = await targets.scrape(urls)
        finally:
            await targets.close()
        return [dict(found[url]) for url in urls]


@asynccontextmanager
async def listening(*addresses: str) -> AsyncIterator[World]:
    world = World()
    application = web.Application()
    application.router.add_get("/metrics", world.page)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    try:
        for address in addresses:
            await web.TCPSite(runner, address, world.port).start()
            world.port = runner.addresses[0][1]
        yield world
    finally:
        await runner.cleanup()


async def test_every_address_of_a_name_is_a_replica_asked_by_the_name() -> None:
    async with listening("127.0.0.1", "127.0.0.2") as world:
        world.names = [(V4, "127.0.0.2"), (V4, "127.0.0.1"), (V4, "127.0.0.3")]
        url = f"http://pods.test:{world.port}/metrics"
        [found] = await world.scrape(url)
    assert {
        f"{url} at 127.0.0.1": b"127.0.0.1",
        f"{url} at 127.0.0.2": b"127.0.0.2",
        f"{url} at 127.0.0.3": Missing.REFUSED,
    } == found
    assert [f"pods.test:{world.port}"] * 2 == world.hosts


async def test_addresses_are_asked_as_they_are() -> None:
    async with listening("127.0.0.1") as world:
        url = f"http://127.0.0.1:{world.port}/metrics"
        [found] = await world.scrape(url)
    assert {url: b"127.0.0.1"} == found
    assert [f"127.0.0.1:{world.port}"] == world.hosts


async def test_addresses_of_ipv6_are_asked_as_they_are() -> None:
    async with listening("::1") as world:
        url = f"http://[::1]:{world.port}/metrics"
        [found] = await world.scrape(url)
    assert {url: b"::1"} == found


async def test_a_pod_with_an_address_of_each_kind_counts_once() -> None:
    async with listening("127.0.0.1", "::1") as world:
        world.names = [(V6, "::1"), (V4, "127.0.0.1")]
        [found] = await world.scrape(f"http://pods.test:{world.port}/metrics")
    assert [b"127.0.0.1"] == list(found.values())


async def test_what_listens_on_ipv6_alone_is_found() -> None:
    async with listening("::1") as world:
        world.names = [(V4, "127.0.0.3"), (V6, "::1")]
        [found] = await world.scrape(f"http://pods.test:{world.port}/metrics")
    assert [b"::1"] == list(found.values())


async def test_a_name_without_addresses_is_unresolved() -> None:
    world = World()
    assert [{"http://pods.test/metrics": Missing.UNRESOLVED}] == await world.scrape(
        "http://pods.test/metrics"
    )


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://pods.test/metrics", "pods.test"),
        ("https://pods.test:443/metrics", "pods.test"),
        ("http://pods.test:8000/metrics", "pods.test:8000"),
    ],
)
async def test_a_port_is_said_where_it_is_not_the_schemes_own(url: str, host: str) -> None:
    target = Target(url=URL(url).with_host("10.0.0.1"), host="pods.test")
    assert host == target.headers["Host"]
