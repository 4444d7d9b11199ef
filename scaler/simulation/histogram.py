"""Latency histograms with vLLM's bucket edges."""

from bisect import bisect_left
from itertools import accumulate

from attrs import frozen

# fmt: off
TTFT_EDGES = (
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75,
    1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0, 160.0, 640.0, 2560.0,
)
ITL_EDGES = (
    0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75,
    1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0,
)
REQUEST_EDGES = (
    0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0,
    60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 7680.0,
)
# fmt: on


@frozen(kw_only=True)
class HistogramSnapshot:
    """What a histogram had counted at one moment."""

    edges: tuple[float, ...]
    """Upper bounds in seconds, inclusive, ascending; the bucket to infinity is implied."""
    cumulative: tuple[int, ...]
    """Observations at most each edge, and last all of them: one longer than `edges`."""
    total: float
    """Sum of the observed seconds."""

    @property
    def count(self) -> int:
        """Number of observations."""
        return self.cumulative[-1]


class Histogram:
    """Counts seconds into buckets."""

    __slots__ = ("_counts", "_edges", "_total")

    def __init__(self, edges: tuple[float, ...]) -> None:
        self._edges = edges
        self._counts = [0] * (len(edges) + 1)
        self._total = 0.0

    def observe(self, seconds: float, *, times: int = 1) -> None:
        """Count `seconds` as observed `times` times."""
        self._counts[bisect_left(self._edges, seconds)] += times
        self._total += seconds * times

    def snapshot(self) -> HistogramSnapshot:
        """Return the counts as they are now."""
        return HistogramSnapshot(
            edges=self._edges, cumulative=tuple(accumulate(self._counts)), total=self._total
        )
