"""Plays the demo: everything on one clock, until its time is over or somebody stops it."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import attrs

from scaler.demo.clock import FastClock
from scaler.demo.controller import Controller
from scaler.demo.exporters import Exporters
from scaler.demo.past import remember
from scaler.demo.row import Row
from scaler.demo.scene import (
    FIRST_REPLICAS,
    LEARNING,
    MAX_REPLICAS,
    NAME,
    NAMESPACE,
    OBJECTIVE,
    POLLING_INTERVAL,
    SPARE_ADDRESSES,
    fleet_spec,
    settings,
    shape,
    traffic,
    trigger,
)
from scaler.demo.screens import Screen
from scaler.demo.service import Serve
from scaler.demo.summary import Stretch, Summary, summary
from scaler.demo.watcher import Watcher
from scaler.serving.keda.client import KedaClient
from scaler.simulation.faults import FAULTS, heal
from scaler.simulation.fleet import Fleet
from scaler.simulation.objective import Ledger

LOOK = 0.25
"""Real seconds between two looks at it."""
LOOKS_A_ROW = 10
"""Looks of which one stays."""


@attrs.frozen(kw_only=True)
class Plan:
    """What to play: `seconds` of simulated time. `command` is how the reader calls the program."""

    seconds: float
    seed: int = 0
    fault: str | None = None
    command: str = "forescale"


class Demo:
    """One run: a fleet, its books, and what was seen of it."""

    def __init__(self, plan: Plan, *, clock: FastClock, screen: Screen) -> None:
        self._plan = plan
        self._clock = clock
        self._screen = screen
        self._start = clock.now()
        self._traffic = traffic(plan.seed, start=self._start)
        self._fleet = Fleet(
            spec=fleet_spec(plan.seed),
            traffic=self._traffic,
            start=self._start,
            ready=FIRST_REPLICAS,
        )
        self._ledger = Ledger(OBJECTIVE, start=self._start)
        self._rows: list[Row] = []
        self._seen: Row | None = None
        self._sizes = [self._fleet.wanted]

    async def play(self, serve: Serve, *, stop: asyncio.Event) -> None:
        """Run the service and all around it until the time is over, or `stop` is set."""
        exporters = Exporters(self._fleet.snapshot(), replicas=MAX_REPLICAS + SPARE_ADDRESSES)
        async with AsyncExitStack() as ending:
            state = ending.enter_context(TemporaryDirectory(prefix="forescale-demo-"))
            asked = settings(exporters.addresses, state=state)
            days = shape(self._plan.seed, start=self._start)
            await remember(Path(state), asked=asked, shape=days, until=int(self._start))
            service = serve(asked, clock=self._clock, learning=LEARNING)
            ending.push_async_callback(exporters.stop)
            await exporters.start()
            ports = await service.start()
            ending.push_async_callback(service.stop)
            client = KedaClient(f"127.0.0.1:{ports.grpc}")
            ending.push_async_callback(client.close)
            session = await ending.enter_async_context(aiohttp.ClientSession())
            ops = f"http://127.0.0.1:{ports.ops}"
            ending.callback(self._screen.close)
            self._screen.open(self._introduction(ops))
            controller = Controller(
                client, fleet=self._fleet, metadata=trigger(exporters.addresses), at=self._start
            )
            watcher = Watcher(session, fleet=self._fleet, ops=ops)
            await self._run(exporters, controller, watcher, stop=stop)

    def account(self) -> Summary:
        """Return what happened; takes a few seconds, in which other fleets are tried."""
        stretch = Stretch(
            spec=self._fleet.spec,
            traffic=self._traffic,
            start=self._start,
            stop=self._fleet.at,
        )
        score = self._ledger.score(self._fleet)
        return summary(stretch, score=score, rows=self._rows, sizes=self._sizes)

    async def _run(
        self,
        exporters: Exporters,
        controller: Controller,
        watcher: Watcher,
        *,
        stop: asyncio.Event,
    ) -> None:
        async with asyncio.TaskGroup() as group:
            over = group.create_task(self._clock.sleep_until(self._start + self._plan.seconds))
            loops = [
                group.create_task(loop)
                for loop in (
                    self._live(exporters),
                    self._operate(controller),
                    self._watch(watcher),
                    self._break(),
                )
            ]
            told = group.create_task(stop.wait())
            await asyncio.wait((over, told), return_when=asyncio.FIRST_COMPLETED)
            for task in (over, told, *loops):
                task.cancel()
        # Whoever stops at once gets books of one slot.
        end = max(self._clock.now(), self._start + OBJECTIVE.slot)
        self._ledger.add(self._fleet.advance(min(end, self._start + self._plan.seconds)))
        last = await watcher.look()
        if not self._rows or self._rows[-1].elapsed < last.elapsed:
            self._keep(last)

    async def _live(self, exporters: Exporters) -> None:
        """Move time on, let the fleet live up to the present, and show it on its pages."""
        while True:
            await self._clock.step()
            self._ledger.add(self._fleet.advance(self._clock.now()))
            await exporters.show(self._fleet.snapshot())

    async def _operate(self, controller: Controller) -> None:
        at = self._start
        while True:
            at = max(at + POLLING_INTERVAL, self._clock.now())
            await self._clock.sleep_until(at)
            await controller.step(at)
            self._sizes.append(self._fleet.wanted)

    async def _watch(self, watcher: Watcher) -> None:
        for look in count(1):
            await self._rest(LOOK)
            self._seen = await watcher.look()
            if look % LOOKS_A_ROW:
                self._screen.now(self._seen)
            else:
                self._keep(self._seen)

    async def _break(self) -> None:
        """Switch the fault on at a third of the time, and off at two thirds."""
        fault, third = self._plan.fault, self._plan.seconds / 3
        if fault is None:
            return
        for when, state, change in ((1, "on", FAULTS[fault]), (2, "off", heal)):
            await self._clock.sleep_until(self._start + when * third)
            change(self._fleet)
            if self._seen is not None:
                self._keep(attrs.evolve(self._seen, event=f"fault {fault}: {state}"))

    def _keep(self, row: Row) -> None:
        self._rows.append(row)
        self._screen.keep(row)

    async def _rest(self, seconds: float) -> None:
        """Wait for so many real seconds."""
        await self._clock.sleep_until(self._clock.now() + seconds * self._clock.speed)

    def _introduction(self, ops: str) -> Sequence[str]:
        return (
            "Forescale reads a simulated vLLM fleet; a client does what KEDA and the HPA do.",
            f"A day of traffic takes two hours, and they pass {self._clock.speed:g} times as fast.",
            "Four such days lie behind: the forecast has seen the morning come before.",
            f"status page: {ops}/",
            f"why so many: {self._plan.command} explain {NAMESPACE}/{NAME} --server {ops}",
        )
