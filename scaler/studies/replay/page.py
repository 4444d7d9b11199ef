"""Scoreboards as one page that needs nothing else."""

from collections.abc import Sequence

import numpy as np

from scaler.studies.chart import Chart, dates, thin
from scaler.studies.replay.lines import EXPLAINED, TITLES, intro, percent, row, verdict
from scaler.studies.replay.score import late_slots, needed_replicas
from scaler.studies.replay.scoreboard import Line, Replay, Scoreboard
from scaler.studies.svg import Frame, scale
from scaler.studies.templating import TEMPLATES


def page(boards: Sequence[Scoreboard], *, replay: Replay) -> str:
    """Return the page of a replay."""
    return TEMPLATES.get_template("replay.html").render(
        boards=boards,
        replay=replay,
        charts=charts,
        intro=intro,
        verdict=verdict,
        row=row,
        titles=TITLES,
        explained=EXPLAINED,
        percent=percent,
    )


def charts(board: Scoreboard) -> list[Chart]:
    """Return what each policy did, all to the same scale."""
    top = max(float(line.course.ready.max()) for line in board.lines)
    top = max(top, float(needed_replicas(board.lines[0].course).max()))
    return [_replicas(line, top=top) for line in board.lines]


def _replicas(line: Line, *, top: float) -> Chart:
    course, demand = line.course, line.course.demand
    times = demand.times()
    scored = times >= demand.start
    frame = Frame(x=dates(demand.start, demand.stop, shift=demand.trace.shift), y=scale(0.0, top))
    drawn = [
        frame.line(*thin(times[scored], values[scored]), style=f"line {style}")
        for values, style in ((course.ready, "forecast"), (needed_replicas(course), "actual"))
    ]
    when, late = thin(times[scored], np.where(late_slots(course), 0.0, np.nan)[scored])
    # A line needs two points to be seen.
    late[1:] = np.fmax(late[1:], late[:-1])
    score = line.score
    return Chart(
        title=line.name,
        note=f"{score.replica_hours:,.1f} replica-hours, {percent(score.over)} of the requests"
        f" over the objective, {score.changes} changes.",
        drawing=frame.drawing(
            [*drawn, frame.line(when, late, style="line bound")],
            title=f"Replicas by {line.name}",
        ),
        legend=(
            ("actual", "needed"),
            ("forecast", "ready"),
            ("bound", "p95 over its objective"),
        ),
    )
