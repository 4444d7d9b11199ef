"""A history over a fluid fleet: what Prometheus would say of its exporters, and no more."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from scaler.config.workload import Workload
from scaler.policy.model import Gap, Reading, Readings, Reason, Sample, Signal, measured
from scaler.policy.spec import Spec, Vote
from scaler.runtime.history import Answer
from scaler.simulation.fluid import FluidSnapshot
from scaler.simulation.histogram import TTFT_EDGES
from scaler.simulation.mean_engine import MeanEngine
from scaler.studies.replay.demand import Demand

SCRAPE = 15
"""Seconds between two looks at the exporters."""

RATE_WINDOW = 60
LATENCY_WINDOW = 120
MEANINGFUL_REQUESTS = 50

USUAL_LOAD = 0.7
"""Share of its capacity at which a replica is taken to have run before the world began."""

_UNWATCHED = Gap(reason=Reason.NO_HISTORY)
_ENGINE = frozenset(Signal) - {Signal.ACTIVATION}


class Observed:
    """A `History`: scrapes since the world began, and before that a fleet that fitted its demand.

    What a scrape said does not change, so reading it twice gives the same.
    """

    def __init__(self, demand: Demand, *, engine: MeanEngine) -> None:
        self._demand = demand
        self._engine = engine
        self._scrapes: dict[int, FluidSnapshot] = {}
        self._known: dict[int, Readings] = {}

    def record(self, snapshot: FluidSnapshot) -> None:
        """Scrape, at a multiple of `SCRAPE`."""
        self._scrapes[int(snapshot.at)] = snapshot

    async def read(self, workloads: Sequence[Workload], ticks: range) -> Mapping[Workload, Answer]:
        """Readings of each workload at every tick; one fleet serves them all."""
        return {
            workload: [self._at(tick, spec=workload.spec) for tick in ticks]
            for workload in workloads
        }

    def _at(self, at: int, *, spec: Spec) -> Readings:
        if at < self._demand.first:
            return self._past(at, spec=spec)
        known = self._known.get(at)
        if known is None:
            known = self._known[at] = self._readings(at, spec=spec)
        return known

    def _readings(self, at: int, *, spec: Spec) -> Readings:
        newest = at - at % SCRAPE
        scrape = self._scrapes.get(newest)
        before = self._before(newest, window=RATE_WINDOW)
        if scrape is None or before is None:
            return self._past(at, spec=spec)
        since = self._before(newest, window=LATENCY_WINDOW) or before
        span, tokens = scrape.at - before.at, self._engine.tokens
        completed = (scrape.completed - before.completed) / span
        values: dict[Signal, Reading] = {
            Signal.RUNNING: measured(scrape.running, at=at),
            Signal.WAITING: measured(scrape.waiting, at=at),
            Signal.TOKENS: measured(completed * tokens, at=at),
            Signal.REQUESTS: measured(completed, at=at),
            Signal.REJECTED: measured((scrape.aborted - before.aborted) / span, at=at),
            Signal.LATENCY: latency(before=since, after=scrape, at=at),
            Signal.UTILIZATION: measured(scrape.utilization, at=at),
            Signal.CACHE: measured(scrape.cache, at=at),
        }
        return _readings_of(values, at=at, wanted=scrape.wanted, ready=scrape.ready, spec=spec)

    def _before(self, newest: int, *, window: int) -> FluidSnapshot | None:
        """The oldest scrape of a window that ends with the newest, which makes a rate with it."""
        times = range(newest - window, newest, SCRAPE)
        return next((self._scrapes[at] for at in times if at in self._scrapes), None)

    def _past(self, at: int, *, spec: Spec) -> Readings:
        """Before the world began a fleet that fitted served whatever came, well within bounds."""
        rate = self._demand.past_at(at)
        if rate is None:
            return _unwatched(at, spec=spec)
        engine = self._engine
        replicas = fitting(rate, engine=engine, spec=spec)
        running = engine.running(rate / replicas)
        values: dict[Signal, Reading] = {
            Signal.RUNNING: measured(running * replicas, at=at),
            Signal.WAITING: Sample(value=0.0, at=at),
            Signal.TOKENS: measured(rate * engine.tokens, at=at),
            Signal.REQUESTS: measured(rate, at=at),
            Signal.REJECTED: Sample(value=0.0, at=at),
            Signal.LATENCY: measured(engine.first_token(running), at=at),
            Signal.UTILIZATION: measured(1.0 - math.exp(-running), at=at),
            Signal.CACHE: measured(running * engine.tokens / engine.spec.kv_tokens, at=at),
        }
        return _readings_of(values, at=at, wanted=replicas, ready=replicas, spec=spec)


def _unwatched(at: int, *, spec: Spec) -> Readings:
    return Readings(
        at=at,
        signals=dict.fromkeys(_watched(spec), _UNWATCHED),
        wanted=_UNWATCHED,
        ready=_UNWATCHED,
        stuck=_UNWATCHED,
        reporting=_UNWATCHED,
    )


def fitting(rate: float, *, engine: MeanEngine, spec: Spec) -> int:
    """Return the replicas of a fleet that was sized by hand for this many requests a second."""
    replicas = math.ceil(rate / (USUAL_LOAD * engine.capacity))
    return min(max(replicas, spec.min_replicas, 1), spec.max_replicas)


def latency(*, before: FluidSnapshot, after: FluidSnapshot, at: int) -> Reading:
    """The p95 of the window, linear within a bucket as Prometheus has it."""
    counts = [new - old for new, old in zip(after.ttft, before.ttft, strict=True)]
    if counts[-1] < MEANINGFUL_REQUESTS:
        return Gap(reason=Reason.SPARSE if counts[-1] > 0 else Reason.IDLE)
    return Sample(value=_quantile(0.95, counts), at=at)


def _readings_of(
    values: Mapping[Signal, Reading], *, at: int, wanted: int, ready: int, spec: Spec
) -> Readings:
    return Readings(
        at=at,
        signals={signal: values[signal] for signal in _watched(spec)},
        wanted=Sample(value=wanted, at=at),
        ready=Sample(value=ready, at=at),
        stuck=Sample(value=0, at=at),
        reporting=Sample(value=ready, at=at),
    )


def _watched(spec: Spec) -> frozenset[Signal]:
    off = {Signal.UTILIZATION} if spec.utilization is Vote.OFF else set()
    return _ENGINE - off - ({Signal.LATENCY} if spec.latency is Vote.OFF else set())


def _quantile(share: float, counts: Sequence[float]) -> float:
    rank = share * counts[-1]
    edges = (0.0, *TTFT_EDGES)
    below = (0.0, *counts)
    for (low, high), (fewer, more) in zip(pairwise(edges), pairwise(below), strict=False):
        if more >= rank:
            return low + (high - low) * (rank - fewer) / (more - fewer)
    return edges[-1]
