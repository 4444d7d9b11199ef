"""A trail as lines of an SVG: geometry only, so that style and labels stay in the page."""

from collections.abc import Callable, Iterator, Sequence

import attrs

from scaler.serving.pages.trails import KEPT, Run
from scaler.serving.pages.wording import clock

WIDTH, HEIGHT = 1000, 100
"""Of the drawing; the page stretches it to any size."""
TICKS = 3
"""Labels divide the time into so many parts."""
SPANS = (1800, 3600, 3 * 3600, KEPT)
"""Seconds that a chart may show: the least that holds the trail."""

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
    while True:
        for step in (2, 4, 6, 8, 10):
            if step * scale >= most:
                return step * scale
        scale *= 10


def _pieces(runs: Sequence[Run], pick: Pick, *, frame: Frame) -> Iterator[list[tuple[float, int]]]:
    """Stretches without a gap, as corners of steps: (x, replicas)."""
    piece: list[tuple[float, int]] = []
    until = None
    for run in runs:
        value = pick(run)
        if piece and (value is None or run.start != until):
            yield piece
            piece = []
        if value is None:
            continue
        # Steps up and down at the moment of the change; what lies between is the former value.
        piece += [(frame.x(run.start), piece[-1][1])] if piece else []
        piece += [(frame.x(run.start), value), (frame.x(min(run.stop, frame.stop)), value)]
        until = run.stop
    if piece:
        yield piece


def _line(runs: Sequence[Run], pick: Pick, *, frame: Frame) -> str:
    return " ".join(_path(piece, frame=frame) for piece in _pieces(runs, pick, frame=frame))


def _area(runs: Sequence[Run], pick: Pick, *, frame: Frame) -> str:
    return " ".join(
        f"{_path(piece, frame=frame)} V{HEIGHT} H{piece[0][0]:g} Z"
        for piece in _pieces(runs, pick, frame=frame)
    )


def _path(piece: Sequence[tuple[float, int]], *, frame: Frame) -> str:
    corners = " ".join(f"{x:g},{frame.y(value):g}" for x, value in piece)
    return f"M{corners}"


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
