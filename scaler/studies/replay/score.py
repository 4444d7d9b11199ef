"""What a course cost, and how it served: the columns of the scoreboard."""

import math

import attrs
import numpy as np

from forecasting.arrays import BoolArray, FloatArray
from scaler.studies.replay.course import Course
from scaler.studies.replay.demand import STEP

HOUR = 3600
SLOT = 15
"""Seconds whose requests are judged together."""

ALLOWED = 0.05
"""Share of a slot's requests that may be late: the objective is a p95."""

REVERSAL = 600
"""Seconds within which a change back makes the change before it a mistake."""

_ROUNDING = 1e-6


@attrs.frozen(kw_only=True)
class Score:
    """Of the scored part alone. Unserved requests count as over the objective."""

    replica_hours: float
    """Billed from creation to end."""
    requests: float
    over: float
    """Share of requests over the objective, 0-1."""
    time_over: float
    """Share of the time in which the p95 was over the objective, 0-1."""
    worst_hour: float
    """Share of requests over the objective in the worst clock hour, 0-1."""
    unserved: float
    """Requests."""
    longest_over: int
    """Seconds of the longest time without an end over the objective: recovery at its worst."""
    under: float
    """Replica-seconds that were needed and not ready."""
    extra: float
    """Replica-seconds that were billed and not needed."""
    changes: int
    """Of the wanted replicas."""
    reversals: int
    """Changes in the other direction within ten minutes of the one before."""
    most: int
    """The largest number of wanted replicas."""


def score(course: Course) -> Score:
    """Return the score of a course."""
    demand = course.demand
    scored = slice((demand.start - demand.first) // STEP, None)
    arrived, over = demand.arrivals[scored], course.over[scored]
    late = late_slots(course)[scored]
    needed = needed_replicas(course)[scored]
    billed, ready, wanted = course.billed[scored], course.ready[scored], course.wanted[scored]
    total = float(arrived.sum())
    changes, reversals = _changes(wanted)
    return Score(
        replica_hours=float(billed.sum()) * STEP / HOUR,
        requests=total,
        over=float(over.sum()) / total if total else 0.0,
        time_over=float(late.mean()),
        worst_hour=_worst_hour(arrived, over, start=demand.start),
        unserved=float(course.unserved[scored].sum()),
        longest_over=_longest(late) * STEP,
        under=float(np.maximum(needed - ready, 0.0).sum()) * STEP,
        extra=float(np.maximum(billed - needed, 0.0).sum()) * STEP,
        changes=changes,
        reversals=reversals,
        most=int(wanted.max()),
    )


def needed_replicas(course: Course) -> FloatArray:
    """Return the replicas that just bear the demand of each step, its noise aside."""
    load = course.demand.rate(course.demand.times()) / course.capacity
    return np.asarray(np.ceil(load - _ROUNDING))


def late_slots(course: Course) -> BoolArray:
    """Return for each step whether the p95 of its slot was over the objective."""
    parts = SLOT // STEP
    places = np.arange(course.over.size) // parts
    judged = np.bincount(places, weights=course.demand.arrivals)
    late = np.bincount(places, weights=course.over) > ALLOWED * judged + _ROUNDING
    return np.asarray(late[places])


def _worst_hour(arrived: FloatArray, over: FloatArray, *, start: int) -> float:
    hours = (start % HOUR + STEP * np.arange(arrived.size)) // HOUR
    judged, late = np.bincount(hours, weights=arrived), np.bincount(hours, weights=over)
    shares = np.divide(late, judged, out=np.zeros_like(late), where=judged > 0)
    return float(shares.max())


def _longest(late: BoolArray) -> int:
    """Return the length of the longest run of steps over the objective."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], late.astype(np.int8), [0]))))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _changes(wanted: FloatArray) -> tuple[int, int]:
    steps = np.diff(wanted)
    places = np.flatnonzero(steps)
    reversals, before, when = 0, 0.0, -math.inf
    for place in places.tolist():
        back = steps[place] * before < 0 and (place - when) * STEP <= REVERSAL
        reversals += bool(back)
        before, when = float(steps[place]), float(place)
    return len(places), reversals
