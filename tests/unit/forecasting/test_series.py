"""Series: the grid, its holes, coarser grids."""

import numpy as np
import pytest

from forecasting.series import Hole, Series, holes, on_grid, resample

NAN = float("nan")


def series(*values: float, start: int = 0, step: int = 60) -> Series:
    return Series(start=start, step=step, values=values)


def test_missing_is_not_zero() -> None:
    result = on_grid(np.array([0, 120]), np.array([5.0, 7.0]), step=60)
    assert series(5.0, NAN, 7.0) == result


def test_samples_of_one_interval_are_averaged() -> None:
    assert series(2.0, start=60) == on_grid(np.array([61, 119]), np.array([1.0, 3.0]), step=60)


def test_infinite_values_are_missing() -> None:
    assert series(NAN, 1.0) == series(float("inf"), 1.0)


def test_no_sample_is_an_error() -> None:
    with pytest.raises(ValueError, match="0 times"):
        on_grid(np.array([], dtype=np.int64), np.array([]), step=60)


def test_flags_of_another_length_are_an_error() -> None:
    with pytest.raises(ValueError, match="censored"):
        Series(start=0, step=60, values=[1.0, 2.0], censored=[True])


def test_holes_are_found_with_their_length() -> None:
    expected = (Hole(start=60, seconds=120), Hole(start=240, seconds=60))
    assert expected == holes(series(1.0, NAN, NAN, 2.0, NAN))


def test_index_counts_complete_intervals() -> None:
    short = series(1.0, 2.0, start=600)
    assert [0, 0, 1, 1, 2] == [short.index(time) for time in (0, 659, 660, 719, 9_999)]


def test_parts_keep_their_time() -> None:
    whole = series(1.0, 2.0, 3.0, 4.0)
    assert series(1.0, 2.0) == whole.before(120)
    assert series(3.0, 4.0, start=120) == whole.since(61)
    assert 240 == whole.end
    assert [0, 60, 120, 180] == whole.times().tolist()


def test_coarser_grid_is_aligned_and_complete() -> None:
    fine = Series(
        start=60,
        step=60,
        values=[1.0, 3.0, NAN, 5.0, 9.0],
        censored=[False, False, False, True, False],
    )
    result = resample(fine, step=120)
    expected = Series(start=0, step=120, values=[1.0, 3.0, 7.0], censored=[False, False, True])
    assert expected == result


def test_coarser_grid_wants_half_of_its_values() -> None:
    assert series(NAN, step=240) == resample(series(NAN, NAN, NAN, 1.0), step=240)


def test_coarser_grid_must_be_a_multiple() -> None:
    with pytest.raises(ValueError, match="not a multiple"):
        resample(series(1.0), step=90)
