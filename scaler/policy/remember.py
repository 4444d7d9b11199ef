"""What a tick adds to the fold's memory. Only readings go in, and everything in it expires.

Marks are of three kinds. A *last time* (`busy`, `not_low`) moves forward whenever the quiet that a
lowering rule waits for is not certain, so a gap moves it too. A *run* is the time since which
something is over its limit, kept over a short gap: a gap must not take back what was raised. An
*episode* is the time since which sustained runs have come within a lead time of each other: one
raise is for all of them, or evidence that flickers would ask for another with each flicker.
"""

from collections.abc import Mapping

import attrs

from scaler.policy.model import BENIGN, Gap, Knowledge, Readings, Sample, Signal, State, value_of
from scaler.policy.spec import Spec, Unit, Vote
from scaler.policy.window import push, since

TREND = 60
"""Seconds over which the growth of the queue is measured: four scrapes at 15 s."""

SATURATED_CACHE = 0.8
"""Use of the KV cache from which vLLM starts to queue for want of blocks."""

ALIVE = (Signal.TOKENS, Signal.REQUESTS, Signal.WAITING, Signal.RUNNING)
"""One sample among these, and the engine's metrics have been read."""

IN_HAND = (Signal.RUNNING, Signal.WAITING)
"""What an engine that exports it must say is none before its replicas count as idle."""


def seen(signal: Signal) -> str:
    """The mark of the last time at which `signal` was well."""
    return f"seen_{signal}"


def work_signal(spec: Spec) -> Signal:
    """The signal that measures throughput in the spec's unit of work."""
    return Signal.TOKENS if spec.unit is Unit.TOKENS else Signal.REQUESTS


def last(name: str) -> str:
    """The mark of the last tick at which the run `name` was seen to go on."""
    return f"{name}_last"


def episode(name: str) -> str:
    """The mark of the first tick at which the run `name` was sustained, in this episode."""
    return f"{name}_episode"


def run(
    marks: dict[str, int], name: str, *, over: bool | None, at: int, tolerate: int
) -> dict[str, int]:
    """`marks` with the run `name` begun, continued or ended; `over` is None in a gap.

    A gap longer than `tolerate` ends the run, so that two folds which differ only in what came
    before the gap agree after it.
    """
    if over:
        return {**marks, name: marks.get(name, at), last(name): at}
    ended = over is False or at - marks.get(last(name), at) > tolerate
    if name not in marks or not ended:
        return marks
    return {mark: time for mark, time in marks.items() if mark not in (name, last(name))}


def remember(readings: Readings, *, knowledge: Knowledge, state: State, spec: Spec) -> State:
    """The state with this tick's readings in its marks and windows; the target is as it was."""
    marks = _last_times(readings, state=state, spec=spec)
    for name, over in _over(readings, spec=spec).items():
        marks = run(marks, name, over=over, at=readings.at, tolerate=spec.stale_after)
        lasting = bool(over) and readings.at - marks[name] >= sustained(name, spec=spec)
        marks = run(
            marks,
            episode(name),
            over=lasting or None,
            at=readings.at,
            tolerate=knowledge.lead_time,
        )
    recent = _windows(readings, state=state, spec=spec, lead_time=knowledge.lead_time)
    return attrs.evolve(state, at=readings.at, marks=marks, recent=recent)


def _last_times(readings: Readings, *, state: State, spec: Spec) -> dict[str, int]:
    at = readings.at
    marks = dict(state.marks)
    for signal, reading in readings.signals.items():
        if isinstance(reading, Sample) or reading.reason in BENIGN:
            marks[seen(signal)] = at
    if asleep(readings) or any(readings.value(signal) is not None for signal in ALIVE):
        marks["answered"] = at
    if not _quiet(readings, marks=marks, spec=spec):
        marks["busy"] = at
    utilization = readings.value(Signal.UTILIZATION)
    if utilization is None or utilization >= spec.utilization_low:
        marks["not_low"] = at
    waiting = readings.value(Signal.WAITING)
    if not waiting:
        marks["queue_clear"] = at
    if waiting != 0.0:
        marks["queued"] = at
    return marks


