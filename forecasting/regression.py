"""Robust ridge regression at many refit times for the price of one pass.

The rows are cut into blocks at the refit times; a refit adds up the blocks' moments that lie in
its memory, older ones with less weight, and solves. So a whole history of refits, each strictly
causal, costs hardly more than the last.
"""

from itertools import pairwise

import attrs
import numpy as np

from forecasting.arrays import BoolArray, FloatArray, IntArray
from forecasting.candidate import Plan
from forecasting.prepared import DAY

_HALF_LIFE = 14 * DAY
_PENALTY = 1e-3
_FEW_ROWS = 10.0
"""So many rows count as much as the prior belief that a coefficient is zero."""

_SMALL_ERROR = 0.5
"""Errors under this share of the usual one are squared, larger ones count absolutely."""


@attrs.frozen(kw_only=True, eq=False)
class Rows:
    """Training rows: several outcomes, each with its own features."""

    known_at: IntArray
    """Unix seconds at which every outcome of a row is known, ascending; shape (rows,)."""

    features: FloatArray
    """Shape (rows, outcomes, features); a row with a NaN is left out. The first feature is the
    constant."""

    outcomes: FloatArray
    """Shape (rows, outcomes)."""


def solve(rows: Rows, *, plan: Plan, least: int, penalty: float = _PENALTY) -> FloatArray:
    """Return coefficients, shape (refits, outcomes, features); NaN where a refit has too few rows.

    Ridge regression (A. E. Hoerl and R. W. Kennard, 1970) that minimizes nearly the absolute
    error: in a second pass, a row counts the less, the worse the last refit before it foresaw it
    (P. J. Huber, "Robust estimation of a location parameter", 1964). The penalty is relative to
    each feature's own second moment, so units do not matter.

    Args:
        rows: the training rows.
        plan: says when, and how far back.
        least: the fewest rows to learn from.
        penalty: strength of the shrinkage towards zero.
    """
    if plan.refits.size == 0:
        return np.zeros((0, *rows.features.shape[1:]))
    valid = np.isfinite(rows.features).all(axis=2) & np.isfinite(rows.outcomes)
    first = _solve(rows, weights=valid.astype(np.float64), plan=plan, least=least, penalty=penalty)
    weights = _robust_weights(rows, valid=valid, plan=plan, coefficients=first)
    return _solve(rows, weights=weights, plan=plan, least=least, penalty=penalty)


def coefficients_at(coefficients: FloatArray, refits: IntArray) -> FloatArray:
    """Return the coefficients of each refit index; NaN where the index is -1."""
    if coefficients.shape[0] == 0:
        return np.full((refits.size, *coefficients.shape[1:]), np.nan)
    chosen = coefficients[np.maximum(refits, 0)]
    chosen[refits < 0] = np.nan
    return chosen


def _solve(
    rows: Rows, *, weights: FloatArray, plan: Plan, least: int, penalty: float
) -> FloatArray:
    moments, counts = _moments(rows, weights=weights, plan=plan)
    ages = _age_weights(plan)
    total = np.tensordot(ages, moments, axes=1)
    seen = (ages > 0).astype(np.float64) @ counts
    size = rows.features.shape[2]
    gram, product = total[..., :size, :size], total[..., :size, size]
    diagonal = np.einsum("...ii->...i", gram)
    strength = np.full((*seen.shape, size), penalty) + _FEW_ROWS / np.maximum(seen, 1.0)[..., None]
    strength[..., 0] -= penalty
    # A feature that was always zero gets a coefficient of zero instead of a singular matrix.
    shrinkage = np.where(diagonal > 0, strength * diagonal, 1.0)
    solution = np.linalg.solve(gram + shrinkage[..., None] * np.eye(size), product[..., None])[
        ..., 0
    ]
    return np.where((seen >= least)[..., None], solution, np.nan)


def _moments(rows: Rows, *, weights: FloatArray, plan: Plan) -> tuple[FloatArray, FloatArray]:
    """Return second moments of (features, outcome) and row counts of the blocks between refits."""
    joint = np.concatenate((rows.features, rows.outcomes[..., None]), axis=2)
    joint = np.where((weights > 0)[..., None], joint, 0.0) * np.sqrt(weights)[..., None]
    by_outcome = np.ascontiguousarray(joint.transpose(1, 0, 2))
    outcomes, _, width = by_outcome.shape
    moments = np.zeros((plan.refits.size, outcomes, width, width))
    counts = np.zeros((plan.refits.size, outcomes))
    edges = np.concatenate(([0], np.searchsorted(rows.known_at, plan.refits, side="right")))
    for block, (first, last) in enumerate(pairwise(edges)):
        part = by_outcome[:, first:last]
        moments[block] = part.transpose(0, 2, 1) @ part
        counts[block] = (weights[first:last] > 0).sum(axis=0)
    return moments, counts


def _age_weights(plan: Plan) -> FloatArray:
    """Return the weight of each block (column) in each refit (row), zero outside of its memory."""
    age = plan.refits[:, None] - plan.refits[None, :]
    return np.where((age >= 0) & (age < plan.memory), 0.5 ** (np.maximum(age, 0) / _HALF_LIFE), 0.0)


def _robust_weights(
    rows: Rows, *, valid: BoolArray, plan: Plan, coefficients: FloatArray
) -> FloatArray:
    """Return the usual error over each row's own, told by the last refit before the row."""
    block = np.searchsorted(plan.refits, rows.known_at, side="left") - 1
    chosen = np.nan_to_num(coefficients_at(coefficients, np.asarray(block, dtype=np.int64)))
    foreseen = np.einsum("rof,rof->ro", np.where(valid[..., None], rows.features, 0.0), chosen)
    errors = np.where(valid, np.abs(np.where(valid, rows.outcomes, 0.0) - foreseen), 0.0)
    ends = np.searchsorted(
        rows.known_at, plan.refits[np.clip(block + 1, 0, plan.refits.size - 1)], side="right"
    )
    ends = np.where(block + 1 < plan.refits.size, ends, len(errors))
    zero = np.zeros((1, errors.shape[1]))
    totals = np.concatenate((zero, np.cumsum(errors, axis=0)))[ends]
    counts = np.concatenate((zero, np.cumsum(valid, axis=0, dtype=np.float64)))[ends]
    usual = totals / np.maximum(counts, 1.0)
    ratio = np.divide(errors, usual, out=np.ones_like(errors), where=usual > 0)
    return np.where(valid, 1.0 / np.maximum(ratio, _SMALL_ERROR), 0.0)
