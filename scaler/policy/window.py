"""Short windows of (time, value) pairs: tuples, oldest first, pruned as they grow."""

from bisect import bisect_left, bisect_right

from scaler.policy.model import Window

TREND = 60
"""Seconds that rates look back on, and the growth of the queue: four scrapes at 15 s."""


def push(window: Window, *, at: int, value: float, keep: int) -> Window:
    """`window` with one more pair, and without what is older than `keep` seconds."""
    return (*since(window, at=at - keep), (at, value))


def since(window: Window, *, at: int) -> Window:
    """The pairs taken at `at` or later."""
    if not window or window[0][0] >= at:
        return window
    return window[bisect_left(window, (at, float("-inf"))) :]


def between(window: Window, *, first: int, last: int) -> Window:
    """The pairs taken from `first` to `last`, both included."""
    return window[
        bisect_left(window, (first, float("-inf"))) : bisect_right(window, (last, float("inf")))
    ]


def asof(window: Window, *, at: int) -> float | None:
    """The newest value taken at `at` or earlier; else the oldest there is; None when empty."""
    if not window:
        return None
    index = bisect_right(window, (at, float("inf"))) - 1
    return window[max(index, 0)][1]


def highest(window: Window, *, at: int, default: float) -> float:
    """The largest value taken at `at` or later."""
    return max((value for _, value in since(window, at=at)), default=default)


def lowest(window: Window, *, at: int, default: float) -> float:
    """The smallest value taken at `at` or later."""
    return min((value for _, value in since(window, at=at)), default=default)
