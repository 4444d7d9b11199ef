"""Measures of forecast error; all leave out what is NaN on either side.

R. J. Hyndman and A. B. Koehler, "Another look at measures of forecast accuracy", 2006 (MASE); S.
Makridakis et al., "The M5 competition", 2022 (RMSSE); R. Koenker and G. Bassett, "Regression
quantiles", 1978 (pinball).
"""

import numpy as np

from forecasting.arrays import FloatArray
from forecasting.series import Series


def mean(values: FloatArray, *, weights: FloatArray | None = None) -> float:
    """Return the weighted mean of what is known; NaN of nothing."""
    known = np.isfinite(values)
    share = known * (
        np.ones_like(values) if weights is None else np.broadcast_to(weights, values.shape)
    )
    total = share.sum()
    return (
        float((np.where(known, values, 0.0) * share).sum() / total) if total > 0 else float("nan")
    )


def ratio(numerator: float, denominator: float) -> float:
    """Return the quotient; NaN where the denominator is zero."""
    return numerator / denominator if denominator else float("nan")


def pinball(actual: FloatArray, bound: FloatArray, *, quantile: float) -> FloatArray:
    """Return the pinball loss: quantile times what is above, 1 - quantile times what is below."""
    over = actual - bound
    return np.asarray(np.maximum(quantile * over, (quantile - 1.0) * over))


def symmetric(actual: FloatArray, forecast: FloatArray) -> FloatArray:
    """Return the symmetric absolute percentage error, 0 to 200; 0 where both are zero."""
    size = np.abs(actual) + np.abs(forecast)
    error = 200.0 * np.abs(actual - forecast)
    return np.asarray(
        np.divide(error, size, out=np.where(np.isnan(size), np.nan, 0.0), where=size > 0)
    )


def seasonal_scales(series: Series, *, season: int) -> tuple[float, float]:
    """Return mean absolute and mean squared error of the seasonal naive forecast inside *series*.

    These scale MASE and RMSSE. Where the series is shorter than two seasons, the last value takes
    its place.

    Args:
        series: the history before what is evaluated, so that the scale is causal.
        season: length in steps.
    """
    lag = season if len(series) >= 2 * season else 1
    known = np.where(series.censored, np.nan, series.values)
    steps = known[lag:] - known[:-lag]
    return mean(np.abs(steps)), mean(steps**2)
