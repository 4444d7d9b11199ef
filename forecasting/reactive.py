"""What a scaler without a forecast believes: it stays as it is."""

import attrs
import numpy as np

from forecasting.arrays import FloatArray, IntArray
from forecasting.candidate import Plan
from forecasting.prepared import LEVEL_SECONDS, Prepared


@attrs.frozen(kw_only=True)
class LastValue:
    """The last value, for every horizon: the random walk (naive 1 of Makridakis et al., 1982)."""

    name: str = "last"

    def fit(self, prepared: Prepared, *, plan: Plan) -> "_Flat":
        """Learn nothing."""
        return _Flat(knots=plan.knots, seconds=prepared.step)


@attrs.frozen(kw_only=True)
class Reactive:
    """The mean of the last 5 min, for every horizon: the baseline of skill, always in the pool."""

    name: str = "reactive"

    def fit(self, prepared: Prepared, *, plan: Plan) -> "_Flat":
        """Learn nothing."""
        del prepared
        return _Flat(knots=plan.knots, seconds=LEVEL_SECONDS)


@attrs.frozen(kw_only=True, eq=False)
class _Flat:
    knots: IntArray
    seconds: int

    def paths(self, prepared: Prepared, *, origins: IntArray) -> FloatArray:
        level = prepared.mean(origins, seconds=self.seconds)
        level = np.where(np.isnan(level), prepared.recent(origins), level)
        return np.repeat(level[:, None], self.knots.size, axis=1)
