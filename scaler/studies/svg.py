"""Inline SVG: a frame with axes, and marks inside it. Colors are classes that a page defines."""

from collections.abc import Iterable, Sequence

import attrs
import numpy as np

from forecasting.arrays import FloatArray

WIDTH, HEIGHT = 480, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 10, 28


@attrs.frozen(kw_only=True)
class Axis:
    """A range of numbers and where it is labeled."""

    low: float
    high: float
    ticks: Sequence[tuple[float, str]]

    def share(self, value: float) -> float:
        """Return where a value lies between both ends, 0 to 1 inside."""
        return (value - self.low) / (self.high - self.low)


@attrs.frozen(kw_only=True)
class Frame:
    """Where values lie on the drawing."""

    x: Axis
    y: Axis

    def at(self, x: float, y: float) -> str:
        """Return the point of two values."""
        right = _LEFT + self.x.share(x) * (WIDTH - _LEFT - _RIGHT)
        down = HEIGHT - _BOTTOM - self.y.share(y) * (HEIGHT - _TOP - _BOTTOM)
        return f"{right:.1f},{down:.1f}"

    def line(self, x: FloatArray, y: FloatArray, *, style: str) -> str:
        """Return a line that breaks where a value is missing."""
        parts, move = [], "M"
        for one, other in zip(x, y, strict=True):
            if np.isnan(other):
                move = "M"
                continue
            parts.append(f"{move}{self.at(one, other)}")
            move = "L"
        return f'<path class="{style}" d="{"".join(parts)}"/>'

    def area(self, x: FloatArray, low: FloatArray, high: FloatArray, *, style: str) -> str:
        """Return the area between two lines."""
        there = [self.at(one, other) for one, other in zip(x, high, strict=True)]
        back = [self.at(one, other) for one, other in zip(x[::-1], low[::-1], strict=True)]
        return f'<polygon class="{style}" points="{" ".join([*there, *back])}"/>'

    def dots(self, x: Sequence[float], y: Sequence[float], *, style: str) -> str:
        """Return a dot for each pair that is known."""
        points = [
            self.at(one, other).split(",")
            for one, other in zip(x, y, strict=True)
            if not np.isnan(other)
        ]
        return "".join(
            f'<circle class="{style}" cx="{right}" cy="{down}" r="4"/>' for right, down in points
        )

    def drawing(self, marks: Iterable[str], *, title: str) -> str:
        """Return the drawing with its axes; the title is for those who cannot see it."""
        parts = [
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">',
            *(self._across(value, label) for value, label in self.y.ticks),
            *(self._below(value, label) for value, label in self.x.ticks),
            *marks,
            "</svg>",
        ]
        return "".join(parts)

    def _across(self, value: float, label: str) -> str:
        left, down = self.at(self.x.low, value).split(",")
        return (
            f'<line class="grid" x1="{left}" x2="{WIDTH - _RIGHT}" y1="{down}" y2="{down}"/>'
            f'<text x="{_LEFT - 6}" y="{float(down) + 4:.1f}" text-anchor="end">{label}</text>'
        )

    def _below(self, value: float, label: str) -> str:
        right, _ = self.at(value, self.y.low).split(",")
        place = self.x.share(value)
        anchor = "end" if place > 0.9 else "start" if place < 0.1 else "middle"  # noqa: PLR2004
        return f'<text x="{right}" y="{HEIGHT - 8}" text-anchor="{anchor}">{label}</text>'


def scale(low: float, high: float, *, parts: int = 4) -> Axis:
    """Return an axis over a range, labeled at round numbers."""
    high = high if high > low else low + 1.0
    rough = (high - low) / parts
    power = 10.0 ** np.floor(np.log10(rough))
    step = power * next(each for each in (1, 2, 5, 10) if each * power >= rough)
    first, last = np.floor(low / step), np.ceil(high / step)
    values = step * np.arange(first, last + 1)
    return Axis(
        low=float(values[0]),
        high=float(values[-1]),
        ticks=[(float(value), short(float(value))) for value in values],
    )


def short(value: float) -> str:
    """Return a number for an axis: `1.2k`, `350M`."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"
