"""Windows of (time, value) pairs, against the plain definition."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from scaler.policy.model import Window
from scaler.policy.window import asof, highest, lowest, push, since

WINDOWS = st.dictionaries(st.integers(0, 50), st.floats(0, 100), max_size=12).map(
    lambda pairs: tuple(sorted(pairs.items()))
)
TIMES = st.integers(-5, 60)


@given(WINDOWS, TIMES)
def test_since_keeps_what_is_not_older(window: Window, at: int) -> None:
    assert tuple(pair for pair in window if pair[0] >= at) == since(window, at=at)


@given(WINDOWS, TIMES)
def test_asof_is_the_newest_by_then_or_the_oldest_there_is(window: Window, at: int) -> None:
    earlier = [value for time, value in window if time <= at]
    oldest = window[0][1] if window else None
    assert (earlier[-1] if earlier else oldest) == asof(window, at=at)


@given(WINDOWS, TIMES)
def test_extremes_are_of_what_is_not_older(window: Window, at: int) -> None:
    values = [value for time, value in window if time >= at]
    pairs: list[tuple[Callable[..., float], Callable[..., float]]] = [(max, highest), (min, lowest)]
    for plain, ours in pairs:
        assert plain(values or [7.0]) == ours(window, at=at, default=7.0)


def test_push_drops_what_is_older_than_kept() -> None:
    window: Window = ((0, 1.0), (15, 2.0), (30, 3.0))
    assert ((15, 2.0), (30, 3.0), (45, 4.0)) == push(window, at=45, value=4.0, keep=30)
