"""Holt-Winters on 10-min means: level and additive season, no trend."""

import math
from collections.abc import Callable

import attrs
import numpy as np

from forecasting.arrays import FloatArray, IntArray
from forecasting.candidate import Plan
from forecasting.prepared import WEEK, Prepared

_BLOCK_SECONDS = 600
_LEAST_SEASONS = 3


@attrs.frozen(kw_only=True)
class Smoothing:
    """The two smoothing parameters, each in [0, 1]."""

    level: float
    season: float


Estimator = Callable[[FloatArray, int], Smoothing]


def estimated(values: FloatArray, season: int) -> Smoothing:
    """Return the parameters by maximum likelihood (R. J. Hyndman et al., 2002).

    It imports statsmodels, which takes over a second and 150 MB: for a worker process, not for
    one that serves.
    """
    from statsmodels.tsa.holtwinters import ExponentialSmoothing  # noqa: PLC0415 - see above

    model = ExponentialSmoothing(
        values,
        trend=None,
        seasonal="add",
        seasonal_periods=season,
        initialization_method="heuristic",
    )
    found = model.fit(optimized=True, use_brute=False).params
    return Smoothing(
        level=float(found["smoothing_level"]), season=float(found["smoothing_seasonal"])
    )


@attrs.frozen(kw_only=True)
class HoltWinters:
    """Exponential smoothing of level and season (C. C. Holt, 1957; P. R. Winters, 1960).

    Parameters are estimated once a week, at aligned times; the smoothing itself runs over the
    whole history.
    """

    season: int
    """Seconds."""

    name: str = "holt_winters"
    estimate: Estimator = estimated

    def fit(self, prepared: Prepared, *, plan: Plan) -> "_Smoothed":
        """Estimate the parameters at the first refit of each week, from three seasons on."""
        block = prepared.steps(_BLOCK_SECONDS)
        season = max(round(self.season / (block * prepared.step)), 1)
        values = filled(block_means(prepared, block=block), season=season)
        found: list[tuple[int, Smoothing]] = []
        for refit in plan.refits:
            known = prepared.series.index(int(refit)) // block
            if known >= _LEAST_SEASONS * season and _due(found, int(refit)):
                window = values[max(known - plan.memory // (block * prepared.step), 0) : known]
                found.append((int(refit), self.estimate(window, season)))
        return _Smoothed(plan=plan, block=block, season=season, found=tuple(found))


def _due(found: list[tuple[int, Smoothing]], refit: int) -> bool:
    return not found or refit // WEEK > found[-1][0] // WEEK


def block_means(prepared: Prepared, *, block: int) -> FloatArray:
    """Return the mean of every *block* steps from the start, without an incomplete last one."""
    ends = np.arange(block, len(prepared) + 1, block, dtype=np.int64)
    return prepared.mean(ends, seconds=block * prepared.step, past=True)


def filled(values: FloatArray, *, season: int) -> FloatArray:
    """Return the values with gaps filled by the season before, else by the last value; causal."""
    result = values.tolist()
    last = 0.0
    for index, value in enumerate(result):
        if math.isnan(value):
            result[index] = result[index - season] if index >= season else last
        last = result[index]
    return np.array(result)


@attrs.frozen(kw_only=True, eq=False)
class _Smoothed:
    plan: Plan
    block: int
    season: int
    found: tuple[tuple[int, Smoothing], ...]

    def paths(self, prepared: Prepared, *, origins: IntArray) -> FloatArray:
        paths = np.full((origins.size, self.plan.knots.size), np.nan)
        values = filled(block_means(prepared, block=self.block), season=self.season)
        times = prepared.series.start + origins * prepared.step
        chosen = np.searchsorted([refit for refit, _ in self.found], times, side="right") - 1
        for number in np.unique(chosen[chosen >= 0]):
            rows = chosen == number
            levels, seasons = smoothed(values, season=self.season, smoothing=self.found[number][1])
            paths[rows] = self._ahead(levels, seasons, origins=origins[rows])
        return paths

    def _ahead(self, levels: FloatArray, seasons: FloatArray, *, origins: IntArray) -> FloatArray:
        """Return level plus season at every knot; the season is the last one that is known."""
        known = origins[:, None] // self.block
        targets = (origins[:, None] + self.plan.knots - 1) // self.block
        back = -(-(targets - known + 1) // self.season) * self.season
        return levels[known - 1] + seasons[np.maximum(targets - back, 0)]


def smoothed(
    values: FloatArray, *, season: int, smoothing: Smoothing
) -> tuple[FloatArray, FloatArray]:
    """Return level and seasonal part after each value; the first season starts both."""
    numbers = values.tolist()
    start = sum(numbers[:season]) / max(len(numbers[:season]), 1)
    levels = [start] * min(season, len(numbers))
    seasons = [value - start for value in numbers[:season]]
    level = start
    for index in range(season, len(numbers)):
        past = seasons[index - season]
        before = level
        level += smoothing.level * (numbers[index] - past - level)
        seasons.append(past + smoothing.season * (numbers[index] - before - past))
        levels.append(level)
    return np.array(levels), np.array(seasons)
