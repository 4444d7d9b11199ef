"""What a tick adds to the fold's memory. Only readings go in, and everything in it expires.

Marks are of three kinds. A *last time* (`busy`, `not_low`) moves forward whenever the quiet that a
lowering rule waits for is not certain, so a gap moves it too. A *run* is the time since which
something is over its limit, kept over a short gap: a gap must not take back what was raised. An
*episode* is the time since which sustained runs have come within a lead time of each other: one
raise is for all of them, or evidence that flickers would ask for another with each flicker.
"""

from collections.abc import Mapping

import attrs

from scaler.policy.counting import asleep, counted, lost, silence
from scaler.policy.model import (
    ALIVE,
    BENIGN,
    Gap,
    Knowledge,
    Readings,
    Sample,
    Signal,
    State,
    value_of,
)
from scaler.policy.spec import Spec, Unit, Vote
from scaler.policy.window import TREND, push, since

SATURATED_CACHE = 0.8
"""Use of the KV cache from which vLLM starts to queue for want of blocks."""

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
    sleeping = asleep(readings, state=state, spec=spec, lead_time=knowledge.lead_time)
    marks = _last_times(readings, state=state, sleeping=sleeping, spec=spec)
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


def _last_times(readings: Readings, *, state: State, sleeping: bool, spec: Spec) -> dict[str, int]:
    at = readings.at
    marks = dict(state.marks)
    work = work_signal(spec)
    if readings.value(work) is not None and marks.get(seen(work), 0) < at - spec.step:
        marks["resumed"] = at
    for signal, reading in readings.signals.items():
        if isinstance(reading, Sample) or reading.reason in BENIGN:
            marks[seen(signal)] = at
    answered = _answered(readings, sleeping=sleeping)
    if answered:
        marks["answered"] = max(answered, marks.get("answered", 0))
    if not _quiet(readings, marks=marks, sleeping=sleeping, spec=spec):
        marks["busy"] = at
    utilization = readings.value(Signal.UTILIZATION)
    if utilization is None or utilization >= spec.utilization_low:
        marks["not_low"] = at
    marks.update(_of_queue(readings))
    marks.update(_of_pods(readings, state=state, spec=spec))
    return marks


def _of_queue(readings: Readings) -> dict[str, int]:
    waiting, at = readings.value(Signal.WAITING), readings.at
    if waiting is None:
        return {"queue_clear": at, "queued": at}
    return {"queued": at} if waiting else {"queue_clear": at}


def _of_pods(readings: Readings, *, state: State, spec: Spec) -> dict[str, int]:
    """When a pod reported last, and when the first did of a fleet of which none had for long.

    Where nobody had looked before, that one reports is no news.
    """
    if not value_of(readings.reporting):
        return {}
    at, oldest = readings.at, readings.at - spec.hold_for
    looked, known = state.recent.get("reporting"), state.marks.get("reported", oldest - 1)
    return {"reported": at, "appeared": at} if looked and known < oldest else {"reported": at}


def _answered(readings: Readings, *, sleeping: bool) -> int:
    """When something was last heard of it, as far as this tick says; 0 where it says nothing.

    A count that is only believed, because nobody counts any more, is as old as it is.
    """
    if any(readings.value(signal) is not None for signal in ALIVE):
        return readings.at
    return readings.wanted.at if sleeping and isinstance(readings.wanted, Sample) else 0


def _quiet(readings: Readings, *, marks: Mapping[str, int], sleeping: bool, spec: Spec) -> bool:
    """No work in sight, and nothing that would show it is missing."""
    watched = [*ALIVE, Signal.REJECTED]
    known = [readings.value(signal) for signal in watched]
    if any(known) or (readings.value(Signal.ACTIVATION) or 0) > spec.activation_threshold:
        return False
    if sleeping:
        return True
    unseen = any(isinstance(readings.signals.get(signal), Gap) for signal in IN_HAND)
    if unseen or (value_of(readings.reporting) or 0) < (value_of(readings.ready) or 0):
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
    ordered = max([keep, *periods, silence(spec, lead_time=lead_time)])
    watched = {
        "wanted": (_ordered(readings, spec=spec), ordered),
        "ready": (_ready(readings, state=state, spec=spec), TREND),
        "reporting": (value_of(readings.reporting), TREND),
        "waiting": (readings.value(Signal.WAITING), TREND),
        "latency": (readings.value(Signal.LATENCY), keep),
        "utilization": (readings.value(Signal.UTILIZATION), keep),
        "queue": (readings.value(Signal.WAITING), keep),
    }
    recent = {**state.recent, "counted": counted(readings, state=state, spec=spec)}
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
    # A count that is only believed ends with `holdFor`, and must not outlive it in a window.
    wanted = value_of(readings.wanted if readings.counted else readings.ready)
    return None if wanted is None else max(0.0, wanted - spec.standby)


def _ready(readings: Readings, *, state: State, spec: Spec) -> float | None:
    """How many are ready; None where that is only how many report, of those counted before."""
    miscounted = lost(readings, state=state, spec=spec) is not None
    return None if miscounted else value_of(readings.ready)


def sustained(name: str, *, spec: Spec) -> int:
    """Seconds after which a run is evidence."""
    return spec.utilization_high_for if name == "utilization" else SUSTAINED_TICKS * spec.step


def evidence_memory(spec: Spec, *, lead_time: int) -> int:
    """Seconds of history that a raise on evidence looks back on."""
    longest = max(spec.utilization_high_for, SUSTAINED_TICKS * spec.step)
    return longest + 2 * lead_time


SUSTAINED_TICKS = 3
"""Ticks in a row before latency or the queue counts as sustained."""
