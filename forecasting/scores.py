"""What a backtest comes to: errors of the path, calibration of the bounds."""

import attrs
import numpy as np

from forecasting.arrays import BoolArray, FloatArray
from forecasting.evaluation import COMBINED, Backtest
from forecasting.metrics import mean, pinball, ratio, symmetric


@attrs.frozen(kw_only=True)
class Score:
    """Errors of one forecaster, over all origins."""

    mase: float
    """Mean absolute error over the seasonal naive one before the first origin; 1 is as good."""

    smape: float
    """Percent, 0 to 200."""

    wape: float
    """Sum of absolute errors over sum of absolute values."""

    rmsse: float
    bias: float
    """Mean of forecast minus actual over mean absolute actual; above zero is too high."""

    skill: float
    """1 - mean absolute error over the reactive one."""


def score(result: Backtest, *, name: str = COMBINED, knots: BoolArray | None = None) -> Score:
    """Return the errors of one name over the horizon, or over the chosen knots."""
    chosen = np.ones(result.knots.size, dtype=np.bool_) if knots is None else knots
    spans = result.spans[chosen]
    actual = result.actual[:, chosen]
    forecast = result.paths[result.index(name)][:, chosen]
    error = mean(np.abs(forecast - actual), weights=spans)
    baseline = mean(np.abs(result.paths[1][:, chosen] - actual), weights=spans)
    size = mean(np.abs(np.where(np.isnan(forecast), np.nan, actual)), weights=spans)
    squared = mean((forecast - actual) ** 2, weights=spans)
    return Score(
        mase=ratio(error, result.absolute_scale),
        smape=mean(symmetric(actual, forecast), weights=spans),
        wape=ratio(error, size),
        rmsse=ratio(squared, result.squared_scale) ** 0.5,
        bias=ratio(mean(forecast - actual, weights=spans), size),
        skill=1.0 - ratio(error, baseline),
    )


@attrs.frozen(kw_only=True)
class Calibration:
    """How the bound of the maximum held."""

    coverage: float
    """Share of windows whose maximum stayed within the bound."""

    pinball: float
    """Mean loss at the spec's quantile, in the unit of the series."""

    excess: float
    """Mean of bound over maximum, minus 1: the price of the bound."""


def calibration(result: Backtest, *, name: str = COMBINED) -> Calibration:
    """Return how well one name bounds the maximum of the window."""
    bound = result.bounds[result.index(name)]
    known = np.isfinite(result.peaks) & np.isfinite(bound)
    held = np.where(known, result.peaks <= bound, np.nan)
    loss = pinball(result.peaks, bound, quantile=result.forecaster.spec.quantile)
    return Calibration(
        coverage=mean(held),
        pinball=mean(loss),
        excess=ratio(
            mean(np.where(known, bound, np.nan)), mean(np.where(known, result.peaks, np.nan))
        )
        - 1.0,
    )


def band_coverage(result: Backtest) -> FloatArray:
    """Return the share of values within each level's quantile; shape (levels, knots)."""
    known = np.isfinite(result.actual) & np.isfinite(result.bands)
    inside = np.where(known, result.actual <= result.bands, 0.0).sum(axis=1)
    count = known.sum(axis=1)
    return np.asarray(np.divide(inside, count, out=np.full(inside.shape, np.nan), where=count > 0))


def band_pinball(result: Backtest) -> FloatArray:
    """Return the mean pinball loss of each level at each knot; shape (levels, knots)."""
    losses = [
        [
            mean(pinball(result.actual[:, knot], band[:, knot], quantile=level))
            for knot in range(result.knots.size)
        ]
        for level, band in zip(result.forecaster.spec.levels, result.bands, strict=True)
    ]
    return np.array(losses)
