"""The composition root: the only module that names concrete adapters."""

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

import attrs
import structlog

from scaler.aggregation import aggregation
from scaler.cluster.brakes import Brakes
from scaler.cluster.cluster import Cluster
from scaler.cluster.history import Counted, lead_times
from scaler.cluster.metered import Metered
from scaler.cluster.mile import LastMile, last_mile
from scaler.cluster.reach import found
from scaler.config.changes import until_restart
from scaler.config.settings import Settings
from scaler.config.sources import PrometheusSource
from scaler.config.understand import understand
from scaler.config.workload import Workload
from scaler.errors import ConfigError
from scaler.runtime.clock import Clock, SystemClock
from scaler.runtime.comparison.compare import compare
from scaler.runtime.forecasts.forecaster import Forecaster
from scaler.runtime.forecasts.refreshing import Refreshing
from scaler.runtime.forecasts.worker import Worker
from scaler.runtime.history import History
from scaler.runtime.knowledge import Learning
from scaler.runtime.lasting import Lasting
from scaler.runtime.look import Look, look
from scaler.runtime.loop import LAG, Loop
from scaler.runtime.turns import collect_by_turns
from scaler.serving.journal import Journal
from scaler.serving.keda.answers import Metadata
from scaler.serving.keda.server import KedaServer
from scaler.serving.keda.servicer import Push, Servicer
from scaler.serving.operations import Operations
from scaler.serving.ops import OpsServer
from scaler.serving.pages.trails import Trails
from scaler.serving.recorder import Recorder
from scaler.serving.served import MemoryServed, Served, StoredServed
from scaler.signals.activation import Activation
from scaler.signals.histories import Histories, Readable
from scaler.signals.prometheus import PrometheusHistory
from scaler.signals.scrape import ScrapeHistory
from scaler.signals.store import Store
from scaler.signals.stored import StoredReadings
from scaler.signals.targets import Targets
from scaler.telemetry import Telemetry, configure_logging

LAST_CALL = 4.5
"""Seconds for everything in flight when the service is told to stop."""

TICKING = "ticking"
"""The task without which nothing is decided."""

log = structlog.get_logger()


@attrs.frozen(kw_only=True)
class Ports:
    """Where the service listens."""

    grpc: int
    ops: int
    adapter: int | None = None


