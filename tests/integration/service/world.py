"""Simulated fleets in real time, served as exporters and service discovery serve them.

`python -m tests.integration.service.world FILE` writes the pages of the last minutes to FILE, says
on standard output where it listens, and runs until its standard input is closed. Targets appear
and go with their pods. `POST /fleets/NAME?replicas=N` is the scale subresource,
`POST /fleets/NAME?rate=R&within=S` leads the traffic to R requests per second in S seconds.
"""

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs
from aiohttp import web

from scaler.runtime.clock import SystemClock
from scaler.simulation.exposition import dcgm_page, kube_page, vllm_page
from scaler.simulation.fleet import Fleet
from scaler.simulation.snapshot import FleetSnapshot
from scaler.simulation.spec import EngineSpec, FleetSpec, fixed_lead_time
from scaler.simulation.traffic import Lengths, Poisson, ramp

NAMESPACE = "models"
PAST = 300
"""Seconds of history that a new world already has: more than any fold here remembers."""
SCRAPES_APART = 5
STARTUP = 3.0
REQUESTS = Lengths(prompt_mean=200, output_mean=25, prompt_sigma=0.2, output_sigma=0.2)
FLEETS = {"ramp": (3, 4.0, 8), "band": (4, 8.0, 32)}
"""By name: ready replicas, requests per second, and how many one replica takes at once."""


class Rate:
    """Requests per second, on a straight line to wherever they were led last."""

    def __init__(self, rate: float) -> None:
        self._shape = ramp(rate, after=rate, start=0, stop=1)

    def __call__(self, at: float) -> float:
        return self._shape(at)

    def lead(self, *, to: float, at: float, within: float) -> None:
        self._shape = ramp(self(at), after=to, start=at, stop=at + within)


@attrs.frozen
class Target:
    """One page, and the labels that discovery gives it."""

    job: str
    path: str
    labels: Mapping[str, str]
    page: str

    def discovered(self, address: str) -> Mapping[str, str]:
        return {**self.labels, "job": self.job, "instance": f"{address}{self.path}"}


class World:
    """All fleets, moved on by `advance`; times are Unix seconds."""

    def __init__(self, *, start: float) -> None:
        self.rates = {name: Rate(rate) for name, (_, rate, _) in FLEETS.items()}
        self.fleets = {
            name: Fleet(
                spec=FleetSpec(
                    name=name,
                    namespace=NAMESPACE,
                    model=f"{name}-8b",
                    engine=EngineSpec(max_batch=batch),
                    lead_time=fixed_lead_time(STARTUP),
                    step=0.25,
                ),
                traffic=Poisson(self.rates[name], seed=batch, lengths=REQUESTS),
                start=start,
                ready=ready,
            )
            for name, (ready, _, batch) in FLEETS.items()
        }

    def advance(self, to: float) -> None:
        for fleet in self.fleets.values():
            fleet.advance(to)

    def targets(self) -> Iterator[Target]:
        for name, fleet in self.fleets.items():
            yield from _targets(name, fleet.snapshot())


def _targets(name: str, fleet: FleetSnapshot) -> Iterator[Target]:
    for replica in fleet.replicas:
        page = vllm_page(replica)
        if page is not None:
            owner = {"namespace": NAMESPACE, "pod": replica.name}
            yield Target("vllm", f"/pods/{replica.name}", owner, page)
    yield Target("dcgm", f"/dcgm/{name}", {}, dcgm_page(fleet))
    yield Target("kube", f"/kube/{name}", {}, kube_page(fleet))


class Site:
    """The world over HTTP."""

    def __init__(self, world: World, clock: SystemClock) -> None:
        self._world = world
        self._clock = clock
        self.address = ""

    async def listen(self) -> web.AppRunner:
        application = web.Application()
        application.add_routes(
            [
                web.get("/targets", self.discover),
                web.post("/fleets/{name}", self.order),
                web.get("/{path:.+}", self.page),
            ]
        )
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.address = f"127.0.0.1:{runner.addresses[0][1]}"
        return runner

    async def discover(self, request: web.Request) -> web.Response:
        found = [
            {
                "targets": [self.address],
                "labels": {**target.discovered(self.address), "__metrics_path__": target.path},
            }
            for target in self._world.targets()
        ]
        return web.json_response(found)

    async def page(self, request: web.Request) -> web.Response:
        pages = {target.path: target.page for target in self._world.targets()}
        if request.path not in pages:
            raise web.HTTPServiceUnavailable
        return web.Response(text=pages[request.path])

    async def order(self, request: web.Request) -> web.Response:
        name, query = request.match_info["name"], request.query
        if "replicas" in query:
            self._world.fleets[name].scale(int(query["replicas"]))
        if "rate" in query:
            rate, now = self._world.rates[name], self._clock.now()
            rate.lead(to=float(query["rate"]), at=now, within=float(query["within"]))
        return web.json_response({"replicas": self._world.fleets[name].wanted})


def past(world: World, address: str, *, start: int, clock: SystemClock) -> Iterator[str]:
    """The pages of the time up to now, a scrape a line; the world moves on to now."""
    at = start
    while at <= clock.now():
        world.advance(at)
        for target in world.targets():
            yield json.dumps([at, target.discovered(address), target.page])
        at += SCRAPES_APART


async def live(file: Path) -> None:
    """Run in real time, once the past is in the file, until standard input is closed."""
    clock = SystemClock()
    start = int(clock.now()) - PAST
    world = World(start=start)
    site = Site(world, clock)
    runner = await site.listen()
    lines = past(world, site.address, start=start, clock=clock)
    await asyncio.to_thread(file.write_text, "\n".join(lines))
    print(json.dumps(site.address), flush=True)  # noqa: T201 - whoever started it reads this
    over = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    while not over.done():
        world.advance(clock.now())
        await asyncio.wait([over], timeout=0.1)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(live(Path(sys.argv[1])))
