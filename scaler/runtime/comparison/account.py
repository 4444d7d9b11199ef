"""Both fleets' account: cost, time over the objective, and where they disagree. Pure."""

import attrs

from scaler.policy.model import BENIGN, Knowledge, Readings, Sample, Signal
from scaler.policy.remember import work_signal
from scaler.policy.spec import Spec
from scaler.runtime.comparison.alternative import Step

MOST = 10
"""Disagreements that are told, the largest."""

_ROUNDING = 1e-6


@attrs.frozen(kw_only=True)
class Side:
    """What one fleet cost, and for how long it was too small."""

    replica_hours: float
    short_seconds: int
    """Work that arrived was more than its ready replicas bear, by the capacity that was learned."""


@attrs.frozen(kw_only=True)
class Disagreement:
    """A time without an end in which it would have asked for more all along, or for fewer."""

    start: int
    stop: int
    replica_hours: float
    """What it would have cost beyond what was paid; negative if less."""
    at: int
    """When the difference was largest."""
    wanted: int
    would: int
    winner: str
    """Which recommendation or rule its number came from then."""
    limits: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Comparison:
    """Of one workload from `start` to `stop`. Seconds count only where replicas are known."""

    start: int
    stop: int
    known_seconds: int
    over_seconds: int
    """The measured latency was over its objective, in the fleet that was."""
    judged_seconds: int
    """Latency was measured, or there was nothing to measure."""
    sized_seconds: int
    """Work and capacity are known, so that `short_seconds` can be told."""
    capacity: float | None
    """Work per second of a replica, as learned last; None while only a lower bound is known."""
    happened: Side
    would: Side
    disagreements: tuple[Disagreement, ...]


@attrs.define(kw_only=True)
class _Run:
    """A disagreement that has not ended."""

    start: int
    stop: int
    seconds: int
    """Replica-seconds."""
    worst: Step


@attrs.define(kw_only=True)
class Account:
    """Mutable: enter steps in order, then close."""

    spec: Spec
    start: int
    stop: int
    _known: int = 0
    _over: int = 0
    _judged: int = 0
    _sized: int = 0
    _short: int = 0
    _would_short: int = 0
    _paid: int = 0
    _would_pay: int = 0
    _capacity: float | None = None
    _run: _Run | None = None
    _runs: list[_Run] = attrs.field(factory=list)

    def enter(self, step: Step, readings: Readings, *, knowledge: Knowledge) -> None:
        """Count one tick; where nobody knows how many replicas there were, nothing is counted."""
        if step.wanted is None:
            self._end()
            return
        seconds = self.spec.step
        self._known += seconds
        self._paid += seconds * step.wanted
        self._would_pay += seconds * step.would_want
        self._latency(readings, seconds=seconds)
        self._size(step, readings, knowledge=knowledge)
        self._differ(step, seconds=seconds)

    def close(self) -> Comparison:
        """The comparison as it stands."""
        self._end()
        largest = sorted(self._runs, key=lambda run: -abs(run.seconds))[:MOST]
        return Comparison(
            start=self.start,
            stop=self.stop,
            known_seconds=self._known,
            over_seconds=self._over,
            judged_seconds=self._judged,
            sized_seconds=self._sized,
            capacity=self._capacity,
            happened=Side(replica_hours=self._paid / 3600, short_seconds=self._short),
            would=Side(replica_hours=self._would_pay / 3600, short_seconds=self._would_short),
            disagreements=tuple(map(_disagreement, largest)),
        )

    def _latency(self, readings: Readings, *, seconds: int) -> None:
        latency = readings.signals.get(Signal.LATENCY)
        if isinstance(latency, Sample):
            self._judged += seconds
            self._over += seconds * (latency.value > self.spec.objective)
        elif latency is not None and latency.reason in BENIGN:
            self._judged += seconds

    def _size(self, step: Step, readings: Readings, *, knowledge: Knowledge) -> None:
        """Count where either fleet was too small for the work that arrived."""
        known = knowledge.capacity
        self._capacity = None if known is None or known.lower_bound else known.value
        work = readings.value(work_signal(self.spec))
        if self._capacity is None or work is None or step.ready is None:
            return
        needed = work / self._capacity - _ROUNDING
        self._sized += self.spec.step
        self._short += self.spec.step * (needed > step.ready)
        self._would_short += self.spec.step * (needed > step.would_be_ready)

    def _differ(self, step: Step, *, seconds: int) -> None:
        more = step.would_want - (step.wanted or 0)
        if not more or (self._run and (more > 0) != (self._run.seconds > 0)):
            self._end()
        if not more:
            return
        if self._run is None:
            self._run = _Run(start=step.at, stop=step.at + seconds, seconds=0, worst=step)
        self._run.stop = step.at + seconds
        self._run.seconds += more * seconds
        if abs(more) > abs(_difference(self._run.worst)):
            self._run.worst = step

    def _end(self) -> None:
        if self._run is not None:
            self._runs.append(self._run)
        self._run = None


def _difference(step: Step) -> int:
    return step.would_want - (step.wanted or 0)


def _disagreement(run: _Run) -> Disagreement:
    worst = run.worst
    return Disagreement(
        start=run.start,
        stop=run.stop,
        replica_hours=run.seconds / 3600,
        at=worst.at,
        wanted=worst.wanted or 0,
        would=worst.would_want,
        winner=worst.decision.winner or worst.decision.note,
        limits=tuple(limit.by for limit in worst.decision.limits),
    )
