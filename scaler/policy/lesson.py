"""What a tick teaches a forecast: how much work arrived, or at least how much."""

import attrs

from scaler.policy.counting import deserted
from scaler.policy.demand import COMPLETE, REFUSING
from scaler.policy.model import Gap, Reading, Readings, Reason, Signal, value_of
from scaler.policy.remember import work_signal
from scaler.policy.spec import Spec


@attrs.frozen(kw_only=True)
class Lesson:
    """Work per second that arrived; None where nobody knows, which is not the same as none.

    `least` says that it was at least so much: throughput under a queue, refusals or replicas that
    do not come up is what the fleet could do, and not what was asked of it.
    """

    work: float | None
    least: bool = False


def lesson(readings: Readings, *, spec: Spec) -> Lesson:
    """The work that arrived up to this tick."""
    if deserted(readings):
        arrivals = readings.value(Signal.ACTIVATION) or 0.0
        return Lesson(work=0.0, least=arrivals > spec.activation_threshold)
    if not _complete(readings):
        return Lesson(work=None)
    served = readings.signals.get(work_signal(spec))
    if isinstance(served, Gap):
        return Lesson(work=0.0 if served.reason is Reason.IDLE else None)
    return Lesson(work=value_of(served), least=_short(readings))


def _complete(readings: Readings) -> bool:
    """Enough of the ready pods report; where nobody counts them at all, a total is what it says."""
    ready, reporting = value_of(readings.ready), value_of(readings.reporting)
    if reporting is None:
        return ready is None and not _is_lost(readings.reporting)
    return reporting >= COMPLETE * (ready or 0.0)


def _is_lost(reading: Reading) -> bool:
    return isinstance(reading, Gap) and reading.reason is not Reason.ABSENT


def _short(readings: Readings) -> bool:
    """Whether the fleet was too small for what was asked of it.

    As in `learn`, one request that waits for a moment is no queue: one for each replica is.
    """
    serving = value_of(readings.ready) or value_of(readings.reporting) or 0.0
    waiting = readings.value(Signal.WAITING) or 0.0
    refused = readings.value(Signal.REJECTED) or 0.0
    return (
        waiting >= max(serving, 1.0)
        or refused > REFUSING * (readings.value(Signal.REQUESTS) or 0.0)
        or bool(value_of(readings.stuck))
    )
