"""Candidates that are not in the default pool, and what each of the others is for."""

from typing import Any

import numpy as np
import pytest

from forecasting.adapter import Adapted, sktime_like, statsforecast_like
from forecasting.arrays import FloatArray
from forecasting.candidate import Candidate, Plan, knots_of
from forecasting.ewma import Ewma
from forecasting.holt_winters import HoltWinters, Smoothing, smoothed
from forecasting.prepared import DAY, prepare
from forecasting.profile import median
from forecasting.reactive import LastValue, Reactive
from forecasting.series import Series

STEP = 600
PER_DAY = DAY // STEP


def wave(days: float) -> FloatArray:
    clock = np.arange(round(days * PER_DAY))
    return np.asarray(100 + 50 * np.sin(2 * np.pi * clock / PER_DAY))


def path(
    candidate: Candidate, values: FloatArray, *, step: int = STEP, horizon: int = 6
) -> FloatArray:
    prepared = prepare(Series(start=0, step=step, values=values))
    refits = np.arange(21_600, len(prepared) * step + 1, 21_600)
    plan = Plan(knots=np.arange(1, horizon + 1), refits=refits)
    origins = np.array([len(prepared)])
    return np.asarray(candidate.fit(prepared, plan=plan).paths(prepared, origins=origins)[0] ** 2)


def test_knots_are_dense_where_a_season_is_short() -> None:
    assert list(range(1, 49)) == knots_of(48, season=24).tolist()
    sparse = knots_of(60, season=1_440)
    assert 60 == sparse[-1]
    assert sparse.size < 15


def test_flat_candidates_differ_in_memory() -> None:
    values = np.concatenate((np.full(600, 100.0), np.full(5, 400.0), [900.0]))
    last = path(LastValue(), values, step=60)[0]
    reactive = path(Reactive(), values, step=60)[0]
    slow = path(Ewma(half_life=3_600), values, step=60)[0]
    assert last == pytest.approx(900)
    assert 100 < slow < reactive < last


def test_reactive_bridges_a_gap_with_what_was_last_known() -> None:
    values = np.concatenate((np.full(100, 50.0), np.full(10, np.nan)))
    assert path(Reactive(), values) == pytest.approx(50.0)


def test_holt_winters_foretells_the_season() -> None:
    values = wave(5.4)
    expected = wave(6)[values.size : values.size + 6]
    assert path(HoltWinters(season=DAY), values) == pytest.approx(expected, rel=0.02)


def test_holt_winters_bridges_gaps() -> None:
    values = wave(6.4)
    values[300:420] = np.nan
    fixed = HoltWinters(season=DAY, estimate=lambda _values, _m: Smoothing(level=0.4, season=0.1))
    expected = wave(7)[values.size : values.size + 6]
    assert path(fixed, values) == pytest.approx(expected, rel=0.05)


def test_smoothing_follows_the_level() -> None:
    values = np.concatenate((np.tile([1.0, 3.0], 10), np.tile([11.0, 13.0], 40)))
    levels, seasons = smoothed(values, season=2, smoothing=Smoothing(level=0.3, season=0.1))
    assert levels[-1] + seasons[-2] == pytest.approx(11.0, abs=0.1)
    assert levels[-1] + seasons[-1] == pytest.approx(13.0, abs=0.1)


class FakeOutside:
    """Looks like a statsforecast and an sktime model at once: repeats the last day."""

    def forecast(self, *, y: FloatArray, h: int) -> dict[str, FloatArray]:
        return {"mean": np.resize(y[-PER_DAY:], h)}

    def fit(self, y: FloatArray, *, fh: Any) -> "FakeOutside":
        self.answer = np.resize(y[-PER_DAY:], len(fh))[:, None]
        return self

    def predict(self) -> FloatArray:
        return self.answer


@pytest.mark.parametrize(
    "outside",
    [statsforecast_like(FakeOutside), sktime_like(FakeOutside)],
    ids=["statsforecast", "sktime"],
)
@pytest.mark.parametrize("step", [60, STEP])
def test_outside_model_keeps_its_shape_from_where_the_series_is(outside: Any, step: int) -> None:
    factor = STEP // step
    values = np.repeat(wave(4.3), factor)
    candidate = Adapted(name="outside", outside=outside)
    expected = np.repeat(wave(5), factor)[values.size : values.size + 6]
    assert path(candidate, values, step=step) == pytest.approx(expected, rel=0.03)


def test_outside_model_is_silent_while_history_is_short() -> None:
    candidate = Adapted(name="outside", outside=statsforecast_like(FakeOutside))
    assert np.isnan(path(candidate, wave(1.2))).all()


def test_median_leaves_out_what_is_missing() -> None:
    rows = np.array([[3.0, np.nan, 1.0], [np.nan, np.nan, 7.0], [np.nan, np.nan, np.nan]])
    np.testing.assert_array_equal(median(rows), [2.0, 7.0, np.nan])
