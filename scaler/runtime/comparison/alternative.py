"""The fleet that would have been: what is asked for is ready a lead time later. Pure."""

from collections.abc import Mapping, Sequence

import attrs

from scaler.policy.counting import deserted
from scaler.policy.engine import decide, start
from scaler.policy.model import (
    Decision,
    Knowledge,
    Reading,
    Readings,
    Sample,
    Signal,
    State,
    measured,
    value_of,
)
from scaler.policy.spec import Mode, Spec

_SHARES = (Signal.CACHE, Signal.UTILIZATION)
"""Means over the fleet: fewer replicas would have been busier."""


@attrs.frozen(kw_only=True)
class Step:
    """One tick of both fleets. None is what nobody knows."""

    at: int
    wanted: int | None
    ready: int | None
    would_want: int
    would_be_ready: int
    decision: Decision


@attrs.define(kw_only=True)
class Alternative:
    """Mutable: the fold in mode `on`, and the replicas it has asked for.

    The work is what arrived, whoever served it. Queue and latency are those of the fleet that was:
    a larger one would have had less of both. The HPA is taken to follow at once, and every replica
    to come up.
    """

    spec: Spec
    _state: State | None = None
    _ready_at: list[int] | None = None
    """When each replica that is asked for is ready, in the order of asking; None at first sight."""

    def step(self, readings: Readings, *, knowledge: Knowledge) -> Step:
        """Fold one tick as if the replicas were those that it asked for itself."""
        wanted, ready = actual(readings)
        if deserted(readings):
            self._ready_at = []
        elif self._ready_at is None and wanted is not None:
            self._ready_at = [readings.at] * wanted
        seen = self.seen(readings)
        spec = attrs.evolve(self.spec, mode=Mode.ON)
        state = self._state or start(spec, readings.at)
        decision, self._state = decide(readings=seen, knowledge=knowledge, state=state, spec=spec)
        if decision.target is not None and self._ready_at is not None:
            due = readings.at + knowledge.lead_time
            self._ready_at = _asked(self._ready_at, target=decision.target, due=due)
        return Step(
            at=readings.at,
            wanted=wanted,
            ready=ready,
            would_want=len(self._ready_at or ()),
            would_be_ready=self._count(readings.at),
            decision=decision,
        )

    def _count(self, at: int) -> int:
        return sum(due <= at for due in self._ready_at or ())

    def seen(self, readings: Readings) -> Readings:
        """What would have been read of the other fleet."""
        if self._ready_at is None or deserted(readings):
            return readings
        at, count = readings.at, self._count(readings.at)
        _, ready = actual(readings)
        reporting = value_of(readings.reporting)
        share = min(1.0, reporting / ready) if reporting is not None and ready else 1.0
        heard = round(share * count)
        return attrs.evolve(
            readings,
            signals=_spread(readings.signals, by=ready / count if ready and count else 1.0),
            wanted=Sample(value=len(self._ready_at), at=at),
            ready=Sample(value=count, at=at),
            stuck=Sample(value=0, at=at),
            reporting=readings.reporting if reporting is None else Sample(value=heard, at=at),
        )


def _asked(ready_at: Sequence[int], *, target: int, due: int) -> list[int]:
    """Order what is missing; what is too much goes, the last that was ordered first."""
    return [*ready_at[:target], *[due] * (target - len(ready_at))]


def actual(readings: Readings) -> tuple[int | None, int | None]:
    """What was wanted and what was ready; pods that report stand for those that nobody counted."""
    reporting = value_of(readings.reporting)
    ready = value_of(readings.ready)
    ready = reporting if ready is None else ready
    wanted = value_of(readings.wanted)
    wanted = ready if wanted is None else wanted
    return _whole(wanted), _whole(ready)


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _spread(signals: Mapping[Signal, Reading], *, by: float) -> Mapping[Signal, Reading]:
    return {
        signal: _scaled(reading, by) if signal in _SHARES else reading
        for signal, reading in signals.items()
    }


def _scaled(reading: Reading, by: float) -> Reading:
    if not isinstance(reading, Sample):
        return reading
    return measured(min(1.0, reading.value * by), at=reading.at)
