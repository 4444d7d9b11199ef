"""Rolling origins: what a backtest says is what would have been said."""

import attrs
import numpy as np
import pytest

from forecasting.arrays import FloatArray, IntArray
from forecasting.bootstrap import coverage_interval, skill_interval
from forecasting.candidate import Plan
from forecasting.evaluation import Backtest, backtest, looks_ahead
from forecasting.forecast import ForecastSpec
from forecasting.forecaster import Forecaster
from forecasting.metrics import pinball, seasonal_scales, symmetric
from forecasting.prepared import DAY, Prepared
from forecasting.reactive import Reactive
from forecasting.scores import band_coverage, band_pinball, calibration, score
from forecasting.series import Series

STEP = 1_800
PER_DAY = DAY // STEP
SPEC = ForecastSpec(horizon=4 * STEP, window=4 * STEP)
NAN = float("nan")


def daily(days: float, *, noise: float = 0.15) -> Series:
    clock = np.arange(round(days * PER_DAY))
    wave = 100 + 60 * np.sin(2 * np.pi * clock / PER_DAY)
    values = wave * np.random.default_rng(3).normal(1.0, noise, clock.size).clip(0.2)
    return Series(start=0, step=STEP, values=values)


@pytest.fixture(scope="module")
def result() -> Backtest:
    return backtest(daily(13), forecaster=Forecaster(spec=SPEC))


@pytest.mark.parametrize("row", [3, 100, -1])
def test_backtest_says_what_would_have_been_said(result: Backtest, row: int) -> None:
    then = daily(13).before(int(result.times[row]))
    forecast = Forecaster(spec=SPEC).fit(then).predict()
    assert forecast.path[result.knots - 1] == pytest.approx(result.paths[0, row])
    assert forecast.bands[:, result.knots - 1] == pytest.approx(result.bands[:, row])
    assert forecast.bound == pytest.approx(result.bounds[0, row])


def test_seasonal_series_has_skill(result: Backtest) -> None:
    interval = skill_interval(result)
    assert interval.low < score(result).skill < interval.high
    assert interval.low > 0.2
    assert result.skilled.mean() > 0.9
    assert result.weights.sum(axis=0) == pytest.approx(1.0)


def test_bound_holds_its_quantile(result: Backtest) -> None:
    interval = coverage_interval(result)
    assert interval.low < 0.9 < interval.high
    assert calibration(result).coverage == pytest.approx(0.9, abs=0.03)
    assert calibration(result).pinball < calibration(result, name="reactive").pinball
    assert calibration(result).excess > 0


def test_bands_hold_their_levels(result: Backtest) -> None:
    coverage = band_coverage(result)
    for level, measured in zip(SPEC.levels, coverage.mean(axis=1), strict=True):
        assert measured == pytest.approx(level, abs=0.05)
    assert coverage.shape == band_pinball(result).shape


def test_reactive_has_no_skill_against_itself(result: Backtest) -> None:
    assert score(result, name="reactive").skill == pytest.approx(0.0)


def test_unknown_name_is_an_error(result: Backtest) -> None:
    with pytest.raises(ValueError, match="crystal"):
        score(result, name="crystal ball")


def test_windows_are_the_last_origins_before_one_horizon() -> None:
    series = daily(6)
    one = backtest(series, forecaster=Forecaster(spec=SPEC), windows=1)
    assert [series.end - SPEC.horizon] == one.times.tolist()
    three = backtest(series, forecaster=Forecaster(spec=SPEC), windows=3, step=7_200)
    assert [7_200, 7_200] == np.diff(three.times).tolist()


def test_series_shorter_than_its_horizon_is_an_error() -> None:
    with pytest.raises(ValueError, match="no origin"):
        backtest(daily(0.05), forecaster=Forecaster(spec=SPEC))


