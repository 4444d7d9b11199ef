"""Direct multi-horizon ridge regression: one small linear model for each horizon."""

import attrs
import numpy as np

from forecasting.arrays import FloatArray, IntArray
from forecasting.candidate import Learned, Plan
from forecasting.prepared import DAY, LEVEL_SECONDS, Prepared
from forecasting.profile import usual_at, usual_now
from forecasting.regression import Rows, coefficients_at, solve

_ROW_SECONDS = 600
_NOW = 900


@attrs.frozen(kw_only=True)
class Lags:
    """Past seasons as features."""

    season: int
    """Seconds."""

    ages: tuple[int, ...]
    """Each of these past seasons by itself."""

    usual: int = 0
    """The median of this many past seasons as one more feature; 0 for none."""


@attrs.frozen(kw_only=True)
class DirectRidge:
    """Regression of the change from now on recent means and on what earlier seasons did.

    The direct strategy for multi-step forecasts (S. Ben Taieb et al., 2012), shrunk towards "no
    change".
    """

    name: str
    lags: tuple[Lags, ...] = ()

    def fit(self, prepared: Prepared, *, plan: Plan) -> "_Direct":
        """Learn one vector of coefficients for each refit and knot."""
        stride = prepared.steps(_ROW_SECONDS)
        reach = int(plan.knots[-1])
        first = -(prepared.series.start // prepared.step) % stride
        origins = np.arange(first, len(prepared) - reach + 1, stride, dtype=np.int64)
        targets = origins[:, None] + plan.knots - 1
        now = prepared.recent(origins)[:, None]
        rows = Rows(
            known_at=prepared.series.start + (origins + reach) * prepared.step,
            features=self.features(prepared, origins=origins, knots=plan.knots),
            outcomes=prepared.train[targets] - now,
        )
        longest = max((lags.season for lags in self.lags), default=0)
        least = max(2 * rows.features.shape[2], longest // max(_ROW_SECONDS, prepared.step) // 4)
        return _Direct(design=self, plan=plan, coefficients=solve(rows, plan=plan, least=least))

    def restore(self, prepared: Prepared, *, plan: Plan, learned: Learned) -> "_Direct":
        """Return the fitted model."""
        del prepared
        return _Direct(design=self, plan=plan, coefficients=learned["coefficients"])

    def features(self, prepared: Prepared, *, origins: IntArray, knots: IntArray) -> FloatArray:
        """Return the features, shape (origins, knots, features), all relative to the level now."""
        now = prepared.recent(origins)
        recent = [
            prepared.mean(origins, seconds=seconds) - now
            for seconds in _recent_windows(prepared.step)
        ]
        by_origin = np.stack((np.ones(origins.size), *recent), axis=-1)
        columns = [np.repeat(by_origin[:, None, :], knots.size, axis=1)]
        for lags in self.lags:
            columns.extend(
                _seasonal_pairs(prepared, lags=lags, origins=origins, knots=knots, now=now)
            )
        return np.concatenate(columns, axis=2)


def _recent_windows(step: int) -> tuple[int, ...]:
    """Return the windows of recent means in seconds, other than the one that makes "now"."""
    finest = (step,) if step < LEVEL_SECONDS else ()
    return finest + tuple(
        width for width in (900, 3_600, 10_800, DAY) if width >= 2 * max(step, LEVEL_SECONDS)
    )


def _seasonal_pairs(
    prepared: Prepared, *, lags: Lags, origins: IntArray, knots: IntArray, now: FloatArray
) -> list[FloatArray]:
    season = prepared.steps(lags.season)
    targets = origins[:, None] + knots - 1
    pairs = []
    for age in lags.ages:
        ahead = prepared.seasonal(targets, horizon=knots, season=season, age=age)
        then = prepared.mean(prepared.ago(origins, steps=age * season), seconds=_NOW, past=True)
        pairs.append(_pair(ahead, then=then, now=now))
    if lags.usual:
        ahead = usual_at(prepared, origins=origins, knots=knots, season=season, seasons=lags.usual)
        then = usual_now(prepared, origins=origins, season=season, seasons=lags.usual, seconds=_NOW)
        pairs.append(_pair(ahead, then=then, now=now))
    return pairs


def _pair(ahead: FloatArray, *, then: FloatArray, now: FloatArray) -> FloatArray:
    """Return how the season went on from then, and how far now is from then."""
    away = np.repeat((then - now)[:, None], ahead.shape[1], axis=1)
    return np.stack((ahead - then[:, None], away), axis=-1)


@attrs.frozen(kw_only=True, eq=False)
class _Direct:
    design: DirectRidge
    plan: Plan
    coefficients: FloatArray

    def learned(self) -> Learned:
        return {"coefficients": self.coefficients}

    def paths(self, prepared: Prepared, *, origins: IntArray) -> FloatArray:
        chosen = coefficients_at(self.coefficients, self.plan.refit_of(prepared, origins))
        features = self.design.features(prepared, origins=origins, knots=self.plan.knots)
        change = np.einsum("okf,okf->ok", features, chosen)
        return np.asarray(change + prepared.recent(origins)[:, None])
