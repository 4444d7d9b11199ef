"""The record of what every candidate said from past origins, beside what came."""

from collections.abc import Sequence

import attrs
import numpy as np

from forecasting.arrays import FloatArray, IntArray, square
from forecasting.candidate import Model
from forecasting.prepared import Prepared, at_edge
from forecasting.series import Series


@attrs.frozen(kw_only=True, eq=False)
class Track:
    """Forecasts from equally spaced origins; all in the unit of the series."""

    times: IntArray
    """Unix seconds of the origins."""

    paths: FloatArray
    """Shape (candidates, origins, knots); NaN where a candidate had nothing to say."""

    actual: FloatArray
    """What came, shape (origins, knots); NaN where it is unknown, missing or only a lower bound."""

    peak: FloatArray
    """The maximum that came in the window, shape (origins,); NaN likewise."""


def spoken(
    models: Sequence[Model], prepared: Prepared, *, origins: IntArray, knots: IntArray
) -> FloatArray:
    """Return what the models forecast, in the unit of the series and within sensible bounds."""
    low, high = prepared.bounds(origins)
    factors = at_edge(prepared.factors, origins[:, None] + knots - 1)
    paths = np.stack([square(model.paths(prepared, origins=origins)) for model in models])
    return np.asarray(np.clip(paths, low[:, None], high[:, None]) * factors)


def came(
    series: Series, *, times: IntArray, knots: IntArray, window: int
) -> tuple[FloatArray, FloatArray]:
    """Return what came at every knot, and the maximum of the first *window* steps.

    Lower bounds are unknown. A window counts when it has ended, holds no lower bound and at least
    half its values.
    """
    known = np.where(series.censored, np.nan, series.values)
    origins = (times - series.start) // series.step
    return _at(known, origins[:, None] + knots - 1), _peaks(series, origins, window=window)


def _at(values: FloatArray, indices: IntArray) -> FloatArray:
    padded = np.append(values, np.nan)
    return padded[np.where((indices >= 0) & (indices < values.size), indices, values.size)]


def _peaks(series: Series, origins: IntArray, *, window: int) -> FloatArray:
    if len(series) < window:
        return np.full(origins.shape, np.nan)
    values = np.lib.stride_tricks.sliding_window_view(series.values, window)
    bounds = np.lib.stride_tricks.sliding_window_view(series.censored, window)
    inside = (origins >= 0) & (origins < values.shape[0])
    chosen = np.where(inside, origins, 0)
    parts = values[chosen]
    known = np.isfinite(parts)
    valid = inside & (2 * known.sum(axis=1) >= window) & ~bounds[chosen].any(axis=1)
    return np.where(valid, np.where(known, parts, -np.inf).max(axis=1), np.nan)


def grid(series: Series, *, first: int, every: int) -> IntArray:
    """Return the aligned origins in Unix seconds, from *first* to the end of the series."""
    lowest = -(-max(first, series.start) // every) * every
    return np.arange(lowest, series.end + 1, every, dtype=np.int64)


def follow(
    models: Sequence[Model], prepared: Prepared, *, times: IntArray, knots: IntArray, window: int
) -> Track:
    """Return the record of *models* from the origins at *times*."""
    origins = (times - prepared.series.start) // prepared.step
    actual, peak = came(prepared.series, times=times, knots=knots, window=window)
    return Track(
        times=times,
        paths=spoken(models, prepared, origins=origins, knots=knots),
        actual=actual,
        peak=peak,
    )


def extend(earlier: Track, later: Track, *, series: Series, knots: IntArray, window: int) -> Track:
    """Return both records as one, with what has come since then filled in from *series*."""
    times = np.concatenate((earlier.times, later.times))
    actual, peak = came(series, times=times, knots=knots, window=window)
    return Track(
        times=times,
        paths=np.concatenate((earlier.paths, later.paths), axis=1),
        actual=actual,
        peak=peak,
    )
