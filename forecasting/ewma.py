"""Exponentially weighted moving average: a flat forecast that ignores noise."""

import attrs
import numpy as np

from forecasting.arrays import FloatArray, IntArray
from forecasting.candidate import Plan
from forecasting.prepared import Prepared

_BLOCKS_PER_HALF_LIFE = 4
_HALF_LIVES = 6


@attrs.frozen(kw_only=True)
class Ewma:
    """Simple exponential smoothing (R. G. Brown, 1956), cut off after six half-lives."""

    half_life: int
    """Seconds; at least one step is used."""

    @property
    def name(self) -> str:
        """Name with the half-life in minutes."""
        return f"ewma_{self.half_life // 60}m"

    def fit(self, prepared: Prepared, *, plan: Plan) -> "_Smoothed":
        """Learn nothing: the half-life is given."""
        return _Smoothed(knots=plan.knots, steps=prepared.steps(self.half_life))


@attrs.frozen(kw_only=True, eq=False)
class _Smoothed:
    knots: IntArray
    steps: int

    def paths(self, prepared: Prepared, *, origins: IntArray) -> FloatArray:
        block = max(self.steps // _BLOCKS_PER_HALF_LIFE, 1)
        number = np.arange(_HALF_LIVES * self.steps // block)
        weights = 0.5 ** (number * block / self.steps)
        means = prepared.mean(origins[:, None] - block * number, seconds=block * prepared.step)
        known = np.isfinite(means)
        mass = known @ weights
        total = np.where(known, means, 0.0) @ weights
        level = np.divide(total, mass, out=prepared.recent(origins), where=mass > 0)
        return np.repeat(level[:, None], self.knots.size, axis=1)
