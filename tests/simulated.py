"""A history over a simulated fleet: what its exporters said, scrape by scrape, and no more."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

import attrs

from scaler.config.settings import Settings
from scaler.config.sources import PrometheusSource
from scaler.config.understand import understand
from scaler.config.workload import Workload
from scaler.errors import SignalUnavailable
from scaler.policy.model import Gap, Reading, Readings, Reason, Sample, Signal, measured
from scaler.policy.spec import Vote
from scaler.runtime.history import Answer
from scaler.signals.rates import quantile, rate
from scaler.simulation.snapshot import EngineSnapshot, FleetSnapshot, Phase

INTERVAL = 15
RATE_WINDOW = 60
LATENCY_WINDOW = 120
MEANINGFUL_REQUESTS = 50

FACTS = ("wanted", "ready", "stuck", "reporting")
ENGINE = frozenset(
    {
        Signal.RUNNING,
        Signal.WAITING,
        Signal.TOKENS,
        Signal.REQUESTS,
        Signal.REJECTED,
        Signal.LATENCY,
        Signal.CACHE,
    }
)
"""What the replicas' own pages hold."""

ABSENT = Gap(reason=Reason.ABSENT)
UNWATCHED = Gap(reason=Reason.NO_HISTORY)


def asked(name: str = "llama", **metadata: str) -> Workload:
    """A workload as its owner asks for it, with a Prometheus behind it."""
    given = {"engine": "vllm", "latencyTarget": "2s", "maxReplicas": "40", **metadata}
    settings = Settings(sources={"default": PrometheusSource(url="http://prometheus:9090")})
    return understand("default", name, given, settings=settings)


@attrs.frozen(kw_only=True)
class Lost:
    """A stretch of time in which a good answer lacks these signals."""

    signals: frozenset[Signal]
    ticks: range


