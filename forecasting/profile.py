"""Level-adjusted seasonal profile: what was usual at this time, scaled to what is now."""

import attrs
import numpy as np

from forecasting.arrays import FloatArray, IntArray
from forecasting.candidate import Plan
from forecasting.prepared import Prepared

_LEVEL_SECONDS = 1_800
_LOWEST_RATIO, _HIGHEST_RATIO = 0.2**0.5, 5.0**0.5


@attrs.frozen(kw_only=True)
class Profile:
    """The median of the last seasons at the same local time, times (now / usual now).

    A robust seasonal naive (Hyndman and Athanasopoulos, "Forecasting: principles and practice",
    5.2) with the multiplicative level of P. R. Winters, 1960. The ratio stays between 0.2 and 5.
    """

    name: str
    season: int
    """Seconds."""

    seasons: int
    """How many past seasons the median takes."""

    def fit(self, prepared: Prepared, *, plan: Plan) -> "_Usual":
        """Learn nothing: the profile is read from the history at each origin."""
        return _Usual(knots=plan.knots, season=prepared.steps(self.season), seasons=self.seasons)


@attrs.frozen(kw_only=True, eq=False)
class _Usual:
    knots: IntArray
    season: int
    seasons: int

    def paths(self, prepared: Prepared, *, origins: IntArray) -> FloatArray:
        usual = usual_at(
            prepared, origins=origins, knots=self.knots, season=self.season, seasons=self.seasons
        )
        then = usual_now(
            prepared,
            origins=origins,
            season=self.season,
            seasons=self.seasons,
            seconds=_LEVEL_SECONDS,
        )
        now = prepared.mean(origins, seconds=_LEVEL_SECONDS)
        now = np.where(np.isnan(now), prepared.recent(origins), now)
        ratio = np.divide(now, then, out=np.ones_like(now), where=then > 0)
        return np.asarray(usual * np.clip(ratio, _LOWEST_RATIO, _HIGHEST_RATIO)[:, None])


def usual_at(
    prepared: Prepared, *, origins: IntArray, knots: IntArray, season: int, seasons: int
) -> FloatArray:
    """Return the median over past seasons at each target; shape (origins, knots)."""
    targets = origins[:, None] + knots - 1
    past = [
        prepared.seasonal(targets, horizon=knots, season=season, age=age)
        for age in range(1, seasons + 1)
    ]
    return median(np.stack(past, axis=-1))


def usual_now(
    prepared: Prepared, *, origins: IntArray, season: int, seasons: int, seconds: int
) -> FloatArray:
    """Return the median over past seasons of the mean over the last *seconds*; shape (origins,)."""
    past = [
        prepared.mean(prepared.ago(origins, steps=age * season), seconds=seconds, past=True)
        for age in range(1, seasons + 1)
    ]
    return median(np.stack(past, axis=-1))


def median(values: FloatArray) -> FloatArray:
    """Return the median of the last axis without its NaN; NaN where nothing is known.

    Sorting a handful of values is many times faster than `numpy.nanmedian`.
    """
    ordered = np.sort(values, axis=-1)
    known = np.isfinite(values).sum(axis=-1)
    low = np.maximum((known - 1) // 2, 0)[..., None]
    high = (known // 2)[..., None].clip(max=values.shape[-1] - 1)
    middle = np.take_along_axis(ordered, low, axis=-1) + np.take_along_axis(ordered, high, axis=-1)
    return np.where(known > 0, 0.5 * middle[..., 0], np.nan)