class Service:
    """The whole service in one event loop: sources, loop, servers.

    A `history` takes the place of the sources that the settings name. Without a `cluster`, all that
    is known of replicas is what those say.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        learning: Learning | None = None,
        history: History | None = None,
        cluster: Cluster | None = None,
        telemetry: Telemetry | None = None,
    ) -> None:
        self.settings = settings
        self._clock = clock or SystemClock()
        self.telemetry = telemetry or Telemetry(version=version("forescale"))
        self._store = opened(settings, telemetry=self.telemetry)
        self._served = served(self._store, build=self.telemetry.version)
        self._trails = Trails()
        self._histories = histories(
            settings, clock=self._clock, telemetry=self.telemetry, store=self._store
        )
        self._cluster = cluster
        told = history or Activation(self._histories)
        learning = attrs.evolve(
            learning or Learning(refreshing=Refreshing()),
            lead_times=partial(lead_times, source=self._histories, cluster=cluster),
        )
        if cluster:
            told = Counted(told, cluster=cluster)
        self._compare = partial(compare, history=told, learning=learning)
        self.loop = Loop(
            history=told,
            clock=self._clock,
            settle=settings.settle,
            learning=learning,
            listener=Journal(telemetry=self.telemetry, served=self._served, trails=self._trails),
            brakes=Brakes(cluster) if cluster else None,
        )
        self.loop.use(settle=settings.settle, frozen=settings.freeze)
        self._worker = Worker(Path(settings.state) if settings.state else None)
        self._forecaster = Forecaster(
            folds=self.loop.folds,
            history=told,
            clock=self._clock,
            worker=self._worker,
            delay=lambda: self.settings.settle + LAG,
            observe=partial(self.telemetry.observe, "forecast"),
        )
        recorder = Recorder(telemetry=self.telemetry, served_log=self._served, now=self._now)
        self.servicer = Servicer(
            metadata=Metadata(partial(understand, settings=settings)),
            answers=self.loop,
            audience=recorder,
            push=Push(heartbeat=settings.grpc.heartbeat),
        )
        self._keda = KedaServer(self.servicer, settings=settings.grpc)
        operations = self._operations()
        self._ops = OpsServer(operations, address=settings.ops.address)
        self._adapter = aggregation(
            settings.adapter, cluster=cluster, operations=operations, recorder=recorder
        )
        self._lasting = Lasting()

    async def start(self) -> Ports:
        """Listen, watch what is declared, and tick.

        Raises:
            ConfigError: an address or a certificate cannot be used.
        """
        try:
            ports = Ports(
                grpc=await self._keda.start(),
                ops=await self._ops.start(),
                adapter=await self._adapter.start() if self._adapter else None,
            )
        except ConfigError:
            await self.stop()
            raise
        if self._cluster:
            self._cluster.start()
        self.loop.declare(declared(self.settings))
        self._lasting.start(TICKING, self.loop.run())
        self._lasting.start("forecasting", self._forecaster.run())
        return ports

    async def use(self, settings: Settings) -> None:
        """Go by `settings` from now on, apart from what `until_restart` names.

        Raises:
            ConfigError: a source cannot be used; nothing has changed.
        """
        known = {
            name: (self.settings.sources[name], h) for name, h in self._histories.named.items()
        }
        named = prometheus(settings, clock=self._clock, telemetry=self.telemetry, known=known)
        workloads = declared(settings)
        self.settings = settings
        await self._histories.use(named)
        self.loop.use(settle=settings.settle, frozen=settings.freeze)
        self.servicer.use(Metadata(partial(understand, settings=settings)))
        self.loop.declare(workloads)

    async def stop(self) -> None:
        """End streams, finish what is being answered, and close the sources."""
        await self._keda.stop()
        await self._ops.stop()
        if self._adapter:
            await self._adapter.stop()
        await self._lasting.stop()
        if self._cluster:
            self._cluster.stop()
        await self._worker.close()
        await self._histories.close()
        if self._store:
            await self._store.close()

    def _unready(self) -> str:
        waiting = "" if self.loop.passed else "no first look at every workload yet"
        return self._dead() or waiting

    def _dead(self) -> str:
        """Without the loop, targets only age; without forecasts, they still follow demand."""
        ended = self._lasting.ended(TICKING)
        return f"nothing is decided any more: {ended}" if ended else ""

    def _now(self) -> int:
        return int(self._clock.now())

    def _operations(self) -> Operations:
        return Operations(
            board=self.loop.board,
            served=self._served,
            telemetry=self.telemetry,
            now=self._now,
            unready=self._unready,
            dead=self._dead,
            trails=self._trails,
            troubles=self.loop.troubles,
            compare=self._compare,
            mile=self._mile,
        )

    def _mile(self, workload: Workload) -> LastMile | None:
        return last_mile(workload, cluster=self._cluster) if self._cluster else None


def reachable(settings: Settings, *, clock: Clock, telemetry: Telemetry) -> Cluster | None:
    """The cluster that this process runs in, or that KUBECONFIG names; None where there is none."""
    api = found()
    if api is None:
        return None
    metered = Metered(api, meter=telemetry, now=clock.now)
    return Cluster(metered, now=clock.now, every=settings.evaluation_interval)


def opened(settings: Settings, *, telemetry: Telemetry) -> Store | None:
    """The embedded history's file, where one is asked for.

    Raises:
        ConfigError: it cannot be used.
    """
    return Store(Path(settings.state), meter=telemetry) if settings.state else None


def served(store: Store | None, *, build: str) -> Served:
    """The record of what is served: in the file, where there is one."""
    return StoredServed(store, build=build) if store else MemoryServed(build=build)


def histories(
    settings: Settings, *, clock: Clock, telemetry: Telemetry, store: Store | None = None
) -> Histories:
    """Every source that the settings name, and what metadata may add."""
    stored = StoredReadings(store) if store else None
    return Histories(
        named=prometheus(settings, clock=clock, telemetry=telemetry),
        scrape=ScrapeHistory(Targets(meter=telemetry), clock=clock.now, stored=stored),
        at_address=lambda address: PrometheusHistory(
            address, PrometheusSource(url=address), meter=telemetry, clock=clock.now
        ),
    )


def prometheus(
    settings: Settings,
    *,
    clock: Clock,
    telemetry: Telemetry,
    known: Mapping[str, tuple[PrometheusSource, Readable]] | None = None,
) -> Mapping[str, Readable]:
    """The sources that the settings name; those of `known` that have not changed are kept."""
    kept = {
        name: history
        for name, (old, history) in (known or {}).items()
        if settings.sources.get(name) == old
    }
    return {
        name: kept.get(name) or PrometheusHistory(name, source, meter=telemetry, clock=clock.now)
        for name, source in settings.sources.items()
    }


async def look_at(workloads: Sequence[Workload], *, settings: Settings) -> Mapping[Workload, Look]:
    """What the sources say of each workload now, or why they do not."""
    clock, telemetry = SystemClock(), Telemetry(version=version("forescale"))
    sources = histories(settings, clock=clock, telemetry=telemetry)
    try:
        return await look(workloads, history=Activation(sources), clock=clock)
    finally:
        await sources.close()


def declared(settings: Settings) -> list[Workload]:
    """The workloads that the settings name; they were understood once when these were loaded."""
    return [
        understand(each.namespace, each.name, each.metadata, settings=settings, trusted=True)
        for each in settings.workloads
    ]


def run(read: Callable[[], Settings]) -> None:
    """Serve until SIGTERM or SIGINT, then stop within five seconds; read anew at every SIGHUP.

    Raises:
        ConfigError: what is read first cannot be used.
    """
    collect_by_turns()
    asyncio.run(_serve(read))


async def _serve(read: Callable[[], Settings]) -> None:
    told, again = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    loop.add_signal_handler(signal.SIGHUP, again.set)
    settings = read()
    configure_logging(style=settings.log.format, level=settings.log.level)
    telemetry = Telemetry(version=version("forescale"))
    cluster = reachable(settings, clock=SystemClock(), telemetry=telemetry)
    service = Service(settings, cluster=cluster, telemetry=telemetry)
    ports = await service.start()
    within = {"kubernetes": cluster is not None}
    where = {name: port for name, port in attrs.asdict(ports).items() if port is not None}
    log.info("serving", **where, **_found(settings), **within)
    following = asyncio.create_task(_follow(service, read, again=again))
    await told.wait()
    log.info("stopping")
    following.cancel()
    with suppress(TimeoutError):
        await asyncio.wait_for(service.stop(), LAST_CALL)


async def _follow(
    service: Service, read: Callable[[], Settings], *, again: asyncio.Event
) -> NoReturn:
    """Take up what is read, whenever told to; what cannot be used changes nothing."""
    first = service.settings
    while True:
        await again.wait()
        again.clear()
        try:
            settings = await asyncio.to_thread(read)
            await service.use(settings)
        except ConfigError as error:
            # What is wrong is the user's, not ours: a traceback would only hide it.
            problems = [str(problem) for problem in error.problems]
            log.error("config_refused", problems=problems)  # noqa: TRY400
            continue
        except Exception:
            log.exception("config_not_used")
            continue
        configure_logging(style=settings.log.format, level=settings.log.level)
        later = until_restart(first, settings)
        log.info("config_used", **_found(settings), **({"needs_restart": later} if later else {}))


def _found(settings: Settings) -> Mapping[str, object]:
    """What the service has to work with, for one line."""
    return {
        "sources": [f"{name}={source.url}" for name, source in settings.sources.items()],
        "workloads": len(settings.workloads),
        "tls": settings.grpc.tls is not None,
        **({"frozen": True} if settings.freeze else {}),
    }
