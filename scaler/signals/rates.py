"""Prometheus' arithmetic on counters and histograms, for pages that we scraped ourselves.

The same samples must give the same readings whichever source they come through, so these follow
`rate` (extrapolation to the window's edges, resets) and `histogram_quantile` (linear inside a
bucket) of https://prometheus.io/docs/prometheus/latest/querying/functions/.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

_NEAR = 1.1
"""A first or last sample is at the window's edge within this many intervals between samples."""


def rate(samples: Sequence[tuple[float, float]], *, at: float, window: float) -> float | None:
    """Increase per second over the `window` seconds until `at`; None without two moments in it.

    `samples` are (time, value) pairs of one counter, oldest first. A value below the one before is
    a restart from zero.
    """
    inside = [(time, value) for time, value in samples if at - window < time <= at]
    if not inside:
        return None
    (first_at, first), (last_at, last) = inside[0], inside[-1]
    span = last_at - first_at
    if span <= 0:
        return None
    increase = (
        last - first + sum(before for (_, before), (_, after) in pairwise(inside) if after < before)
    )
    interval = span / (len(inside) - 1)
    before = _reach(first_at - (at - window), interval=interval)
    if increase > 0 and first >= 0:
        # A counter cannot have been below zero.
        before = min(before, span * first / increase)
    after = _reach(at - last_at, interval=interval)
    return increase * (span + before + after) / span / window


def _reach(distance: float, *, interval: float) -> float:
    """How far a trend is continued towards the edge of the window."""
    return distance if distance < interval * _NEAR else interval / 2


def quantile(share: float, buckets: Mapping[float, float]) -> float:
    """The quantile `share` of a histogram: cumulative counts by upper bound, `inf` among them.

    NaN when there are no observations; the highest finite bound when it lies above that.
    """
    bounds = sorted(buckets)
    if len(bounds) < 2 or not math.isinf(bounds[-1]):  # noqa: PLR2004 - one bound holds no quantile
        return math.nan
    counts = [max(buckets[bound] for bound in bounds[: index + 1]) for index in range(len(bounds))]
    if counts[-1] == 0 or math.isnan(counts[-1]):
        return math.nan
    rank = share * counts[-1]
    index = next(index for index, count in enumerate(counts) if count >= rank)
    if index == len(bounds) - 1:
        return bounds[-2]
    return _inside(bounds, counts, index=index, rank=rank)


def _inside(bounds: Sequence[float], counts: Sequence[float], *, index: int, rank: float) -> float:
    if index == 0:
        low, below = 0.0, 0.0
        if bounds[0] <= 0:
            return bounds[0]
    else:
        low, below = bounds[index - 1], counts[index - 1]
    width, held = bounds[index] - low, counts[index] - below
    return low + width * (rank - below) / held if held else low


def histograms(buckets: Mapping[tuple[str, ...], float]) -> Mapping[str, Mapping[float, float]]:
    """By model: cumulative rates by upper bound, of all its replicas together.

    A bucket whose bound is no number is passed over, as Prometheus does it.
    """
    found: dict[str, dict[float, float]] = {}
    for (_, model, *_, text), value in buckets.items():
        bound = _bound(text)
        if not math.isnan(bound):
            histogram = found.setdefault(model, {})
            histogram[bound] = histogram.get(bound, 0.0) + value
    return found


def _bound(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
