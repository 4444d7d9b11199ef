"""Prometheus' arithmetic, by worked examples; the integration tests ask a real one."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.signals.rates import quantile, rate


def counter(*values: float, every: float = 15.0, first: float = 0.0) -> list[tuple[float, float]]:
    return [(first + index * every, value) for index, value in enumerate(values)]


def test_a_steady_counter_grows_by_its_slope() -> None:
    assert rate(counter(100, 115, 130, 145), at=45, window=60) == pytest.approx(1.0)


def test_a_restart_counts_from_zero() -> None:
    # 10, then 5 after the restart, then 10: 25 in 45 s, continued over 60 s.
    assert rate(counter(100, 110, 5, 15), at=45, window=60) == pytest.approx(25 / 45)


def test_one_sample_is_no_rate() -> None:
    assert rate(counter(100), at=0, window=60) is None
    assert rate([], at=0, window=60) is None


def test_two_samples_of_one_moment_are_no_rate() -> None:
    assert rate([(10.0, 1.0), (10.0, 1.0)], at=10.0, window=60.0) is None


def test_samples_outside_the_window_do_not_count() -> None:
    assert rate(counter(0, 100, 115), at=30, window=25) == pytest.approx(1.0)


def test_a_counter_is_not_continued_below_zero() -> None:
    # Born 3 s before the first sample at this slope: 45 + 3 seconds of growth, not 60.
    samples = counter(3, 18, 33, 48)
    assert rate(samples, at=45, window=60) == pytest.approx(48 / 60)


def test_a_counter_that_ended_is_continued_by_half_an_interval() -> None:
    samples = counter(1000, 1015, 1030)
    assert rate(samples, at=55, window=60) == pytest.approx((30 + 7.5 + 5) / 60)


def test_a_counter_at_rest_has_no_rate() -> None:
    assert rate(counter(7, 7, 7), at=30, window=60) == 0.0


@given(
    st.lists(st.floats(0, 1e9), min_size=2, max_size=20),
    st.floats(10, 300),
)
def test_a_rate_is_never_negative(values: list[float], window: float) -> None:
    found = rate(counter(*values), at=(len(values) - 1) * 15.0, window=window)
    assert found is None or found >= 0


def test_a_quantile_is_linear_inside_its_bucket() -> None:
    assert quantile(0.95, {0.25: 240, 0.5: 300, math.inf: 300}) == pytest.approx(0.4375)


def test_the_first_bucket_begins_at_zero() -> None:
    assert quantile(0.5, {0.2: 100, math.inf: 100}) == pytest.approx(0.1)


def test_beyond_the_last_bound_the_bound_is_all_that_is_known() -> None:
    assert quantile(0.95, {0.2: 10, 0.5: 20, math.inf: 100}) == 0.5


def test_the_quantile_of_nothing_is_no_number() -> None:
    assert math.isnan(quantile(0.95, {0.2: 0, math.inf: 0}))
    assert math.isnan(quantile(0.95, {}))


def test_a_histogram_without_its_last_bucket_has_no_quantile() -> None:
    assert math.isnan(quantile(0.95, {0.2: 10, 0.5: 20}))


@given(
    st.dictionaries(st.floats(0.001, 1e4), st.floats(0, 1e6), min_size=1, max_size=20),
    st.floats(0.01, 0.99),
    st.floats(0.01, 0.99),
)
def test_quantiles_do_not_cross(buckets: dict[float, float], one: float, other: float) -> None:
    histogram = {**buckets, math.inf: max(buckets.values())}
    low, high = (quantile(share, histogram) for share in sorted((one, other)))
    assert math.isnan(low) or low <= high + 1e-9
