"""Scoreboards as one JSON document, and courses as CSV, a row for each minute."""

import csv
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

import attrs
import numpy as np

from forecasting.arrays import FloatArray
from scaler.studies.replay.course import Course
from scaler.studies.replay.demand import GRID, STEP
from scaler.studies.replay.score import needed_replicas
from scaler.studies.replay.scoreboard import Replay, Scoreboard
from scaler.studies.times import iso

SCHEMA = "forescale.replay/1"
"""Changes when a key goes or means something else; keys may come."""

_HEADER = (
    *("unique_id", "policy", "ds", "requests", "over", "unserved"),
    *("needed", "wanted", "ready", "billed"),
)


def document(boards: Sequence[Scoreboard], *, replay: Replay) -> dict[str, Any]:
    """Return the whole run."""
    return {
        "schema": SCHEMA,
        "options": {
            "policies": [str(policy) for policy in replay.policies],
            "lead_time_seconds": replay.lead_time,
            "peak_replicas": replay.stretch.peak,
            "seed": replay.stretch.seed,
            "metadata": dict(replay.metadata),
        },
        "traces": [_board(board) for board in boards],
    }


def _board(board: Scoreboard) -> dict[str, Any]:
    demand = board.demand
    shift = demand.trace.shift
    return {
        "name": demand.trace.name,
        "start": iso(demand.start + shift),
        "end": iso(demand.stop + shift),
        "warm_up_seconds": demand.start - demand.first,
        "missing": demand.missing,
        "objective_seconds": board.objective,
        "requests_per_second_of_a_replica": board.capacity,
        "tokens_per_second_of_a_replica": board.capacity * board.tokens,
        "policies": [{"name": line.name, **attrs.asdict(line.score)} for line in board.lines],
    }


def write_courses(boards: Sequence[Scoreboard], *, file: TextIO) -> None:
    """Write what every policy did in every minute that is scored."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_HEADER)
    for board in boards:
        for line in board.lines:
            writer.writerows(_minutes(line.course, name=line.name))


def _minutes(course: Course, *, name: str) -> Iterator[list[object]]:
    demand = course.demand
    sums = [_blocks(each).sum(axis=1) for each in (demand.arrivals, course.over, course.unserved)]
    needed = _blocks(needed_replicas(course)).max(axis=1)
    last = [_blocks(each)[:, -1] for each in (course.wanted, course.ready)]
    billed = _blocks(course.billed).mean(axis=1)
    for place in range((demand.start - demand.first) // GRID, billed.size):
        when = iso(demand.first + place * GRID + demand.trace.shift)
        counts = [f"{column[place]:.6g}" for column in (*sums, needed, *last, billed)]
        yield [demand.trace.name, name, when, *counts]


def _blocks(values: FloatArray) -> FloatArray:
    width = GRID // STEP
    return np.reshape(values[: values.size // width * width], (-1, width))
