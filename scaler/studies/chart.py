"""What every chart of a page is made of: its drawing, its axis of times, its points."""

import attrs
import numpy as np

from forecasting.arrays import FloatArray
from scaler.studies.svg import Axis
from scaler.studies.times import iso

_POINTS = 600


@attrs.frozen(kw_only=True)
class Chart:
    """A drawing and what explains it."""

    title: str
    note: str
    drawing: str
    legend: tuple[tuple[str, str], ...]
    """Class of the color, and what has it."""


def thin(times: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return at most some hundred points; of several, the highest, which matters most."""
    width = -(-values.size // _POINTS)
    size = values.size // width
    blocks = values[: size * width].reshape(size, width)
    return times[: size * width : width], np.fmax.reduce(blocks, axis=1)


def dates(first: int, last: int, *, shift: int) -> Axis:
    """Return an axis of times, labeled with date or time of day."""
    clock = slice(11, 16) if last - first < 2 * 86_400 else slice(5, 10)
    marks = np.linspace(first, last, 4)
    ticks = [(float(at), iso(int(at) + shift)[clock]) for at in marks]
    return Axis(low=float(first), high=float(last), ticks=ticks)
