"""A trail as lines of an SVG: geometry only, so that style and labels stay in the page."""

from collections.abc import Callable, Sequence

import attrs

from scaler.serving.pages.trails import KEPT, Run
from scaler.serving.pages.wording import clock

WIDTH, HEIGHT = 1000, 100
"""Of the drawing; the page stretches it to any size."""
TICKS = 3
"""Labels divide the time into so many parts."""
SPANS = (1800, 3600, 3 * 3600, KEPT)
"""Seconds that a chart may show: the least that holds the trail."""
_STEPS = (2, 4, 6, 8, 10, 12, 16, 20, 24, 30)

Pick = Callable[[Run], int | None]


@attrs.frozen(kw_only=True)
class Frame:
    """What a chart shows: the time up to `stop`, and replicas from none to `top`."""

    start: int
    stop: int
    top: int

    @property
    def times(self) -> Sequence[str]:
        """Times of day at equal distances."""
        span = self.stop - self.start
        return [clock(self.start + span * i // TICKS) for i in range(TICKS + 1)]

    def x(self, at: int) -> float:
        """Where a time is, from the left."""
        return round((max(at, self.start) - self.start) / (self.stop - self.start) * WIDTH, 1)

    def y(self, replicas: int) -> float:
        """Where a number is, from above."""
        return round(HEIGHT - min(replicas, self.top) / self.top * HEIGHT, 1)


@attrs.frozen(kw_only=True)
class Chart:
    """Paths of one trail, and what they say in a sentence. `ready` is a closed area."""

    frame: Frame
    target: str
    wanted: str
    ready: str
    empty: bool
    says: str


def span(start: int | None, *, now: int) -> int:
    """Seconds that a chart has to show for a trail that began at `start`."""
    needed = 0 if start is None else now - start
    return next((seconds for seconds in SPANS if seconds >= needed), KEPT)


def draw(runs: Sequence[Run], *, now: int, seconds: int) -> Chart:
    """The chart of the last `seconds` of a trail."""
    shown = [run for run in runs if run.stop > now - seconds and run.start <= now]
    frame = Frame(start=now - seconds, stop=now, top=_top(shown))
    return Chart(
        frame=frame,
        target=_line(shown, lambda run: run.target, frame=frame),
        wanted=_line(shown, lambda run: run.wanted, frame=frame),
        ready=_area(shown, lambda run: run.ready, frame=frame),
        empty=not shown,
        says=_says(shown),
    )


def _top(runs: Sequence[Run]) -> int:
    """A round number over all values, and even, so that its half is a label as well."""
    most = max((v or 0 for run in runs for v in (run.target, run.wanted, run.ready)), default=0)
    scale = 1
    while most > _STEPS[-1] * scale:
        scale *= 10
    return next(step * scale for step in _STEPS if step * scale >= most)


@attrs.define(kw_only=True)
class _Piece:
    """A stretch without a gap: the value from each start on, up to `stop`."""

    starts: list[tuple[int, int]]
    stop: int

    def path(self, frame: Frame) -> str:
        """Steps up and down at the moment of each change."""
        (first, value), *later = self.starts
        corners = "".join(f"H{frame.x(at):g}V{frame.y(value):g}" for at, value in later)
        end = frame.x(min(self.stop, frame.stop))
        return f"M{frame.x(first):g},{frame.y(value):g}{corners}H{end:g}"


def _pieces(runs: Sequence[Run], pick: Pick) -> Sequence[_Piece]:
    pieces: list[_Piece] = []
    for run in runs:
        value = pick(run)
        if value is None:
            continue
        if not pieces or pieces[-1].stop != run.start:
            pieces.append(_Piece(starts=[(run.start, value)], stop=run.stop))
        elif pieces[-1].starts[-1][1] != value:
            pieces[-1].starts.append((run.start, value))
        pieces[-1].stop = run.stop
    return pieces


def _line(runs: Sequence[Run], pick: Pick, *, frame: Frame) -> str:
    return "".join(piece.path(frame) for piece in _pieces(runs, pick))


def _area(runs: Sequence[Run], pick: Pick, *, frame: Frame) -> str:
    return "".join(
        f"{piece.path(frame)}V{HEIGHT}H{frame.x(piece.starts[0][0]):g}Z"
        for piece in _pieces(runs, pick)
    )


def _says(runs: Sequence[Run]) -> str:
    parts = (
        _between("target", [run.target for run in runs]),
        _between("ready", [run.ready for run in runs]),
    )
    return ", ".join(part for part in parts if part) or "nothing was decided in this time"


def _between(name: str, values: Sequence[int | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return ""
    least, most = min(known), max(known)
    return f"{name} {least}" if least == most else f"{name} {least} to {most}"
