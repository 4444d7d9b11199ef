"""Any model with `fit` and `predict` as a candidate: statsforecast, sktime, or one's own."""

from collections.abc import Callable
from typing import Any, Protocol

import attrs
import numpy as np

from forecasting.arrays import FloatArray, IntArray
from forecasting.candidate import Plan
from forecasting.holt_winters import block_means, filled
from forecasting.prepared import DAY, Prepared

_LEAST_SEASONS = 2


class Outside(Protocol):
    """A fresh fit each time: numbers in, numbers out."""

    def __call__(self, values: FloatArray, *, horizon: int) -> FloatArray:
        """Return the forecast, shape (horizon,)."""
        ...


def statsforecast_like(make: Callable[[], Any]) -> Outside:
    """Return a caller for models with `forecast(y=, h=)`, which answers a mapping with "mean".

    Args:
        make: returns a new model, such as `lambda: AutoETS(season_length=144)`.
    """

    def call(values: FloatArray, *, horizon: int) -> FloatArray:
        return np.asarray(make().forecast(y=values, h=horizon)["mean"], dtype=np.float64)

    return call


def sktime_like(make: Callable[[], Any]) -> Outside:
    """Return a caller for models with `fit(y, fh=)` and `predict()`.

    Args:
        make: returns a new model, such as `lambda: ThetaForecaster(sp=144)`.
    """

    def call(values: FloatArray, *, horizon: int) -> FloatArray:
        model = make().fit(values, fh=np.arange(1, horizon + 1))
        return np.asarray(model.predict(), dtype=np.float64).reshape(horizon)

    return call


@attrs.frozen(kw_only=True)
class Adapted:
    """A model from outside, fitted at refits on coarse means, then moved to where the series is.

    Refitting at every origin of the record would take minutes; between refits, its path keeps its
    shape and is shifted by its error now (the innovations form of R. J. Hyndman et al., 2002,
    with a level of weight 1).
    """

    name: str
    outside: Outside
    step: int = 600
    """Seconds of the means that the model sees; at least the series' step."""

    season: int = DAY
    """Seconds; the model is asked once two seasons are known."""

    refit_every: int = 43_200
    """Seconds, aligned; the refits of the plan that are multiples of it are used."""

    def fit(self, prepared: Prepared, *, plan: Plan) -> "_Paths":
        """Fit the model at its refits, each on what was known then."""
        block = prepared.steps(self.step)
        values = filled(block_means(prepared, block=block), season=self._season(prepared, block))
        reach = self.refit_every // prepared.step + int(plan.knots[-1])
        refits, paths = [], []
        for refit in plan.refits[plan.refits % self.refit_every == 0]:
            known = prepared.series.index(int(refit)) // block
            if known >= _LEAST_SEASONS * self._season(prepared, block):
                window = values[max(known - plan.memory // (block * prepared.step), 0) : known]
                refits.append(int(refit))
                paths.append(self.outside(window, horizon=reach // block + 2))
        return _Paths(plan=plan, block=block, refits=tuple(refits), ahead=tuple(paths))

    def _season(self, prepared: Prepared, block: int) -> int:
        return max(self.season // (block * prepared.step), 1)


@attrs.frozen(kw_only=True, eq=False)
class _Paths:
    plan: Plan
    block: int
    refits: tuple[int, ...]
    ahead: tuple[FloatArray, ...]

    def paths(self, prepared: Prepared, *, origins: IntArray) -> FloatArray:
        paths = np.full((origins.size, self.plan.knots.size), np.nan)
        times = prepared.series.start + origins * prepared.step
        chosen = np.searchsorted(self.refits, times, side="right") - 1
        now = prepared.recent(origins)
        for number in np.unique(chosen[chosen >= 0]):
            rows = chosen == number
            first = prepared.series.index(self.refits[number]) // self.block * self.block
            then = self._at(origins[rows] - 1 - first, ahead=self.ahead[number])
            later = self._at(
                origins[rows][:, None] + self.plan.knots - 1 - first, ahead=self.ahead[number]
            )
            paths[rows] = later + (now[rows] - then)[:, None]
        return paths

    def _at(self, steps: IntArray, *, ahead: FloatArray) -> FloatArray:
        """Return the path some steps after its beginning; a mean stands for its middle."""
        middles = (np.arange(ahead.size) + 0.5) * self.block - 0.5
        return np.asarray(np.interp(steps, middles, ahead))
