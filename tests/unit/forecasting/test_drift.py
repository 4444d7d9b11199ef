"""Changes of level are found where they are, and nowhere else."""

import numpy as np
import pytest

from forecasting.drift import coverage_lost, last_change


def noise(count: int, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=count)


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_no_change(seed: int) -> None:
    assert last_change(noise(1_000, seed=seed)) is None


@pytest.mark.parametrize("shift", [3.0, -3.0])
def test_change_is_found_where_it_began(shift: float) -> None:
    errors = noise(600) + np.where(np.arange(600) >= 300, shift, 0.0)
    change = last_change(errors[:330])
    assert change is not None
    assert change.begins == pytest.approx(300, abs=3)
    assert change.noticed < 320
    assert change.upwards is (shift > 0)


def test_last_of_several_changes_is_told() -> None:
    errors = noise(900) + 4.0 * (np.arange(900) // 300)
    change = last_change(errors)
    assert change is not None
    assert change.begins == pytest.approx(600, abs=3)


def test_missing_errors_are_skipped() -> None:
    errors = noise(600) + np.where(np.arange(600) >= 300, 4.0, 0.0)
    errors[::3] = np.nan
    change = last_change(errors)
    assert change is not None
    assert change.begins == pytest.approx(300, abs=4)


@pytest.mark.parametrize("errors", [np.zeros(200), np.full(200, np.nan), noise(20)])
def test_nothing_to_tell_from(errors: np.ndarray) -> None:
    assert last_change(errors) is None


@pytest.mark.parametrize(
    ("coverage", "origins", "lost"),
    [(0.9, 600, False), (0.88, 600, False), (0.7, 600, True), (0.7, 20, False), (0.95, 600, False)],
)
def test_coverage_is_lost_beyond_chance(coverage: float, origins: int, *, lost: bool) -> None:
    assert lost is coverage_lost(coverage=coverage, quantile=0.9, origins=origins)


def test_no_record_is_no_alarm() -> None:
    assert coverage_lost(coverage=float("nan"), quantile=0.9, origins=600) is False
    assert coverage_lost(coverage=0.0, quantile=0.9, origins=0) is False
