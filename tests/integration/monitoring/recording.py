"""The demo with somebody who scrapes the service, every quarter of a minute of its own time."""

import asyncio
import io
from collections.abc import Callable, Sequence
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
BLINK = 0.002
LAGGARD = 60.0
"""Real seconds after which time goes on without whoever is still at work."""


class PatientClock(FastClock):
    """Simulated time that moves on as soon as everybody sleeps: as fast, and as slow, as it takes.

    A run on a busy machine is the same as one on an idle machine. `ready` says whether what is done
    beside those who sleep is done as well; time waits for it until it has waited in vain.
    """

    def __init__(self) -> None:
        super().__init__(SystemClock(), speed=SPEED)
        self._now = START
        self._awake: set[asyncio.Task[Any]] = set()
        self._resting = asyncio.Event()
        self.ready: Callable[[float], bool] = lambda now: True

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
        try:
            async with asyncio.timeout(LAGGARD):
                while not self.ready(self._now):  # noqa: ASYNC110 - nobody would set an event
                    await asyncio.sleep(BLINK)
        except TimeoutError:
            self.ready = lambda now: True
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
    clock: PatientClock
    pages: list[Scraped] = attrs.field(factory=list)
    _service: Service = attrs.field(init=False)
    _scraping: asyncio.Task[None] = attrs.field(init=False)
    _asking: asyncio.Lock = attrs.field(factory=asyncio.Lock)

    def __call__(self, settings: Settings, *, clock: Clock, learning: Learning) -> "Scraper":
        # A forecast is made by a process of its own, which takes real time.
        reactive = attrs.evolve(learning, refreshing=None)
        self._service = Service(settings, clock=clock, learning=reactive)
        self.clock.ready = self._decided
        return self

    def _decided(self, now: float) -> bool:
        """Nobody is being looked at, and every tick that was due a second ago has been decided.

        Who is still busy at a tick is looked at a second later, and time would wait for that.
        """
        loop = self._service.loop
        due = now - INTERVAL - 2
        return not loop.looking and all(shown.decision.at > due for shown in loop.board)

    async def start(self) -> Ports:
        ports = await self._service.start()
        url = f"http://127.0.0.1:{ports.ops}/metrics"
        self._scraping = asyncio.create_task(self._scrape(url))
        return ports

    async def stop(self) -> None:
        async with self._asking:
            self._scraping.cancel()
        await self._service.stop()

    async def _scrape(self, url: str) -> None:
        at = self.clock.now() // INTERVAL * INTERVAL
        async with aiohttp.ClientSession() as session:
            while True:
                at = max(at + INTERVAL, self.clock.now() // INTERVAL * INTERVAL)
                await self.clock.sleep_until(at)
                async with self._asking, session.get(url) as answer:
                    page = await answer.text()
                target = {"cluster": self.cluster, "instance": "a"}
                self.pages.append(Scraped(int(at), target, page))


def record(fault: str, *, minutes: float) -> Sequence[Scraped]:
    """Play the demo with a fault in its second third, and return what was scraped."""
    clock = PatientClock()
    scraper = Scraper(cluster=fault, clock=clock)
    plan = Plan(seconds=60 * minutes, seed=1, fault=fault)
    demo = Demo(plan, clock=clock, screen=Lines(io.StringIO()))
    asyncio.run(demo.play(scraper, stop=asyncio.Event()))
    return scraper.pages
