"""What every candidate and the whole forecaster must hold, whatever the series."""

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.arrays import FloatArray
from forecasting.candidate import Candidate, Plan, knots_of
from forecasting.evaluation import looks_ahead
from forecasting.forecast import Forecast, ForecastSpec, Reason
from forecasting.forecaster import Fitted, Forecaster
from forecasting.pool import default_pool
from forecasting.prepared import DAY, WEEK, prepare
from forecasting.series import Series

STEP = 1_800
PER_DAY = DAY // STEP
SPEC = ForecastSpec(horizon=6 * STEP, window=4 * STEP)
POOL = default_pool(seasons=(DAY, WEEK), step=STEP)


def daily(days: float, *, seed: int = 0, noise: float = 0.1) -> FloatArray:
    clock = np.arange(round(days * PER_DAY))
    wave = 100 + 60 * np.sin(2 * np.pi * clock / PER_DAY)
    return np.asarray(wave * np.random.default_rng(seed).normal(1.0, noise, clock.size).clip(0.2))


def series(values: FloatArray, *, step: int = STEP) -> Series:
    return Series(start=0, step=step, values=values)


def fitted(values: FloatArray, *, step: int = STEP) -> Fitted:
    return Forecaster(spec=SPEC).fit(series(values, step=step))


def numbers(forecast: Forecast) -> list[float]:
    return [*forecast.path, *forecast.bands.ravel(), forecast.peak, forecast.bound]


@pytest.mark.parametrize("candidate", POOL, ids=lambda each: each.name)
@pytest.mark.parametrize("days", [0.1, 1.5, 16])
def test_candidate_speaks_at_every_knot_and_never_looks_ahead(
    candidate: Candidate, days: float
) -> None:
    values = daily(days)
    knots = knots_of(6, season=PER_DAY)
    plan = Plan(knots=knots, refits=np.arange(21_600, values.size * STEP + 1, 21_600))
    last = values.size * 2 // 3
    origins = np.arange(1, last + 1)
    shuffled = np.concatenate((values[:last], values[last:][::-1] * 7.0))
    paths = [
        candidate.fit(prepared, plan=plan).paths(prepared, origins=origins)
        for prepared in (prepare(series(values)), prepare(series(shuffled)))
    ]
    assert (last, knots.size) == paths[0].shape
    np.testing.assert_array_equal(paths[0], paths[1])


@settings(max_examples=25, deadline=None)
@given(
    days=st.floats(0.05, 12),
    holes=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 0.3)), max_size=3),
    seed=st.integers(0, 9),
)
def test_forecast_is_finite_and_ordered_whatever_is_missing(
    days: float, holes: list[tuple[float, float]], seed: int
) -> None:
    values = daily(days, seed=seed)
    for place, share in holes:
        first = int(place * values.size)
        values[first : first + int(share * values.size)] = np.nan
    forecast = fitted(values).predict()
    if forecast.reason is Reason.NO_DATA:
        assert np.isnan(values[-PER_DAY:]).all()
        return
    assert (6,) == forecast.path.shape
    assert (3, 6) == forecast.bands.shape
    assert np.isfinite(numbers(forecast)).all()
    assert (np.diff(forecast.bands, axis=0) >= 0).all()
    assert min(numbers(forecast)) >= 0


@pytest.mark.parametrize("scale", [1e-6, 0.5, 1e9])
def test_unit_of_the_series_does_not_matter(scale: float) -> None:
    values = daily(9)
    one, other = fitted(values).predict(), fitted(values * scale).predict()
    np.testing.assert_allclose(np.array(numbers(other)) / scale, numbers(one), rtol=1e-6)
    assert [each.name for each in one.chosen] == [each.name for each in other.chosen]


