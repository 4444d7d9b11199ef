"""A simulated fleet's pages: the same readings tick by tick, and a Prometheus that fails."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import attrs
import pytest
from aiohttp import web

from scaler.config.sources import PrometheusSource
from scaler.errors import SignalError, SignalTimeout, SignalUnavailable
from scaler.policy.model import Readings, Reason
from scaler.runtime.clock import SystemClock
from scaler.signals.evaluate import evaluate, names_for
from scaler.signals.exposition import read_page
from scaler.signals.pages import Pages
from scaler.signals.prometheus import PrometheusHistory
from scaler.signals.quantity import Quantity, Track, windows
from scaler.signals.readings import assemble
from scaler.simulation import faults
from scaler.simulation.exposition import dcgm_page, kube_page, vllm_page
from scaler.simulation.fleet import Fleet
from scaler.simulation.spec import FleetSpec, fixed_lead_time
from scaler.simulation.traffic import Poisson, ramp
from tests.integration.prometheus import (
    Scraped,
    backfill,
    free_port,
    prometheus,
    running,
    scrape_config,
)
from tests.unit.signals.engine_cases import FIRST, STEP, summary
from tests.unit.signals.servers import serving
from tests.unit.signals.workloads import FakeMeter, good, make_workload

pytestmark = pytest.mark.integration

LENGTH = 600
WORKLOAD = make_workload()
PATIENCE = 400
"""Looks at a condition, 50 ms apart, before a test gives up on it."""


def make_fleet() -> Fleet:
    traffic = Poisson(ramp(2.0, after=12.0, start=FIRST, stop=FIRST + LENGTH), seed=7)
    spec = FleetSpec(name="llama", namespace="models", model="m", lead_time=fixed_lead_time(60.0))
    return Fleet(spec=spec, traffic=traffic, start=FIRST - 60.0, ready=2)


def pages_of(fleet: Fleet) -> Mapping[str, str]:
    """Pages by endpoint: the replicas' by pod, and the exporters'."""
    snapshot = fleet.snapshot()
    replicas = {replica.name: vllm_page(replica) for replica in snapshot.replicas}
    there = {name: page for name, page in replicas.items() if page is not None}
    return {**there, "exporters": dcgm_page(snapshot) + kube_page(snapshot)}


def target(endpoint: str) -> Mapping[str, str]:
    return {} if endpoint == "exporters" else {"namespace": "models", "pod": endpoint}


EVENTS: Mapping[int, Callable[[Fleet], None]] = {
    120: lambda fleet: fleet.scale(4),
    240: faults.restart,
    300: faults.stuck,
    330: lambda fleet: fleet.scale(5),
}
"""What happens to the fleet, by seconds from the first tick; nobody leaves."""


async def test_a_fleet_reads_the_same_at_every_tick(tmp_path: Path) -> None:
    fleet, pages, scraped = make_fleet(), Pages(), list[Scraped]()
    expected: list[Readings] = []
    for at in range(FIRST, FIRST + LENGTH, STEP):
        if at - FIRST in EVENTS:
            EVENTS[at - FIRST](fleet)
        fleet.advance(float(at))
        served = pages_of(fleet)
        scraped.extend(Scraped(at, target(endpoint), text) for endpoint, text in served.items())
        expected.append(by_scrape(pages, served, at=at))
    backfill(scraped, into=tmp_path / "data")
    with prometheus(tmp_path, data=tmp_path / "data") as url:
        history = PrometheusHistory("main", PrometheusSource(url=url), meter=FakeMeter())
        found = good(await history.read([WORKLOAD], range(FIRST, FIRST + LENGTH, STEP)))
        await history.close()
    for mine, theirs in zip(expected, found[WORKLOAD], strict=True):
        assert_close(summary(mine), summary(theirs))
    last = summary(expected[-1])
    assert (5.0, 4.0, 1.0, 4.0) == tuple(
        last[name] for name in ("wanted", "ready", "stuck", "reporting")
    )


def by_scrape(pages: Pages, served: Mapping[str, str], *, at: int) -> Readings:
    names, look_back = names_for(WORKLOAD), windows(STEP)
    parsed = {endpoint: read_page(text.encode(), names=names) for endpoint, text in served.items()}
    pages.turn(parsed, now=at, keep=look_back.latency)
    answer: dict[Quantity, list[Track]] = {}
    for quantity, track in evaluate(WORKLOAD, pages, at=at, windows=look_back):
        answer.setdefault(quantity, []).append(track)
    return assemble(answer, workload=WORKLOAD, at=at, windows=look_back)


def assert_close(mine: Mapping[str, object], theirs: Mapping[str, object]) -> None:
    assert mine.keys() == theirs.keys()
    for name, value in mine.items():
        expected = pytest.approx(value, rel=1e-5) if isinstance(value, float) else value
        assert expected == theirs[name], name


@attrs.define
class World:
    """A fleet that stands still, served endpoint by endpoint; who has left answers 404."""

    pages: dict[str, str]

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        page = self.pages.get(request.path.strip("/"))
        return web.Response(text=page) if page is not None else web.Response(status=404)


Found = Mapping[str, float | Reason]
Look = Callable[[], Awaitable[Found]]


@asynccontextmanager
async def looking(url: str, *, patience: float = 5.0) -> AsyncIterator[Look]:
    """Gives what reads the workload as of now."""
    source = PrometheusSource(url=url, timeout=patience)
    history = PrometheusHistory("main", source, meter=FakeMeter())
    clock = SystemClock()

    async def now() -> Found:
        at = int(clock.now())
        [[readings]] = good(await history.read([WORKLOAD], range(at, at + 1))).values()
        return summary(readings)

    try:
        yield now
    finally:
        await history.close()


async def until(look: Look, condition: Callable[[Found], bool]) -> Found:
    """What is found first that meets the condition."""
    for _ in range(PATIENCE):
        with suppress(SignalError):
            found = await look()
            if condition(found):
                return found
        await asyncio.sleep(0.05)
    raise AssertionError(await look())


def reports(replicas: float) -> Callable[[Found], bool]:
    return lambda found: found["reporting"] == replicas


async def test_replicas_that_leave_are_no_longer_counted(tmp_path: Path) -> None:
    fleet = make_fleet()
    fleet.advance(FIRST + 60.0)
    world = World(dict(pages_of(fleet)))
    first, second, _ = world.pages
    async with serving(world) as url:
        host = url.removeprefix("http://")
        config = scrape_config({f"{host}/{name}": target(name) for name in world.pages})
        with prometheus(tmp_path, config=config) as address:
            async with looking(address) as look:
                both = await until(look, lambda found: found["reporting"] == found["wanted"] == 2.0)
                gone = world.pages.pop(first)
                left = await until(look, reports(1.0))
    assert [running_of(gone) + running_of(world.pages[second]), 2.0] == [
        both["running"],
        both["ready"],
    ]
    assert [running_of(world.pages[second]), 2.0] == [left["running"], left["ready"]]
    assert isinstance(left["utilization"], float)


def running_of(page: str) -> float:
    [line] = [line for line in page.splitlines() if line.startswith("vllm:num_requests_running{")]
    return float(line.split()[-1])


async def test_a_prometheus_that_hangs_stops_and_comes_back(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, port=port) as (address, process):
        async with looking(address, patience=3.0) as look:
            await until(look, reports(0.0))
            process.send_signal(signal.SIGSTOP)
            with pytest.raises(SignalTimeout):
                await look()
            process.send_signal(signal.SIGCONT)
            await until(look, reports(0.0))
            process.kill()
            process.wait()
            with pytest.raises(SignalUnavailable):
                await look()
            with running(tmp_path, port=port):
                await until(look, reports(0.0))
