"""Online combination: who was right of late decides, horizon by horizon."""

import attrs
import numpy as np

from forecasting.arrays import BoolArray, FloatArray, IntArray

_POWER = 12.0
"""Weights fall with this power of the error: nearly the best few, but no cliff between third and
fourth."""

_PRIOR_DAYS = 0.5
"""So many days of record count as much as the prior belief that a candidate is as good as the
baseline."""

_BEST_RATIO = 1e-3


@attrs.frozen(kw_only=True, eq=False)
class Window:
    """A sliding window over equally spaced origins that only sees outcomes that are known."""

    delays: IntArray
    """Origins until an outcome is known, by knot."""

    width: int
    """Origins that count."""

    per_day: float
    """Origins in a day."""

    def sums(self, values: FloatArray) -> FloatArray:
        """Return the sum over the window as seen from every origin; NaN counts as zero.

        Shape of *values* and of the result: (..., origins, knots).
        """
        origins = values.shape[-2]
        zero = np.zeros((*values.shape[:-2], 1, values.shape[-1]))
        totals = np.concatenate((zero, np.cumsum(np.nan_to_num(values), axis=-2)), axis=-2)
        last = np.clip(np.arange(origins)[:, None] - self.delays + 1, 0, origins)
        first = np.maximum(last - self.width, 0)
        knots = np.arange(values.shape[-1])
        return np.asarray(totals[..., last, knots] - totals[..., first, knots])


def ratios(errors: FloatArray, *, baseline: FloatArray, window: Window) -> FloatArray:
    """Return each candidate's error relative to the baseline's, drawn towards 1.

    Args:
        errors: absolute errors, shape (..., origins, knots).
        baseline: those of the reactive candidate, shape (origins, knots).
        window: what is known at each origin.
    """
    return _ratio(*_sums(errors, baseline=baseline, window=window))


def pooled_ratio(errors: FloatArray, *, baseline: FloatArray, window: Window) -> FloatArray:
    """Return the same over the whole horizon; shape (..., origins)."""
    own, base = _sums(errors, baseline=baseline, window=window)
    return _ratio(own.sum(axis=-1), base.sum(axis=-1))


def _sums(
    errors: FloatArray, *, baseline: FloatArray, window: Window
) -> tuple[FloatArray, FloatArray]:
    """Return the errors and the baseline's over the same origins, with the prior added to both."""
    both = np.isfinite(errors) & np.isfinite(baseline)
    own = window.sums(np.where(both, errors, 0.0))
    base = window.sums(np.where(both, baseline, 0.0))
    count = window.sums(np.isfinite(baseline).astype(np.float64))
    usual = window.sums(baseline) / np.maximum(count, 1.0)
    prior = _PRIOR_DAYS * window.per_day * usual
    return own + prior, base + prior


def _ratio(own: FloatArray, base: FloatArray) -> FloatArray:
    return np.asarray(np.divide(own, base, out=np.ones_like(own), where=base > 0))


def weights_of(ratio: FloatArray, *, available: BoolArray) -> FloatArray:
    """Return weights that fall with a power of the error ratio and sum to one.

    J. M. Bates and C. W. J. Granger, "The combination of forecasts", 1969, with a higher power.
    """
    raw = np.where(available, np.maximum(ratio, _BEST_RATIO) ** -_POWER, 0.0)
    total = raw.sum(axis=0)
    return np.asarray(np.divide(raw, total, out=np.zeros_like(raw), where=total > 0))


def weighted_median(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the weighted median over the first axis, interpolated; NaN without any weight.

    Medians of forecasts beat means (J. H. Stock and M. W. Watson, 2004), and one wild candidate
    moves them little.
    """
    usable = np.isfinite(values) & (weights > 0)
    ordered = np.argsort(np.where(usable, values, np.inf), axis=0, kind="stable")
    sorted_values = np.take_along_axis(np.where(usable, values, np.nan), ordered, axis=0)
    mass = np.take_along_axis(np.where(usable, weights, 0.0), ordered, axis=0)
    middle = np.cumsum(mass, axis=0) - mass / 2
    half = mass.sum(axis=0) / 2
    above = (middle >= half) & (mass > 0)
    last = np.maximum(usable.sum(axis=0) - 1, 0)
    high = np.where(above.any(axis=0), np.argmax(above, axis=0), last)
    return _between(sorted_values, middle, low=np.maximum(high - 1, 0), high=high, half=half)


def _between(
    values: FloatArray, middle: FloatArray, *, low: IntArray, high: IntArray, half: FloatArray
) -> FloatArray:
    def pick(array: FloatArray, index: IntArray) -> FloatArray:
        return np.asarray(np.take_along_axis(array, index[None], axis=0)[0])

    start, stop = pick(middle, low), pick(middle, high)
    part = np.divide(half - start, stop - start, out=np.ones_like(half), where=stop > start)
    part = np.clip(part, 0.0, 1.0)
    return np.asarray(pick(values, low) * (1 - part) + pick(values, high) * part)
