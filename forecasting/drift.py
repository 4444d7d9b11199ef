"""When the past stopped being like the present: changes of level, and coverage that is lost."""

import math

import attrs
import numpy as np

from forecasting.arrays import FloatArray, IntArray

_FEWEST = 50
_BLOCK = 4
"""Errors of overlapping forecasts come in runs: so many count as one independent error."""


@attrs.frozen(kw_only=True)
class Change:
    """A change of level in a sequence of errors."""

    begins: int
    """Index at which it probably began."""

    noticed: int
    """Index at which the test was sure."""

    upwards: bool


def last_change(
    errors: FloatArray, *, tolerance: float = 0.5, threshold: float = 25.0
) -> Change | None:
    """Return the last change of level, or None.

    Page-Hinkley test (E. S. Page, "Continuous inspection schemes", 1954; D. V. Hinkley, 1971) to
    both sides, on errors in units of their own median absolute deviation until then. It starts
    anew after each change.

    Args:
        errors: outcome minus forecast, in order of time; NaN is skipped.
        tolerance: a shift smaller than this many deviations is no change.
        threshold: sum of deviations beyond the tolerance that makes it sure; larger is slower.
    """
    found: Change | None = None
    first = 0
    while (
        change := _first_change(errors, first, tolerance=tolerance, threshold=threshold)
    ) is not None:
        found = change
        first = change.noticed + 1
    return found


def _first_change(
    errors: FloatArray, first: int, *, tolerance: float, threshold: float
) -> Change | None:
    known = first + np.flatnonzero(np.isfinite(errors[first:]))
    if known.size <= _FEWEST:
        return None
    reference = errors[known[:_FEWEST]]
    center = float(np.median(reference))
    scale = 1.4826 * float(np.median(np.abs(reference - center)))
    if scale == 0:
        return None
    shifts = (errors[known[_FEWEST:]] - center) / scale
    found = [
        _crossing(known[_FEWEST:], sign * shifts - tolerance, threshold=threshold, upwards=sign > 0)
        for sign in (1.0, -1.0)
    ]
    return min(
        (each for each in found if each is not None), key=lambda each: each.noticed, default=None
    )


def _crossing(
    indices: IntArray, steps: FloatArray, *, threshold: float, upwards: bool
) -> Change | None:
    """Return where the sum, counted from its lowest point, first exceeds the threshold."""
    total = np.concatenate(([0.0], np.cumsum(steps)))
    over = np.flatnonzero(total - np.minimum.accumulate(total) > threshold)
    if over.size == 0:
        return None
    noticed = int(over[0]) - 1
    return Change(
        begins=int(indices[_split(steps[: noticed + 1])]),
        noticed=int(indices[noticed]),
        upwards=upwards,
    )


def _split(values: FloatArray) -> int:
    """Return where a second level most likely begins: least squares for two means."""
    count = np.arange(1, values.size)
    total = np.cumsum(values)[:-1]
    gain = (total - count * values.mean()) ** 2 / (count * (values.size - count))
    return int(np.argmax(gain)) + 1 if values.size > 1 else 0


def coverage_lost(*, coverage: float, quantile: float, origins: int, sureness: float = 3.0) -> bool:
    """Return whether a coverage is further below its quantile than chance explains.

    A one-sided binomial test in its normal form; four overlapping origins count as one.

    Args:
        coverage: share of outcomes within their bound.
        quantile: the share that was promised.
        origins: how many outcomes that is.
        sureness: standard deviations; 3 is one false alarm in 740.
    """
    independent = origins / _BLOCK
    if independent < 1 or math.isnan(coverage):
        return False
    deviation = math.sqrt(quantile * (1.0 - quantile) / independent)
    return quantile - coverage > sureness * deviation
