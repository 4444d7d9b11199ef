"""A series on a regular grid. A missing value is NaN, never zero."""

from collections.abc import Iterable

import attrs
import numpy as np

from forecasting.arrays import BoolArray, FloatArray, IntArray


def _frozen_floats(values: Iterable[float] | FloatArray) -> FloatArray:
    array = np.array(values, dtype=np.float64, ndmin=1)
    array[~np.isfinite(array)] = np.nan
    array.setflags(write=False)
    return array


def _frozen_flags(flags: Iterable[bool] | BoolArray) -> BoolArray:
    array = np.array(flags, dtype=np.bool_, ndmin=1)
    array.setflags(write=False)
    return array


def _same(one: FloatArray, other: FloatArray) -> bool:
    return np.array_equal(one, other, equal_nan=one.dtype == np.float64)


@attrs.frozen(kw_only=True)
class Series:
    """Values at `start`, `start + step`, ...; each stands for the interval that begins at its time.

    Raises:
        ValueError: the step is not positive, or `censored` has another length than `values`.
    """

    start: int
    """Unix seconds of the first value."""

    step: int = attrs.field(validator=attrs.validators.gt(0))
    """Seconds between two values."""

    values: FloatArray = attrs.field(
        converter=_frozen_floats, eq=attrs.cmp_using(eq=_same), repr=False
    )
    """Any unit; NaN where nothing was measured (infinite values become NaN)."""

    censored: BoolArray = attrs.field(
        converter=_frozen_flags, eq=attrs.cmp_using(eq=_same), repr=False
    )
    """Where the value is only a lower bound of demand (a queue, rejections): not for training or
    scores."""

    @censored.default
    def _nothing_censored(self) -> BoolArray:
        return np.zeros(self.values.size, dtype=np.bool_)

    @censored.validator
    def _as_long_as_the_values(self, _attribute: object, value: BoolArray) -> None:
        if value.shape != self.values.shape or self.values.ndim != 1:
            raise ValueError(
                f"censored: shape {value.shape} beside values of shape {self.values.shape}"
            )

    def __len__(self) -> int:
        return int(self.values.size)

    @property
    def end(self) -> int:
        """Unix seconds of the first interval that is not known yet."""
        return self.start + self.step * len(self)

    def times(self) -> IntArray:
        """Return the Unix seconds of every value."""
        return self.start + self.step * np.arange(len(self), dtype=np.int64)

    def index(self, time: int) -> int:
        """Return how many intervals lie wholly before *time*, at most the length and at least 0."""
        return min(max((time - self.start) // self.step, 0), len(self))

    def before(self, time: int) -> "Series":
        """Return the part that is known at *time*."""
        return self.slice(0, self.index(time))

    def since(self, time: int) -> "Series":
        """Return the part whose intervals begin at *time* or later."""
        return self.slice(min(max(-((self.start - time) // self.step), 0), len(self)), len(self))

    def slice(self, first: int, last: int) -> "Series":
        """Return the values of the indices *first* up to, not including, *last*."""
        return Series(
            start=self.start + self.step * first,
            step=self.step,
            values=self.values[first:last],
            censored=self.censored[first:last],
        )


@attrs.frozen(kw_only=True)
class Hole:
    """A run of missing values."""

    start: int
    """Unix seconds of the first missing value."""

    seconds: int


def holes(series: Series) -> tuple[Hole, ...]:
    """Return the runs of missing values, in order."""
    missing = np.concatenate(([False], np.isnan(series.values), [False]))
    edges = np.flatnonzero(missing[1:] != missing[:-1]).reshape(-1, 2)
    return tuple(
        Hole(start=series.start + series.step * int(first), seconds=series.step * int(last - first))
        for first, last in edges
    )


def on_grid(times: IntArray, values: FloatArray, *, step: int) -> Series:
    """Return samples at any times as a series: the mean of each interval, NaN without one.

    The grid is aligned to multiples of *step*, so that two readers of the same samples agree.

    Raises:
        ValueError: there is no sample, or the lengths differ.
    """
    if len(times) == 0 or len(times) != len(values):
        raise ValueError(f"{len(times)} times for {len(values)} values")
    slots = np.asarray(times, dtype=np.int64) // step
    first, size = int(slots.min()), int(slots.max() - slots.min()) + 1
    known = np.isfinite(values)
    sums = np.bincount(slots[known] - first, weights=np.asarray(values)[known], minlength=size)
    counts = np.bincount(slots[known] - first, minlength=size)
    means = np.divide(sums, counts, out=np.full(size, np.nan), where=counts > 0)
    return Series(start=first * step, step=step, values=means)


def resample(series: Series, *, step: int) -> Series:
    """Return the series on a coarser grid: the mean of what was measured in each interval.

    An interval with less than half of its values is missing. One lower bound makes the interval a
    lower bound. The last interval is left out unless it is complete.

    Raises:
        ValueError: *step* is not a multiple of the series' step.
    """
    if step % series.step:
        raise ValueError(f"step {step} s is not a multiple of {series.step} s")
    width = step // series.step
    lead = (series.start % step) // series.step
    size = (lead + len(series)) // width
    padded = np.concatenate((np.full(lead, np.nan), series.values))[: size * width].reshape(
        size, width
    )
    flags = np.concatenate((np.zeros(lead, dtype=np.bool_), series.censored))[: size * width]
    counts = np.count_nonzero(np.isfinite(padded), axis=1)
    means = np.divide(
        np.nansum(padded, axis=1), counts, out=np.full(size, np.nan), where=2 * counts >= width
    )
    return Series(
        start=series.start - lead * series.step,
        step=step,
        values=means,
        censored=np.asarray(flags.reshape(size, width).any(axis=1)),
    )
