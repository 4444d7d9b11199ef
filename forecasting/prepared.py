"""A series made ready for models: square-root scale, trailing means, values one season ago.

Everything here is causal: what is asked for an origin depends on values before that origin only.
An *origin* is the number of known values, so it is the index of the first unknown one; horizon 1
forecasts that index.
"""

from typing import TypeVar

import attrs
import numpy as np
from numpy.typing import NDArray

from forecasting.arrays import BoolArray, FloatArray, IntArray, root
from forecasting.series import Series

DAY = 86_400
WEEK = 7 * DAY

LEVEL_SECONDS = 300
"""The level now is the mean of so many last seconds."""

_Number = TypeVar("_Number", np.int64, np.float64)

_OUTLIER = 6.0 * 1.4826
"""Clip beyond six normal standard deviations, told by the median absolute deviation (Hampel,
1974)."""


@attrs.frozen(kw_only=True, eq=False)
class Prepared:
    """One history, ready to be asked by many origins at once."""

    series: Series
    level: FloatArray
    """Square-root scale, as it was measured (lower bounds included): what "now" looks like."""

    train: FloatArray
    """The same without lower bounds and left-out times, outliers clipped: targets and seasonal
    lags."""

    smooth: FloatArray
    """Centered mean of `train` over about 15 min: a seasonal lag with less noise."""

    shifts: IntArray
    """Local time minus UTC, in steps, by index; it reaches past the end of the series."""

    detours: IntArray
    """Steps back to last Sunday where a day is to be treated as a Sunday, else 0; by index, as
    `shifts`."""

    factors: FloatArray
    """Declared multiplier that was taken out of the values; by index, as `shifts`."""

    _level_sums: tuple[FloatArray, FloatArray]
    _train_sums: tuple[FloatArray, FloatArray]
    _bounds: tuple[FloatArray, FloatArray]

    @property
    def step(self) -> int:
        """Seconds between two values."""
        return self.series.step

    def __len__(self) -> int:
        return len(self.series)

    def steps(self, seconds: float) -> int:
        """Return how many steps *seconds* are, at least one."""
        return max(round(seconds / self.step), 1)

    def mean(self, origins: IntArray, *, seconds: float, past: bool = False) -> FloatArray:
        """Return the mean of the last *seconds* before each origin; NaN where nothing was measured.

        Args:
            origins: indices; outside of the series they give NaN.
            seconds: width of the window.
            past: of training values (lags), not of live ones.
        """
        width = self.steps(seconds)
        return _window_mean(
            self._train_sums if past else self._level_sums, origins - width, origins
        )

    def recent(self, origins: IntArray) -> FloatArray:
        """Return the level now: the mean of the last 5 min, else of the last day or less."""
        level = self.mean(origins, seconds=LEVEL_SECONDS)
        for seconds in (1_800, 7_200, DAY):
            missing = np.isnan(level)
            if not missing.any():
                break
            level = np.where(missing, self.mean(origins, seconds=seconds), level)
        return level

    def ago(self, indices: IntArray, *, steps: int | IntArray) -> IntArray:
        """Return the indices with the same local clock time, *steps* of local time earlier.

        A local hour that did not exist maps to its neighbor; of a doubled hour, the first is taken.
        """
        if self.shifts.size == 1 and self.detours.size == 1:
            return np.asarray(indices - steps)
        week = max(WEEK // self.step, 1)
        detour = at_edge(self.detours, indices)
        back = np.where(detour > 0, detour + (np.maximum(-(-steps // week), 1) - 1) * week, steps)
        earlier = indices - back
        return np.asarray(earlier + at_edge(self.shifts, indices) - at_edge(self.shifts, earlier))

    def seasonal(
        self, targets: IntArray, *, horizon: IntArray, season: int, age: int = 1
    ) -> FloatArray:
        """Return the smoothed value *age* seasons before each target, of those known at the origin.

        Args:
            targets: indices that are forecast.
            horizon: steps from origin to target (1 is the first unknown value), broadcastable.
            season: length in steps.
            age: 1 for the last season that was known at the origin.
        """
        skip = -(-(horizon + self.half) // season)
        return _at(self.smooth, self.ago(targets, steps=(skip - 1 + age) * season))

    @property
    def half(self) -> int:
        """Steps to each side that `smooth` takes in."""
        return int(450 // self.step)

    def bounds(self, origins: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return the lowest and highest sensible forecast.

        That is zero (or twice a negative minimum) and twice the maximum, of what was known.
        """
        known = np.clip(origins - 1, 0, max(len(self) - 1, 0))
        return self._bounds[0][known], self._bounds[1][known]


def prepare(
    series: Series,
    *,
    shifts: IntArray | None = None,
    detours: IntArray | None = None,
    factors: FloatArray | None = None,
    left_out: BoolArray | None = None,
) -> Prepared:
    """Return *series* ready for models.

    The first three are by index and reach past the end of the series; what lies beyond them is as
    their last value.

    Args:
        series: the history.
        shifts: local time minus UTC in steps; none is UTC.
        detours: steps back to last Sunday on days that are treated as Sundays, else 0.
        factors: declared multipliers, to be taken out of the values.
        left_out: values that no model may learn from (outages, tests).
    """
    factors = np.ones(1) if factors is None else factors
    values = series.values / factors[: len(series)] if factors.size > 1 else series.values
    level = root(values)
    usable = np.isfinite(level) & ~series.censored
    if left_out is not None:
        usable &= ~left_out
    train = np.where(usable, level, np.nan)
    day = max(round(DAY / series.step), 1)
    train = _clip(train, hour=max(round(3_600 / series.step), 1), day=day)
    half = int(450 // series.step)
    sums = _sums(train)
    indices = np.arange(len(series), dtype=np.int64)
    return Prepared(
        series=series,
        level=level,
        train=train,
        smooth=_window_mean(sums, indices - half, indices + half + 1, least=1) if half else train,
        shifts=np.zeros(1, dtype=np.int64) if shifts is None else shifts,
        detours=np.zeros(1, dtype=np.int64) if detours is None else detours,
        factors=factors,
        level_sums=_sums(level),
        train_sums=sums,
        bounds=(
            np.minimum(2.0 * np.fmin.accumulate(values), 0.0),
            2.0 * np.maximum(np.fmax.accumulate(values), 0.0),
        ),
    )


def at_edge(values: NDArray[_Number], indices: IntArray) -> NDArray[_Number]:
    """Return the values at the indices; beyond either end, the one at that end."""
    return values[np.clip(indices, 0, values.size - 1)]


def _at(values: FloatArray, indices: IntArray) -> FloatArray:
    inside = (indices >= 0) & (indices < values.size)
    return np.where(inside, values[np.where(inside, indices, 0)], np.nan)


def _sums(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    known = np.isfinite(values)
    zero = np.zeros(1)
    return (
        np.concatenate((zero, np.cumsum(np.where(known, values, 0.0)))),
        np.concatenate((zero, np.cumsum(known, dtype=np.float64))),
    )


def _window_mean(
    sums: tuple[FloatArray, FloatArray], first: IntArray, last: IntArray, *, least: int = 1
) -> FloatArray:
    total, count = sums
    top = total.size - 1
    low, high = np.clip(first, 0, top), np.clip(last, 0, top)
    known = count[high] - count[low]
    valid = (known >= least) & (last <= top)
    means = np.full(known.shape, np.nan)
    np.divide(total[high] - total[low], known, out=means, where=valid)
    return means


def _clip(values: FloatArray, *, hour: int, day: int) -> FloatArray:
    """Clip what is far both from the hour before and from the same time yesterday.

    The scale is the median of earlier days' median absolute deviations, so that nothing looks
    ahead.
    """
    indices = np.arange(values.size, dtype=np.int64)
    sums = _sums(values)
    before = _window_mean(sums, indices - hour, indices)
    yesterday = _window_mean(sums, indices - day - hour // 2, indices - day + hour // 2 + 1)
    yesterday = np.where(np.isnan(yesterday), before, yesterday)
    scale = _daily_scale(np.abs(values - before), day=day)
    width = _OUTLIER * scale
    low, high = np.fmin(before, yesterday) - width, np.fmax(before, yesterday) + width
    clipped = np.fmin(np.fmax(values, low), high)
    return np.where(np.isfinite(width) & (width > 0) & np.isfinite(values), clipped, values)


def _daily_scale(deviations: FloatArray, *, day: int) -> FloatArray:
    days = -(-deviations.size // day)
    medians: list[float] = []
    scale = np.full(deviations.size, np.nan)
    for number in range(days):
        part = slice(number * day, (number + 1) * day)
        if medians:
            scale[part] = np.median(medians[-28:])
        known = deviations[part][np.isfinite(deviations[part])]
        if known.size:
            medians.append(float(np.median(known)))
    return scale