def asleep(readings: Readings) -> bool:
    """Nothing is wanted and nothing runs: missing engine metrics are normal then."""
    counts = (readings.ready, readings.reporting)
    return value_of(readings.wanted) == 0 and not any(value_of(count) for count in counts)


def _quiet(readings: Readings, *, marks: Mapping[str, int], spec: Spec) -> bool:
    """No work in sight, and nothing that would show it is missing."""
    watched = [*ALIVE, Signal.REJECTED]
    known = [readings.value(signal) for signal in watched]
    if any(known) or (readings.value(Signal.ACTIVATION) or 0) > spec.activation_threshold:
        return False
    if asleep(readings):
        return True
    if any(isinstance(readings.signals.get(signal), Gap) for signal in IN_HAND):
        return False
    lost = any(_lost(signal, readings=readings, marks=marks, spec=spec) for signal in watched)
    return not lost and any(value is not None for value in known)


def _lost(signal: Signal, *, readings: Readings, marks: Mapping[str, int], spec: Spec) -> bool:
    was_seen = marks.get(seen(signal), readings.at - spec.hold_for - 1)
    gap = isinstance(readings.signals.get(signal), Gap)
    return gap and was_seen < readings.at <= was_seen + spec.hold_for


def _over(readings: Readings, *, spec: Spec) -> dict[str, bool | None]:
    latency = readings.value(Signal.LATENCY)
    utilization = readings.value(Signal.UTILIZATION)
    waiting = readings.value(Signal.WAITING)
    return {
        "latency": None if latency is None else _misses(latency, readings=readings, spec=spec),
        "utilization": None if utilization is None else utilization > spec.utilization_high,
        "queue": None if waiting is None else waiting > spec.queue_limit,
    }


def _misses(latency: float, *, readings: Readings, spec: Spec) -> bool:
    """Over the objective and, where latency needs a witness, with one.

    Long prompts and slow clients raise latency too, and no replica helps against them.
    """
    witnesses = (
        (readings.value(Signal.WAITING) or 0) > 0,
        (readings.value(Signal.CACHE) or 0) >= SATURATED_CACHE,
        (readings.value(Signal.UTILIZATION) or 0) > spec.utilization_high,
    )
    return latency > spec.objective and (spec.latency is Vote.RAISE or any(witnesses))


def _windows(
    readings: Readings, *, state: State, spec: Spec, lead_time: int
) -> dict[str, tuple[tuple[int, float], ...]]:
    keep = evidence_memory(spec, lead_time=lead_time)
    periods = [p.period for p in (*spec.scale_up_policies, *spec.scale_down_policies)]
    watched = {
        "wanted": (_ordered(readings, spec=spec), max([keep, *periods])),
        "ready": (value_of(readings.ready), TREND),
        "reporting": (value_of(readings.reporting), TREND),
        "waiting": (readings.value(Signal.WAITING), TREND),
        "latency": (readings.value(Signal.LATENCY), keep),
        "utilization": (readings.value(Signal.UTILIZATION), keep),
        "queue": (readings.value(Signal.WAITING), keep),
    }
    recent = dict(state.recent)
    for name, (value, seconds) in watched.items():
        window = recent.get(name, ())
        recent[name] = (
            since(window, at=readings.at - seconds)
            if value is None
            else push(window, at=readings.at, value=value, keep=seconds)
        )
    return recent


def _ordered(readings: Readings, *, spec: Spec) -> float | None:
    """What is wanted without the standby, which comes after the fold and must not feed back."""
    wanted = value_of(readings.wanted)
    return None if wanted is None else max(0.0, wanted - spec.standby)


def sustained(name: str, *, spec: Spec) -> int:
    """Seconds after which a run is evidence."""
    return spec.utilization_high_for if name == "utilization" else SUSTAINED_TICKS * spec.step


def evidence_memory(spec: Spec, *, lead_time: int) -> int:
    """Seconds of history that a raise on evidence looks back on."""
    longest = max(spec.utilization_high_for, SUSTAINED_TICKS * spec.step)
    return longest + 2 * lead_time


SUSTAINED_TICKS = 3
"""Ticks in a row before latency or the queue counts as sustained."""
