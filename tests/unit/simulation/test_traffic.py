import math
from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.simulation.request import Request
from scaler.simulation.traffic import (
    Lengths,
    Poisson,
    Shape,
    Trace,
    constant,
    daily,
    noisy,
    points,
    ramp,
    scaled,
    shifted,
    spike,
    step,
    total,
)


@pytest.mark.parametrize(
    ("shape", "rates"),
    [
        (constant(3.0), {0: 3.0, 1e9: 3.0}),
        (step(1.0, after=5.0, at=10.0), {9.99: 1.0, 10.0: 5.0}),
        (ramp(2.0, after=6.0, start=10.0, stop=20.0), {0: 2.0, 10: 2.0, 15: 4.0, 20: 6.0, 99: 6.0}),
        (spike(1.0, peak=9.0, at=10.0, duration=5.0), {9: 1.0, 10: 9.0, 14.9: 9.0, 15: 1.0}),
        (scaled(constant(2.0), factor=1.5), {0: 3.0}),
        (shifted(step(0.0, after=1.0, at=5.0), start=100.0), {104.0: 0.0, 105.0: 1.0}),
        (total(constant(1.0), constant(2.0)), {7: 3.0}),
        (points([(0, 1.0), (10, 3.0), (20, 0.0)]), {-5: 1.0, 0: 1.0, 5: 2.0, 15: 1.5, 99: 0.0}),
    ],
)
def test_shape_has_its_rate_at_each_second(shape: Shape, rates: dict[float, float]) -> None:
    assert rates == {t: pytest.approx(shape(t)) for t in rates}


def test_day_has_a_quiet_night_and_two_peaks_of_which_the_evening_is_higher() -> None:
    shape = daily(2.0, high=20.0, period=240.0, midnight=1000.0)
    rates = [shape(1000.0 + 5 * half_hour) for half_hour in range(48)]
    peaks = [n / 2 for n in range(1, 47) if rates[n - 1] < rates[n] > rates[n + 1]]
    assert peaks == [10.5, 20.0]
    assert pytest.approx(min(rates), abs=0.2) == 2.0
    assert max(rates) == rates[40] == pytest.approx(20.0, rel=0.01)
    assert rates == pytest.approx([shape(1240.0 + 5 * half_hour) for half_hour in range(48)])


@pytest.mark.parametrize("table", [[], [(1.0, 2.0), (1.0, 3.0)], [(2.0, 1.0), (1.0, 1.0)]])
def test_points_out_of_order_are_refused(table: list[tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match="strictly increasing"):
        points(table)


def test_noise_depends_on_seed_and_time_only_and_keeps_the_mean() -> None:
    shape = noisy(constant(10.0), seed=1, sigma=0.2, slot=10.0)
    rates = [shape(t) for t in range(0, 20_000, 10)]
    assert shape(500.0) == noisy(constant(10.0), seed=1, sigma=0.2, slot=10.0)(500.0)
    assert shape(500.0) != noisy(constant(10.0), seed=2, sigma=0.2, slot=10.0)(500.0)
    assert pytest.approx(sum(rates) / len(rates), rel=0.02) == 10.0
    assert min(rates) > 0.0


@given(
    start=st.floats(min_value=0, max_value=30),
    length=st.floats(min_value=0, max_value=30),
    seed=st.integers(min_value=0, max_value=2**32),
)
def test_arrivals_of_a_stretch_do_not_depend_on_where_it_begins(
    start: float, length: float, seed: int
) -> None:
    every = Poisson(constant(3.0), seed=seed).between(start=0.0, stop=60.0)
    expected = [request for request in every if start <= request.at < start + length]
    traffic = Poisson(constant(3.0), seed=seed)
    assert expected == traffic.between(start=start, stop=start + length)


def test_arrivals_asked_for_step_by_step_are_the_same() -> None:
    whole, stepwise = (Poisson(constant(20.0), seed=1) for _ in range(2))
    edges = [0.3 * number for number in range(101)]
    steps = [stepwise.between(start=start, stop=stop) for start, stop in pairwise(edges)]
    assert whole.between(start=0.0, stop=edges[-1]) == list(chain.from_iterable(steps))


def test_arrivals_are_poisson_with_the_shape_as_their_rate() -> None:
    counts = [0] * 2_000
    for request in Poisson(constant(4.0), seed=7).between(start=0.0, stop=2_000.0):
        counts[int(request.at)] += 1
    mean = sum(counts) / len(counts)
    variance = sum((n - mean) ** 2 for n in counts) / len(counts)
    assert pytest.approx(mean, rel=0.03) == 4.0
    assert pytest.approx(variance, rel=0.1) == 4.0


def test_arrivals_come_in_the_order_of_time_at_any_time() -> None:
    requests = Poisson(constant(5.0), seed=1).between(start=1.7e9, stop=1.7e9 + 100)
    assert len(requests) > 400
    assert all(earlier.at < later.at for earlier, later in pairwise(requests))


def test_trace_gives_its_requests_in_the_order_of_time() -> None:
    requests = [Request(at=at, prompt_tokens=1, output_tokens=1) for at in (3.0, 1.0, 2.0, 4.0)]
    traffic = Trace(requests)
    assert [request.at for request in traffic.between(start=1.0, stop=3.0)] == [1.0, 2.0]
    assert [request.at for request in traffic.between(start=3.0, stop=9.0)] == [3.0, 4.0]


def test_token_counts_have_the_means_they_were_given() -> None:
    lengths = Lengths(prompt_mean=1000.0, output_mean=200.0, prompt_max=10**9, output_max=10**9)
    requests = Poisson(constant(50.0), seed=3, lengths=lengths).between(start=0.0, stop=600.0)
    assert pytest.approx(sum(r.prompt_tokens for r in requests) / len(requests), rel=0.02) == 1000.0
    assert pytest.approx(sum(r.output_tokens for r in requests) / len(requests), rel=0.02) == 200.0


def test_token_counts_stay_within_their_limits() -> None:
    lengths = Lengths(prompt_mean=100.0, output_mean=1.0, prompt_max=150, output_max=2)
    requests = Poisson(constant(50.0), seed=3, lengths=lengths).between(start=0.0, stop=20.0)
    assert {1, 2} == {request.output_tokens for request in requests}
    assert max(request.prompt_tokens for request in requests) == 150


def test_negative_rate_is_no_traffic() -> None:
    assert Poisson(constant(-1.0), seed=1).between(start=0.0, stop=10.0) == []


@pytest.mark.parametrize("rate", [math.nan, math.inf])
def test_rate_that_is_no_number_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="need a finite number"):
        Poisson(constant(rate), seed=1).between(start=0.0, stop=10.0)


@pytest.mark.parametrize(("prompt", "output"), [(-1, 5), (5, 0)])
def test_request_without_output_or_with_a_negative_prompt_is_refused(
    prompt: int, output: int
) -> None:
    with pytest.raises(ValueError, match="must be >="):
        Request(at=0.0, prompt_tokens=prompt, output_tokens=output)
