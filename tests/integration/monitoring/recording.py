"""The demo with somebody who scrapes the service, every quarter of a minute of its own time."""

import asyncio
import io
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import aiohttp
import attrs

from scaler.bootstrap import Service
from scaler.config.settings import Settings
from scaler.demo.clock import FastClock
from scaler.demo.play import Demo, Plan
from scaler.demo.screens import Lines
from scaler.demo.service import Ports
from scaler.runtime.clock import Clock, SystemClock
from scaler.runtime.knowledge import Learning
from tests.integration.prometheus import Scraped

INTERVAL = 15
SPEED = 600.0
START = 1_800_000_000.0
STEP = 1.0
LAGGARD = 0.5
"""Real seconds after which time goes on without whoever is still at work, as a forecast may be."""


class PatientClock(FastClock):
    """Simulated time that moves on as soon as everybody sleeps: as fast, and as slow, as it takes.

    A run on a busy machine is the same as one on an idle machine.
    """

    def __init__(self) -> None:
        super().__init__(SystemClock(), speed=SPEED)
        self._now = START
        self._awake: set[asyncio.Task[Any]] = set()
        self._resting = asyncio.Event()

    async def sleep_until(self, at: float) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._rests(task)
        await super().sleep_until(at)
        task.remove_done_callback(self._rests)
        task.add_done_callback(self._rests)
        self._awake.add(task)
        self._resting.clear()

    async def step(self) -> None:
        # Whoever was woken runs before it can be asked whether it sleeps again.
        await asyncio.sleep(0)
        if self._awake:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._resting.wait(), LAGGARD)
        self._awake.clear()
        self._now += STEP
        self._stepped.set()
        self._stepped = asyncio.Event()
        await asyncio.sleep(0)

    def _rests(self, task: asyncio.Task[Any]) -> None:
        self._awake.discard(task)
        if not self._awake:
            self._resting.set()


@attrs.define(kw_only=True)
class Scraper:
    """The service, and what it exported while it ran; `at` counts from the start."""

    cluster: str
    pages: list[Scraped] = attrs.field(factory=list)
    _service: Service = attrs.field(init=False)
    _clock: Clock = attrs.field(init=False)
    _scraping: asyncio.Task[None] = attrs.field(init=False)

    def __call__(self, settings: Settings, *, clock: Clock, learning: Learning) -> "Scraper":
        # A forecast is made by a process of its own, which takes real time.
        reactive = attrs.evolve(learning, refreshing=None)
        self._service = Service(settings, clock=clock, learning=reactive)
        self._clock = clock
        return self

    async def start(self) -> Ports:
        ports = await self._service.start()
        url = f"http://127.0.0.1:{ports.ops}/metrics"
        self._scraping = asyncio.create_task(self._scrape(url))
        return ports

    async def stop(self) -> None:
        self._scraping.cancel()
        await self._service.stop()

    async def _scrape(self, url: str) -> None:
        at = self._clock.now() // INTERVAL * INTERVAL
        async with aiohttp.ClientSession() as session:
            while True:
                at = max(at + INTERVAL, self._clock.now() // INTERVAL * INTERVAL)
                await self._clock.sleep_until(at)
                async with session.get(url) as answer:
                    page = await answer.text()
                target = {"cluster": self.cluster, "instance": "a"}
                self.pages.append(Scraped(int(at), target, page))


def record(fault: str, *, minutes: float) -> Sequence[Scraped]:
    """Play the demo with a fault in its second third, and return what was scraped."""
    scraper = Scraper(cluster=fault)
    plan = Plan(seconds=60 * minutes, seed=1, fault=fault)
    demo = Demo(plan, clock=PatientClock(), screen=Lines(io.StringIO()))
    asyncio.run(demo.play(scraper, stop=asyncio.Event()))
    return scraper.pages