@pytest.mark.parametrize("step", [60, 300, 600, 3_600])
def test_perfectly_seasonal_series_is_foretold(step: int) -> None:
    per_day = DAY // step
    clock = np.arange(9 * per_day + per_day // 3)
    wave = 100 + 80 * np.sin(2 * np.pi * clock / per_day)
    spec = ForecastSpec(horizon=6 * max(step, 600), window=6 * max(step, 600))
    forecast = Forecaster(spec=spec).fit(series(wave, step=step)).predict()
    future = clock.size + np.arange(forecast.path.size)
    expected = 100 + 80 * np.sin(2 * np.pi * future / per_day)
    np.testing.assert_allclose(forecast.path, expected, rtol=0.02)
    assert Reason.SKILL is forecast.reason


@pytest.mark.parametrize("value", [0.0, 5.0])
@pytest.mark.parametrize("length", [1, 2, 30, 700])
def test_constant_series_stays_constant(value: float, length: int) -> None:
    forecast = fitted(np.full(length, value)).predict()
    np.testing.assert_allclose(forecast.path, value, rtol=1e-9)
    assert value <= forecast.bound <= 1.31 * value


def test_series_without_a_value_forecasts_nothing() -> None:
    forecast = fitted(np.full(100, np.nan)).predict()
    assert Reason.NO_DATA is forecast.reason
    assert np.isnan(forecast.path).all()


def test_empty_series_is_an_error() -> None:
    with pytest.raises(ValueError, match="empty"):
        fitted(np.array([]))


def test_explosion_is_clamped() -> None:
    values = np.concatenate((daily(6), 100 * 1.6 ** np.arange(12)))
    forecast = fitted(values).predict()
    assert forecast.path.max() <= 2 * values.max()


@pytest.mark.parametrize("step", [60, STEP])
def test_forecaster_never_looks_ahead(step: int) -> None:
    values = np.repeat(daily(8), STEP // step)
    found = looks_ahead(
        series(values, step=step), forecaster=Forecaster(spec=SPEC), at=6 * DAY + 9_000, seed=1
    )
    assert found is False


@pytest.mark.parametrize("extra", [1, 3, 40])
@pytest.mark.parametrize("days", [9.1, 0.1])
def test_updated_forecaster_equals_a_fresh_one(days: float, extra: int) -> None:
    values = daily(days)
    extra = min(extra, values.size - 1)
    earlier = fitted(values[:-extra])
    updated = earlier.update(series(values)).predict()
    assert numbers(fitted(values).predict()) == pytest.approx(numbers(updated), rel=1e-9)


def test_update_before_the_next_origin_keeps_the_judgment() -> None:
    values = np.repeat(daily(3.1), 30)
    whole = Series(start=0, step=60, values=values)
    earlier = Forecaster(spec=SPEC).fit(whole.slice(0, values.size - 1))
    updated = earlier.update(whole.slice(0, values.size - 1))
    assert updated.verdict is earlier.verdict
    assert numbers(earlier.predict()) == numbers(updated.predict())


def test_one_value_between_two_origins_is_enough() -> None:
    forecast = Forecaster(spec=SPEC).fit(Series(start=100, step=60, values=[4.0])).predict()
    assert Reason.COLD is forecast.reason
    assert forecast.bound == pytest.approx(5.2)
    assert [4.0] * 180 == pytest.approx(forecast.path.tolist())
    assert np.isnan([forecast.skill, forecast.coverage]).all()


@pytest.mark.parametrize(("seasons", "count"), [((), 4), ((DAY,), 9), ((DAY, WEEK), 13)])
def test_pool_follows_the_seasons(seasons: tuple[int, ...], count: int) -> None:
    pool = default_pool(seasons=seasons, step=STEP)
    assert count == len({each.name for each in pool})
    spec = attrs.evolve(SPEC, seasons=seasons)
    forecast = Forecaster(spec=spec).fit(series(daily(10))).predict()
    assert np.isfinite(numbers(forecast)).all()


@pytest.mark.parametrize("hours", [5, 11])
def test_any_season_is_foretold(hours: int) -> None:
    clock = np.arange(12 * hours * 10 + 7)
    wave = 100 + 80 * np.sin(2 * np.pi * clock / (12 * hours))
    spec = ForecastSpec(seasons=(3_600 * hours,))
    forecast = Forecaster(spec=spec).fit(series(wave, step=300)).predict()
    future = clock.size + np.arange(12)
    expected = 100 + 80 * np.sin(2 * np.pi * future / (12 * hours))
    np.testing.assert_allclose(forecast.path, expected, rtol=0.02)


def test_what_was_learned_says_the_same_when_it_is_put_together_again() -> None:
    earlier = fitted(daily(9))
    again = earlier.forecaster.restore(earlier.series, learned=earlier.learned())
    assert numbers(earlier.predict()) == numbers(again.predict())
    assert all(value.dtype.kind in "fib" for value in earlier.learned().values())


def test_what_another_forecaster_learned_is_refused() -> None:
    earlier = fitted(daily(9))
    other = Forecaster(spec=attrs.evolve(earlier.forecaster.spec, seasons=()))
    with pytest.raises(ValueError, match="another forecaster"):
        other.restore(earlier.series, learned=earlier.learned())
    with pytest.raises(KeyError):
        earlier.forecaster.restore(
            earlier.series,
            learned={k: v for k, v in earlier.learned().items() if "coefficients" not in k},
        )


def test_update_refuses_another_series() -> None:
    with pytest.raises(ValueError, match="same series"):
        fitted(daily(1)).update(Series(start=STEP, step=STEP, values=daily(2)))
