"""Confidence intervals of a backtest's figures: origins overlap, so whole days are drawn."""

import attrs
import numpy as np

from forecasting.arrays import FloatArray
from forecasting.evaluation import COMBINED, Backtest
from forecasting.prepared import DAY

_DRAWS = 1_000
_SEED = 0
_FEWEST_BLOCKS = 5


@attrs.frozen(kw_only=True)
class Interval:
    """A confidence interval."""

    low: float
    high: float


def skill_interval(result: Backtest, *, confidence: float = 0.95) -> Interval:
    """Return the interval of the combination's skill against reactive."""
    error = np.abs(result.paths[result.index(COMBINED)] - result.actual)
    baseline = np.abs(result.paths[1] - result.actual)
    known = np.isfinite(error) & np.isfinite(baseline)
    own = (np.where(known, error, 0.0) * result.spans).sum(axis=1)
    base = (np.where(known, baseline, 0.0) * result.spans).sum(axis=1)
    interval = _ratio_interval(result, own, base, confidence=confidence)
    return Interval(low=1.0 - interval.high, high=1.0 - interval.low)


def coverage_interval(result: Backtest, *, confidence: float = 0.95) -> Interval:
    """Return the interval of the share of windows whose maximum stayed within the bound."""
    known = np.isfinite(result.peaks) & np.isfinite(result.bounds[0])
    held = known & (result.peaks <= result.bounds[0])
    return _ratio_interval(
        result, held.astype(np.float64), known.astype(np.float64), confidence=confidence
    )


def _ratio_interval(
    result: Backtest, numerator: FloatArray, denominator: FloatArray, *, confidence: float
) -> Interval:
    """Return the percentile interval of a ratio of sums over blocks of origins.

    Block bootstrap (H. R. Kuensch, 1989) with a fixed seed. Blocks are days, or shorter ones
    where the backtest has too few days.
    """
    span = int(result.times[-1] - result.times[0]) + 1
    seconds = min(DAY, max(span // _FEWEST_BLOCKS, 1))
    block = (result.times - result.times[0]) // seconds
    above = np.bincount(block, weights=numerator)
    below = np.bincount(block, weights=denominator)
    drawn = np.random.default_rng(_SEED).integers(0, above.size, size=(_DRAWS, above.size))
    total = below[drawn].sum(axis=1)
    ratios = above[drawn].sum(axis=1)[total > 0] / total[total > 0]
    if ratios.size == 0:
        return Interval(low=float("nan"), high=float("nan"))
    low, high = np.quantile(ratios, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(low=float(low), high=float(high))