class Recorded:
    """A `History` that remembers every scrape of a fleet; reading changes nothing.

    `now` is set by whoever owns the time: within `outages` nothing is answered. Pages of the pods
    and of the cluster are scraped at different seconds, as they are in the field.
    """

    def __init__(self) -> None:
        self.now = 0
        self.outages: list[range] = []
        self.lost: list[Lost] = []
        self.reads = 0
        self._pods: dict[int, FleetSnapshot] = {}
        self._cluster: dict[int, FleetSnapshot] = {}
        self._known: dict[tuple[Workload, int], Readings] = {}

    def scrape(self, look: Callable[[], FleetSnapshot]) -> None:
        """Look at the fleet if a scrape is due: pods at the quarter minute, the cluster between."""
        if self.now % INTERVAL == 0:
            self._pods[self.now] = look()
        if self.now % INTERVAL == INTERVAL // 2:
            self._cluster[self.now] = look()

    async def read(self, workloads: Sequence[Workload], ticks: range) -> Mapping[Workload, Answer]:
        """Readings of every workload, all of them served by the one fleet."""
        self.reads += 1
        if any(self.now in outage for outage in self.outages):
            raise SignalUnavailable("the simulated source is away")
        return {w: [self._at(w, tick) for tick in ticks] for w in workloads}

    def _at(self, workload: Workload, tick: int) -> Readings:
        key = (workload, tick)
        if key not in self._known:
            self._known[key] = self._readings(workload, tick)
        return self._known[key]

    def _readings(self, workload: Workload, at: int) -> Readings:
        pods = [self._pods[t] for t in _scrapes(at, LATENCY_WINDOW, 0) if t in self._pods]
        cluster = [
            self._cluster[t] for t in _scrapes(at, INTERVAL, INTERVAL // 2) if t in self._cluster
        ]
        if not pods:
            return _unwatched(workload, at)
        page = Page(scrapes=pods, at=at)
        signals = page.signals(workload)
        lost = {signal for lost in self.lost if at in lost.ticks for signal in lost.signals}
        facts = _facts(cluster[-1], at=at) if cluster else dict.fromkeys(FACTS[:3], ABSENT)
        reporting = 0 if lost >= ENGINE else len(page.engines)
        return Readings(
            at=at,
            signals={s: ABSENT if s in lost else r for s, r in signals.items()},
            reporting=Sample(value=reporting, at=at),
            **facts,
        )


def _scrapes(at: int, window: int, phase: int) -> Iterable[int]:
    newest = at - (at - phase) % INTERVAL
    return range(newest - (newest - (at - window) - 1) // INTERVAL * INTERVAL, newest + 1, INTERVAL)


def _unwatched(workload: Workload, at: int) -> Readings:
    signals = dict.fromkeys(_watched(workload), UNWATCHED)
    return Readings(
        at=at,
        signals=signals,
        wanted=UNWATCHED,
        ready=UNWATCHED,
        stuck=UNWATCHED,
        reporting=UNWATCHED,
    )


def _watched(workload: Workload) -> frozenset[Signal]:
    spec, extra = workload.spec, set[Signal]()
    if spec.utilization is not Vote.OFF:
        extra.add(Signal.UTILIZATION)
    if workload.watch.activation_query:
        extra.add(Signal.ACTIVATION)
    return (ENGINE | extra) - ({Signal.LATENCY} if spec.latency is Vote.OFF else set())


def _facts(cluster: FleetSnapshot, *, at: int) -> dict[str, Reading]:
    stuck = sum(replica.stuck is not None for replica in cluster.replicas)
    return {
        "wanted": Sample(value=cluster.wanted, at=at),
        "ready": Sample(value=cluster.ready, at=at),
        "stuck": Sample(value=stuck, at=at),
    }


@attrs.frozen(kw_only=True)
class Page:
    """The scrapes of one window, oldest first, and what Prometheus makes of them."""

    scrapes: Sequence[FleetSnapshot]
    at: int

    @property
    def engines(self) -> Mapping[str, EngineSnapshot]:
        """The replicas that reported in the newest scrape."""
        return _reported(self.scrapes[-1])

    def signals(self, workload: Workload) -> dict[Signal, Reading]:
        """Every watched signal."""
        newest = self.scrapes[-1]
        running = [r for r in newest.replicas if r.phase is not Phase.TERMINATING]
        utilization = [r.gpu_utilization for r in running]
        values: dict[Signal, Reading] = {
            Signal.UTILIZATION: self._mean(utilization),
            Signal.ACTIVATION: Sample(value=newest.held, at=self.at),
            **(self._engine() if self.engines else dict.fromkeys(ENGINE, ABSENT)),
        }
        return {signal: values[signal] for signal in _watched(workload)}

    def _engine(self) -> dict[Signal, Reading]:
        engines = self.engines.values()
        return {
            Signal.RUNNING: self._sum(engine.running for engine in engines),
            Signal.WAITING: self._sum(engine.waiting for engine in engines),
            Signal.CACHE: self._mean([engine.kv_usage for engine in engines]),
            Signal.TOKENS: self._rate("prompt_tokens", "generation_tokens"),
            Signal.REQUESTS: self._rate("completed"),
            Signal.REJECTED: self._rate("aborted"),
            Signal.LATENCY: self._latency(),
        }

    def _sum(self, values: Iterable[float]) -> Reading:
        return measured(math.fsum(values), at=self.at)

    def _mean(self, values: Sequence[float]) -> Reading:
        return measured(math.fsum(values) / len(values), at=self.at) if values else ABSENT

    def _rate(self, *counters: str) -> Reading:
        rates = [
            per_second
            for name in self._names()
            for counter in counters
            if (per_second := self._increase(name, counter)) is not None
        ]
        return self._sum(rates) if rates else ABSENT

    def _increase(self, pod: str, counter: str) -> float | None:
        samples = [
            (snapshot.at, getattr(engines[pod], counter))
            for snapshot in self.scrapes
            if pod in (engines := _reported(snapshot))
        ]
        return rate(samples, at=self.at, window=RATE_WINDOW)

    def _names(self) -> Iterable[str]:
        return {name: None for snapshot in self.scrapes for name in _reported(snapshot)}

    def _latency(self) -> Reading:
        edges: tuple[float, ...] = ()
        below: list[int] = []
        for before, after in pairwise(self.scrapes):
            for pod, engine in _reported(after).items():
                was = _reported(before).get(pod)
                counts = engine.ttft.cumulative
                if was is not None and was.ttft.count <= engine.ttft.count:
                    counts = tuple(n - o for n, o in zip(counts, was.ttft.cumulative, strict=True))
                below = [a + b for a, b in zip(below or [0] * len(counts), counts, strict=True)]
                edges = engine.ttft.edges
        seen = below[-1] if below else 0
        if seen < MEANINGFUL_REQUESTS:
            return Gap(reason=Reason.SPARSE if seen else Reason.IDLE)
        buckets = dict(zip((*edges, math.inf), map(float, below), strict=True))
        return measured(quantile(0.95, buckets), at=self.at)


def _reported(snapshot: FleetSnapshot) -> dict[str, EngineSnapshot]:
    return {
        replica.name: replica.engine
        for replica in snapshot.replicas
        if replica.engine is not None and not replica.silent
    }
