"""Margins hold their level, also when the errors change."""

import numpy as np
import pytest

from forecasting.arrays import FloatArray
from forecasting.conformal import Adaptation, bands, cold, margins, quantile_of


def held(scores: FloatArray, *, delay: int = 4) -> float:
    margin = margins(scores, delay=delay, width=672, adaptation=Adaptation(quantile=0.9))
    known = np.isfinite(margin)
    return float(np.mean(scores[known] <= margin[known]))


@pytest.mark.parametrize("seed", range(3))
def test_level_holds_on_independent_errors(seed: int) -> None:
    assert held(np.random.default_rng(seed).normal(size=3_000)) == pytest.approx(0.9, abs=0.015)


def test_level_holds_when_errors_grow() -> None:
    scores = np.random.default_rng(0).normal(size=3_000) * np.repeat([1.0, 5.0], 1_500)
    assert held(scores) == pytest.approx(0.9, abs=0.015)


def test_margin_depends_on_known_outcomes_only() -> None:
    scores = np.random.default_rng(1).normal(size=200)
    other = np.concatenate((scores[:100], scores[100:] * 50))
    adaptation = Adaptation(quantile=0.9)
    one, two = (margins(each, delay=3, width=50, adaptation=adaptation) for each in (scores, other))
    np.testing.assert_array_equal(one[:103], two[:103])
    assert not np.array_equal(one, two)


def test_few_scores_give_no_margin() -> None:
    assert np.isnan(
        margins(np.ones(15), delay=1, width=50, adaptation=Adaptation(quantile=0.9))
    ).all()


def test_unknown_outcomes_are_skipped() -> None:
    scores = np.where(np.arange(100) % 2, np.nan, 3.0)
    result = margins(scores, delay=1, width=50, adaptation=Adaptation(quantile=0.9))
    assert 3.0 == result[-1]


@pytest.mark.parametrize(("level", "expected"), [(0.0, 1.0), (0.5, 2.0), (0.75, 3.0), (1.0, 3.0)])
def test_quantile_counts_the_outcome_to_come(level: float, expected: float) -> None:
    assert expected == quantile_of([1.0, 2.0, 3.0], level)


def test_bands_need_scores_and_keep_their_order() -> None:
    scores = np.stack([np.arange(100.0), np.full(100, np.nan)], axis=1)
    result = bands(scores, levels=(0.1, 0.9))
    assert result[0, 0] < result[1, 0]
    assert np.isnan(result[:, 1]).all()


def test_cold_bound_lies_on_its_side() -> None:
    assert [7.0, 10.0, 13.0] == [float(cold(10.0, quantile=each)) for each in (0.1, 0.5, 0.9)]
