"""The composition root: the only module that names concrete adapters."""

import asyncio
import gc
import logging
import signal
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from importlib.metadata import version

import attrs
import structlog

from scaler.config.settings import Settings
from scaler.config.sources import PrometheusSource
from scaler.config.understand import understand
from scaler.config.workload import Workload
from scaler.policy.model import Decision
from scaler.runtime.clock import Clock, SystemClock
from scaler.runtime.fold import Progress
from scaler.runtime.knowledge import Learning
from scaler.runtime.loop import Listener, Loop
from scaler.serving.keda.answers import Metadata
from scaler.serving.keda.server import KedaServer
from scaler.serving.keda.servicer import Push, Servicer
from scaler.serving.ops import Operations, OpsServer
from scaler.serving.recorder import Recorder
from scaler.serving.served import MemoryServed
from scaler.signals.histories import Histories
from scaler.signals.prometheus import PrometheusHistory
from scaler.signals.scrape import ScrapeHistory
from scaler.signals.targets import Targets
from scaler.telemetry import Telemetry

LAST_CALL = 4.5
"""Seconds for everything in flight when the service is told to stop."""

SELDOM = 100_000
"""The oldest generation of objects is collected this seldom: each time stalls every answer."""

log = structlog.get_logger()


@attrs.frozen(kw_only=True)
class Ports:
    """Where the service listens."""

    grpc: int
    ops: int


class Service:
    """The whole service in one event loop: sources, loop, servers."""

    def __init__(
        self, settings: Settings, *, clock: Clock | None = None, learning: Learning | None = None
    ) -> None:
        self.settings = settings
        self._clock = clock or SystemClock()
        self.telemetry = Telemetry(version=version("forescale"))
        self._served = MemoryServed(build=self.telemetry.version)
        self._histories = histories(settings, clock=self._clock, telemetry=self.telemetry)
        self.loop = Loop(
            history=self._histories,
            clock=self._clock,
            settle=settings.settle,
            learning=learning,
            listener=Journal(telemetry=self.telemetry, served=self._served),
        )
        self.servicer = Servicer(
            metadata=Metadata(partial(understand, settings=settings)),
            answers=self.loop,
            audience=Recorder(telemetry=self.telemetry, served_log=self._served, now=self._now),
            push=Push(heartbeat=settings.grpc.heartbeat),
        )
        self._keda = KedaServer(self.servicer, settings=settings.grpc)
        self._ops = OpsServer(self._operations(), address=settings.ops.address)
        self._ticking: asyncio.Task[None] | None = None

    async def start(self) -> Ports:
        """Listen, watch what is declared, and tick.

        Raises:
            ConfigError: an address or a certificate cannot be used.
        """
        ports = Ports(grpc=await self._keda.start(), ops=await self._ops.start())
        self.loop.declare(declared(self.settings))
        self._ticking = asyncio.create_task(self.loop.run())
        return ports

    async def stop(self) -> None:
        """End streams, finish what is being answered, and close the sources."""
        await self._keda.stop()
        await self._ops.stop()
        if self._ticking:
            self._ticking.cancel()
            with suppress(asyncio.CancelledError):
                await self._ticking
        await self._histories.close()

    def _now(self) -> int:
        return int(self._clock.now())

    def _operations(self) -> Operations:
        return Operations(
            board=self.loop.board,
            served=self._served,
            telemetry=self.telemetry,
            now=self._now,
            unready=lambda: "" if self.loop.passed else "no first look at every workload yet",
        )


@attrs.define(kw_only=True)
class Journal(Listener):
    """Counts every decision, and logs the ones that change something."""

    telemetry: Telemetry
    served: MemoryServed
    _targets: dict[str, int | None] = attrs.field(factory=dict)

    def progressed(self, progress: Progress) -> None:
        """A workload was decided on."""
        published = progress.published
        key, decision = published.workload.key, published.decision
        self.telemetry.decided(key.namespace, key.name, winner=decision.winner)
        if log.is_enabled_for(logging.DEBUG):
            for settled in progress.settled:
                log.debug("settled", workload=str(key), **_said(settled))
        before = self._targets.get(str(key))
        if str(key) in self._targets and before == decision.target:
            return
        self._targets[str(key)] = decision.target
        log.info(
            "target_changed",
            workload=str(key),
            before=before,
            **_said(decision),
        )

    def ticked(self, seconds: float) -> None:
        """A slot of workloads was read and decided."""
        self.telemetry.tick(seconds)

    def forgotten(self, workload: Workload) -> None:
        """Nobody asks for this workload any more."""
        key = workload.key
        self._targets.pop(str(key), None)
        self.telemetry.forget(key.namespace, key.name)
        self.served.forget(key.namespace, key.name)


def _said(decision: Decision) -> Mapping[str, object]:
    """A decision in a log line. Numbers are rounded: a sum's last digit follows its order."""
    return {
        "at": decision.at,
        "target": decision.target,
        "active": decision.active,
        "winner": decision.winner or decision.note,
        "asked": {
            each.signal: round(each.replicas, 6)
            for each in decision.recommendations
            if each.replicas is not None
        },
        "limits": [limit.by for limit in decision.limits],
    }


def histories(settings: Settings, *, clock: Clock, telemetry: Telemetry) -> Histories:
    """Every source that the settings name, and what metadata may add."""
    named = {
        name: PrometheusHistory(name, source, meter=telemetry)
        for name, source in settings.sources.items()
    }
    return Histories(
        named=named,
        scrape=ScrapeHistory(Targets(meter=telemetry), clock=clock.now),
        at_address=lambda address: PrometheusHistory(
            address, PrometheusSource(url=address), meter=telemetry
        ),
    )


def declared(settings: Settings) -> list[Workload]:
    """The workloads that the settings name; they were understood once when these were loaded."""
    return [
        understand(each.namespace, each.name, each.metadata, settings=settings, trusted=True)
        for each in settings.workloads
    ]


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then stop within five seconds."""
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, SELDOM)
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    service = Service(settings)
    ports = await service.start()
    log.info("serving", grpc=ports.grpc, ops=ports.ops, **_found(settings))
    await told.wait()
    log.info("stopping")
    with suppress(TimeoutError):
        await asyncio.wait_for(service.stop(), LAST_CALL)


def _found(settings: Settings) -> Mapping[str, object]:
    """What the service has to work with, for its one line at the start."""
    return {
        "sources": [f"{name}={source.url}" for name, source in settings.sources.items()],
        "workloads": len(settings.workloads),
        "tls": settings.grpc.tls is not None,
    }
