"""The real HPA has replicas a lead time before the load, where a forecast has seen it come before.

Two Deployments have the same load: one orders by its forecast, the other only shows it. A day lasts
two hours, and eight of them lie behind.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
import attrs
import numpy as np

from scaler.bootstrap import Ports, Service
from scaler.cli.explanation import explained
from scaler.config.load import read
from scaler.runtime.clock import SystemClock
from scaler.runtime.forecasts.refreshing import Refreshing
from scaler.runtime.knowledge import Learning
from tests.e2e.dial import dialed, settings, turn
from tests.e2e.processes import PATIENCE
from tests.e2e.rig import Rig
from tests.e2e.shown import keep
from tests.e2e.workload import Workload
from tests.integration.prometheus import Scraped, backfill
from tests.integration.service.place import Prometheus, scraping

NOW = SystemClock().now
DAY = 7200
DAYS = 8
LEAD_TIME = 60
QUICK = Refreshing(
    every=30, grace=10, step=30, memory=DAYS * DAY, refit=1800, record_every=120, patience=600
)
CLIMB = 8
"""Levels that are climbed; the rise takes ten seconds for each."""
LONG = 5 * PATIENCE
"""Seconds for the first forecast, which is made when nobody else wants a core."""
MOST = 400


def wave(begin: float) -> Callable[[float], float]:
    """Work up and down with the day, that rises by six replicas a minute from `begin` on."""

    def need(at: float) -> float:
        return 2 + 180 * (1 - math.cos(2 * math.pi * (at - begin + DAY / 10) / DAY))

    return need


def needed(level: int, need: Callable[[float], float], *, since: float) -> float:
    """When so many replicas are needed first."""
    return next(at for at in count(since) if math.ceil(need(at)) >= level)


def past(workload: Workload, need: Callable[[float], float], *, until: int) -> Iterator[Scraped]:
    """What the dial has said in the days before, with a noise that no forecast knows."""
    noise = np.random.default_rng(1)
    mine = f'namespace="{workload.namespace}",name="{workload.name}"'
    for at in range(until - (DAYS + 1) * DAY, until, QUICK.step):
        value = need(at) * noise.normal(1.0, 0.02)
        yield Scraped(at, {"job": "dials"}, f"dial{{{mine}}} {value:.3f}\n")


@attrs.define
class Climb:
    """When a Deployment was first told to have so many replicas, from the first look on."""

    workload: Workload
    reached: dict[int, float] = attrs.field(factory=dict)

    async def look(self, now: float) -> None:
        wanted = await self.workload.replicas()
        for level in range(max(self.reached, default=wanted - 1) + 1, wanted + 1):
            self.reached[level] = now

    @property
    def top(self) -> int:
        return max(self.reached, default=0)


@asynccontextmanager
async def forecasting(prometheus: str, folder: Path) -> AsyncIterator[Ports]:
    """The service in this process, with days as short as here."""
    asked: dict[str, Any] = {
        **settings(prometheus),
        "state": str(folder),
        "grpc": {"address": "127.0.0.1:0"},
        "ops": {"address": "127.0.0.1:0"},
    }
    service = Service(read(asked, environ={}), learning=Learning(refreshing=QUICK))
    found = await service.start()
    try:
        yield found
    finally:
        await service.stop()


@asynccontextmanager
async def turning(
    land: Rig, workload: Workload, need: Callable[[float], float]
) -> AsyncIterator[None]:
    """Have the dial say what is needed, every second."""

    async def follow() -> None:
        while True:
            await turn(land, workload, need(NOW()))
            await asyncio.sleep(1)

    following = asyncio.create_task(follow())
    try:
        yield
    finally:
        following.cancel()


async def explanation(ports: Ports, workload: Workload) -> Mapping[str, Any]:
    """What `explain` reads; nothing before the first decision."""
    path = f"/api/v1/workloads/{workload.namespace}/{workload.name}"
    url = f"http://127.0.0.1:{ports.ops}{path}"
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        found: Mapping[str, Any] = await response.json()
        return found


async def until_foreseen(ports: Ports, workload: Workload) -> None:
    """Return once the forecast has the last word."""
    async with asyncio.timeout(LONG):
        while True:
            if (await explanation(ports, workload)).get("winner") == "forecast":
                return
            await asyncio.sleep(0.5)


@asynccontextmanager
async def watched(
    land: Rig, workload: Workload, *, need: Callable[[float], float], folder: Path
) -> AsyncIterator[tuple[Ports, Workload]]:
    """Run all that it takes; give the service, and the one that orders by what it measures."""
    mine = f'namespace="{workload.namespace}",name="{workload.name}"'
    behind = attrs.evolve(workload, name="behind")
    metadata = {
        **dialed(workload),
        # What was backfilled is not stale yet when the dial begins to be scraped.
        "requestsQuery": f"max(dial{{{mine}}})",
        "leadTime": f"{LEAD_TIME}s",
        "season": f"{DAY}s",
        "maxReplicas": f"{MOST}",
    }
    backfill(past(workload, need, until=int(NOW())), into=folder / "data")
    prometheus = Prometheus(folder=folder, config=scraping(land.models))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(turning(land, workload, need))
        stack.callback(prometheus.stop)
        prometheus.start()
        ports = await stack.enter_async_context(forecasting(prometheus.url, folder / "state"))
        for each, use in ((workload, "enabled"), (behind, "observe")):
            await each.deploy(replicas=math.ceil(need(NOW())))
            stack.push_async_callback(each.api.delete, each.scaled_object)
            await each.watch_over(
                f"127.0.0.1:{ports.grpc}",
                {**metadata, "forecast": use},
                minReplicaCount=1,
                maxReplicaCount=MOST,
            )
        yield ports, behind


async def test_replicas_are_ordered_a_lead_time_before_the_load(
    land: Rig, workload: Workload, tmp_path: Path
) -> None:
    begin = NOW()
    need = wave(begin)
    ahead = Climb(workload)
    async with watched(land, workload, need=need, folder=tmp_path) as (ports, behind):
        await until_foreseen(ports, workload)
        # What could not be asked for earlier is over by then.
        await asyncio.sleep(2 * QUICK.every)
        await ahead.look(NOW())
        levels = range(ahead.top + 1, ahead.top + 1 + CLIMB)
        async with asyncio.timeout(LONG):
            while ahead.top < levels[-1]:
                await asyncio.sleep(0.5)
                await ahead.look(NOW())
        measured = await behind.replicas()
        lines = explained(await explanation(ports, workload))

    leads = [needed(level, need, since=begin) - ahead.reached[level] for level in levels]
    keep("forecast.txt", "\n".join([*(f"{lead:.0f} s" for lead in leads), *lines, ""]))
    assert LEAD_TIME <= median(leads) <= 4 * LEAD_TIME
    assert measured < ahead.top - CLIMB / 2
    (said,) = (line for line in lines if "min(bound, (1 + max_extra) * usual) / capacity" in line)
    assert "over the present, by " in said
