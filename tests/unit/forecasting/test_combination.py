"""Weights follow the record; the median ignores what is wild."""

import numpy as np
import pytest

from forecasting.combination import Window, pooled_ratio, ratios, weighted_median, weights_of

NAN = float("nan")


def window(*delays: int, width: int = 100) -> Window:
    return Window(delays=np.array(delays), width=width, per_day=2.0)


def test_window_sees_only_known_outcomes() -> None:
    values = np.array([[1.0, 1.0], [2.0, 2.0], [4.0, NAN], [8.0, 8.0]])
    expected = [[0, 0], [1, 0], [3, 1], [7, 3]]
    assert expected == window(1, 2).sums(values).tolist()


def test_window_forgets() -> None:
    assert [[0], [1], [3], [6]] == window(1, width=2).sums(
        np.array([[1.0], [2.0], [4.0], [8.0]])
    ).tolist()


def test_ratio_is_one_without_a_record_and_falls_with_proof() -> None:
    baseline = np.full((50, 1), 4.0)
    ratio = ratios(np.full((1, 50, 1), 2.0), baseline=baseline, window=window(1))[0, :, 0]
    assert 1.0 == ratio[0]
    assert (np.diff(ratio) <= 0).all()
    assert ratio[-1] == pytest.approx(0.5, abs=0.02)


def test_perfect_candidate_beside_a_perfect_baseline_is_no_better() -> None:
    zeros = np.zeros((5, 2))
    assert [1.0] * 5 == pooled_ratio(zeros, baseline=zeros, window=window(1, 1)).tolist()


def test_weights_sum_to_one_over_those_who_speak() -> None:
    weights = weights_of(np.array([0.5, 1.0, 0.1]), available=np.array([True, True, False]))
    assert weights.sum() == pytest.approx(1.0)
    assert 0.0 == weights[2]
    assert weights[0] > 0.99


@pytest.mark.parametrize(
    ("values", "weights", "expected"),
    [
        ([3.0, 1.0, 2.0], [1.0, 1.0, 1.0], 2.0),
        ([1.0, 3.0], [0.5, 0.5], 2.0),
        ([1.0, 1e9, 2.0], [0.45, 0.1, 0.45], 1.6111111111),
        ([NAN, 7.0, 5.0], [0.9, 0.1, 0.0], 7.0),
        ([NAN, NAN], [0.5, 0.5], NAN),
        ([4.0, 5.0], [0.0, 0.0], NAN),
        ([4.0, 5.0, 6.0], [1.0, 0.0, 0.0], 4.0),
    ],
)
def test_weighted_median(values: list[float], weights: list[float], expected: float) -> None:
    result = weighted_median(np.array(values)[:, None], np.array(weights)[:, None])
    assert result[0] == pytest.approx(expected, nan_ok=True)
