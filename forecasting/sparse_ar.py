"""Sparse-lag autoregression, iterated: short lags and the neighborhoods of whole seasons."""

import attrs
import numpy as np

from forecasting.arrays import FloatArray, IntArray
from forecasting.candidate import Learned, Plan
from forecasting.prepared import LEVEL_SECONDS, Prepared
from forecasting.regression import Rows, coefficients_at, solve

_ROW_SECONDS = 600
_LONG_LAG = 43_200
_SHORT = (1, 2, 3, 4, 6, 9, 12)


@attrs.frozen(kw_only=True)
class SparseAr:
    """Autoregression of the mean of the last 5 min on a few lags of itself, forecast recursively.

    G. E. P. Box and G. M. Jenkins, 1970, with the multiplicative seasonal model's lags left free;
    estimated by ridge regression. Blocks end at the origin, wherever that lies on the grid.
    """

    name: str
    seasons: tuple[tuple[int, tuple[int, ...]], ...]
    """Season in seconds, and how many blocks around each multiple of it: (1, 1, 0) is m-1..m+1,
    2m-1..2m+1, 3m."""

    def fit(self, prepared: Prepared, *, plan: Plan) -> "_Autoregression":
        """Learn one vector of coefficients for each refit."""
        block = prepared.steps(LEVEL_SECONDS)
        lags = self._lags(block, step=prepared.step)
        stride = prepared.steps(_ROW_SECONDS)
        first = -(prepared.series.start // prepared.step) % stride
        ends = np.arange(first, len(prepared) + 1, stride, dtype=np.int64)
        values = prepared.mean(
            lagged(prepared, ends, lags=lags), seconds=block * prepared.step, past=True
        )
        features = np.concatenate((np.ones((ends.size, 1)), values[:, 1:] - values[:, :1]), axis=1)
        rows = Rows(
            known_at=prepared.series.start + ends * prepared.step,
            features=features[:, None, :],
            outcomes=prepared.mean(ends, seconds=block * prepared.step, past=True)[:, None]
            - values[:, :1],
        )
        longest = max(season for season, _ in self.seasons)
        least = max(2 * lags.size, longest // max(_ROW_SECONDS, prepared.step) // 4)
        coefficients = solve(rows, plan=plan, least=least)[:, 0]
        return _Autoregression(plan=plan, block=block, lags=lags, coefficients=coefficients)

    def restore(self, prepared: Prepared, *, plan: Plan, learned: Learned) -> "_Autoregression":
        """Return the fitted model."""
        block = prepared.steps(LEVEL_SECONDS)
        return _Autoregression(
            plan=plan,
            block=block,
            lags=self._lags(block, step=prepared.step),
            coefficients=learned["coefficients"],
        )

    def _lags(self, block: int, *, step: int) -> IntArray:
        """Return the lags in steps, ascending; the first is one block."""
        lags = {short * block for short in _SHORT}
        for season, widths in self.seasons:
            for multiple, width in enumerate(widths, start=1):
                center = multiple * block * max(round(season / step / block), 1)
                lags.update(center + offset * block for offset in range(-width, width + 1))
        return np.array(sorted(lag for lag in lags if lag >= block), dtype=np.int64)


@attrs.frozen(kw_only=True, eq=False)
class _Autoregression:
    plan: Plan
    block: int
    lags: IntArray
    coefficients: FloatArray

    def learned(self) -> Learned:
        return {"coefficients": self.coefficients}

    def paths(self, prepared: Prepared, *, origins: IntArray) -> FloatArray:
        chosen = coefficients_at(self.coefficients, self.plan.refit_of(prepared, origins))
        count = -(-int(self.plan.knots[-1]) // self.block)
        ahead = np.empty((origins.size, count + 1))
        ahead[:, 0] = prepared.recent(origins)
        for number in range(1, count + 1):
            values = self._lagged(prepared, origins=origins, ahead=ahead, number=number)
            change = values[:, 1:] - values[:, :1]
            ahead[:, number] = (
                values[:, 0] + chosen[:, 0] + np.einsum("of,of->o", change, chosen[:, 1:])
            )
        return self._at_knots(ahead)

    def _lagged(
        self, prepared: Prepared, *, origins: IntArray, ahead: FloatArray, number: int
    ) -> FloatArray:
        """Return the lags of block *number* after each origin, forecasts where they lie ahead."""
        ends = number * self.block - self.lags
        indices = lagged(prepared, origins + number * self.block, lags=self.lags)
        values = prepared.mean(
            np.minimum(indices, origins[:, None]), seconds=self.block * prepared.step, past=True
        )
        values = np.where(np.isnan(values), prepared.recent(origins)[:, None], values)
        future = np.flatnonzero((ends >= 0) & (ends % self.block == 0))
        values[:, future] = ahead[:, ends[future] // self.block]
        return values

    def _at_knots(self, ahead: FloatArray) -> FloatArray:
        """Interpolate block means, which stand for the middle of their block, at the knots."""
        if self.block == 1:
            return ahead[:, self.plan.knots]
        position = np.clip(
            (self.plan.knots + (self.block - 1) / 2) / self.block, 1.0, ahead.shape[1] - 1.0
        )
        low = np.minimum(position.astype(np.int64), ahead.shape[1] - 2)
        part = position - low
        return np.asarray(ahead[:, low] * (1 - part) + ahead[:, low + 1] * part)


def lagged(prepared: Prepared, ends: IntArray, *, lags: IntArray) -> IntArray:
    """Return each end minus each lag; long lags keep the local clock time."""
    seasonal = lags * prepared.step > _LONG_LAG
    plain = ends[:, None] - lags
    return np.where(seasonal, prepared.ago(ends[:, None], steps=lags), plain)