def test_score_of_known_numbers() -> None:
    actual = np.array([[10.0, 20.0], [30.0, NAN]])
    paths = np.array([[[12.0, 20.0], [27.0, 99.0]], [[14.0, 24.0], [22.0, 99.0]]])
    known = Backtest(
        forecaster=Forecaster(spec=SPEC),
        names=("forecast", "reactive"),
        times=np.array([0, 1_800]),
        knots=np.array([1, 2]),
        paths=paths,
        actual=actual,
        bands=np.zeros((3, 2, 2)),
        peaks=np.array([20.0, 30.0]),
        bounds=np.array([[25.0, 29.0], [30.0, 30.0]]),
        weights=np.ones((1, 2)),
        skilled=np.array([True, True]),
        absolute_scale=10.0,
        squared_scale=100.0,
    )
    found = score(known)
    assert found.mase == pytest.approx((2 + 0 + 3) / 3 / 10)
    assert found.wape == pytest.approx(5 / 60)
    assert found.bias == pytest.approx(-1 / 60)
    assert found.rmsse == pytest.approx((13 / 3 / 100) ** 0.5)
    assert found.skill == pytest.approx(1 - 5 / 16)
    assert calibration(known).coverage == 0.5
    assert calibration(known).pinball == pytest.approx((0.1 * 5 + 0.9 * 1) / 2)
    first = score(known, knots=np.array([True, False]))
    assert first.wape == pytest.approx(5 / 40)


def test_measures_of_zeros() -> None:
    zero = np.zeros(1)
    assert [0.0] == symmetric(zero, zero).tolist()
    assert [0.9] == pinball(np.ones(1), zero, quantile=0.9).tolist()


def test_scale_falls_back_to_the_last_value() -> None:
    short = Series(start=0, step=STEP, values=[1.0, 3.0, NAN, 4.0])
    assert (2.0, 4.0) == seasonal_scales(short, season=48)


@attrs.frozen(kw_only=True)
class Clairvoyant:
    """A candidate that cheats: it knows the last value of the series, whatever the origin."""

    name: str = "clairvoyant"

    def fit(self, prepared: Prepared, *, plan: Plan) -> "Clairvoyant":
        return self

    def paths(self, prepared: Prepared, *, origins: IntArray) -> FloatArray:
        return np.full((origins.size, 4), prepared.level[-1])


def test_self_check_finds_who_looks_ahead() -> None:
    cheat = Forecaster(spec=SPEC, candidates=(Reactive(), Clairvoyant()))
    assert looks_ahead(daily(3), forecaster=cheat, at=2 * DAY, seed=0)
    assert not looks_ahead(daily(3), forecaster=Forecaster(spec=SPEC), at=2 * DAY, seed=0)


def test_lower_bounds_stay_out_of_training_and_scores() -> None:
    clean = daily(8)
    spoiled = np.arange(len(clean)) % 40 < 3
    values = np.where(spoiled, 0.0, clean.values)
    censored = attrs.evolve(clean, values=values, censored=spoiled)
    plain = attrs.evolve(clean, values=values)
    forecaster = Forecaster(spec=SPEC)
    marked, unmarked, reference = (
        forecaster.fit(each).predict() for each in (censored, plain, clean)
    )
    away = [abs(each.path - reference.path).mean() for each in (marked, unmarked)]
    assert away[0] < away[1]
    scored = backtest(censored, forecaster=forecaster)
    assert np.isnan(scored.peaks).any()
    assert np.nanmin(scored.actual) > 0


def test_single_origin_has_an_interval_of_one_point() -> None:
    one = backtest(daily(6), forecaster=Forecaster(spec=SPEC), windows=1)
    interval = skill_interval(one)
    assert interval.low == pytest.approx(interval.high)


def test_nothing_known_is_no_interval(result: Backtest) -> None:
    unknown = attrs.evolve(result, peaks=np.full_like(result.peaks, NAN))
    assert np.isnan(coverage_interval(unknown).low)
    assert np.isnan(calibration(unknown).coverage)
