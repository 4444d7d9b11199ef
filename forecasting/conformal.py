"""Adaptive conformal quantiles: the margin that sufficed, corrected by how often it did not."""

import math
from bisect import bisect_left, insort
from collections import deque

import attrs
import numpy as np

from forecasting.arrays import FloatArray

_FEWEST = 20
"""Scores under this number say too little about a quantile."""

_FULL = 48
"""Once there are more scores than this, the older half of them is forgotten: a young model was
worse."""

_COLD_MARGIN = 0.3
"""Share of the forecast on top until there are enough scores."""


@attrs.frozen(kw_only=True)
class Adaptation:
    """How margins follow the errors."""

    quantile: float
    """One-sided level that shall hold, in (0, 1)."""

    rate: float = 0.015
    """Step of the level after each outcome in the long run: small is steady, large is quick."""

    first_rate: float = 0.2
    """The step falls from this with the root of the number of outcomes, down to `rate`."""

    lowest: float = 0.5
    highest: float = 0.999

    def moved(self, level: float, *, missed: float, seen: int) -> float:
        """Return the level after an outcome that exceeded its margin (1) or did not (0)."""
        rate = max(self.rate, self.first_rate / seen**0.5)
        moved = level + rate * (missed - (1.0 - self.quantile))
        return float(min(max(moved, self.lowest), self.highest))


def margins(scores: FloatArray, *, delay: int, width: int, adaptation: Adaptation) -> FloatArray:
    """Return the margin at every origin: the scores' quantile at a level that corrects itself.

    Adaptive conformal inference (I. Gibbs and E. Candes, 2021) for one side, over a sliding window
    of scores: whenever an outcome exceeds its margin, the level rises by rate * quantile, else it
    falls by rate * (1 - quantile). The rate decays as in A. N. Angelopoulos et al., "Online
    conformal prediction with decaying step sizes", 2024.

    Args:
        scores: outcome minus forecast at every origin; NaN where either is unknown.
        delay: origins until an outcome is known.
        width: the most scores that the window holds.
        adaptation: the level and how it moves.

    Returns:
        One margin for each origin; NaN until there are enough scores.
    """
    result = [math.nan] * scores.size
    outcomes: list[float] = scores.tolist()
    window: deque[float] = deque()
    ordered: list[float] = []
    level, seen = adaptation.quantile, 0
    for origin in range(scores.size):
        known = origin - delay
        if known >= 0 and not math.isnan(outcomes[known]):
            seen += 1
            if not math.isnan(result[known]):
                missed = 1.0 if outcomes[known] > result[known] else 0.0
                level = adaptation.moved(level, missed=missed, seen=seen)
            size = min(width, max(_FULL, seen // 2))
            _push(window, ordered, score=outcomes[known], width=size)
        if len(ordered) >= _FEWEST:
            result[origin] = quantile_of(ordered, level)
    return np.array(result)


def _push(window: deque[float], ordered: list[float], *, score: float, width: int) -> None:
    window.append(score)
    insort(ordered, score)
    while len(window) > width:
        del ordered[bisect_left(ordered, window.popleft())]


def quantile_of(ordered: list[float], level: float) -> float:
    """Return the conformal quantile of ascending scores: rank level * (n + 1), interpolated.

    G. Shafer and V. Vovk, "A tutorial on conformal prediction", 2008.
    """
    rank = min(max(level * (len(ordered) + 1) - 1, 0.0), len(ordered) - 1.0)
    low = int(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (rank - low) * (ordered[high] - ordered[low])


def bands(scores: FloatArray, *, levels: tuple[float, ...]) -> FloatArray:
    """Return the conformal quantiles of past scores, shape (levels, knots); NaN with too few.

    Split conformal prediction over a sliding window (H. Papadopoulos et al., 2002).
    """
    ordered = np.sort(scores, axis=0)
    count = np.isfinite(scores).sum(axis=0)
    rank = np.clip(np.array(levels)[:, None] * (count + 1) - 1, 0, np.maximum(count - 1, 0))
    low = rank.astype(np.int64)
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    knots = np.arange(scores.shape[1])
    value = ordered[low, knots] + (rank - low) * (ordered[high, knots] - ordered[low, knots])
    return np.where(count >= _FEWEST, value, np.nan)


def cold(forecast: FloatArray | float, *, quantile: float) -> FloatArray:
    """Return the quantile assumed until there are enough scores: a share above or below."""
    side = np.sign(quantile - 0.5)
    return np.asarray(forecast + side * _COLD_MARGIN * np.abs(forecast))
