"""Health of a forecaster."""

import numpy as np
import pytest

from forecasting.forecast import ForecastSpec
from forecasting.forecaster import Forecaster
from forecasting.health import health
from forecasting.prepared import DAY
from forecasting.series import Series

SPEC = ForecastSpec(horizon=3_600, window=3_600)


def daily(days: int) -> Series:
    clock = np.arange(days * 144)
    wave = 100 + 60 * np.sin(2 * np.pi * clock / 144)
    values = wave * np.random.default_rng(0).normal(1.0, 0.1, clock.size).clip(0.3)
    return Series(start=0, step=600, values=values)


def test_steady_series_is_healthy() -> None:
    state = health(Forecaster(spec=SPEC).fit(daily(14)))
    assert state.coverage == pytest.approx(0.9, abs=0.03)
    assert state.coverage_lost is False
    assert state.changed_at is None


def test_change_of_level_is_dated() -> None:
    steady = daily(14)
    ramp = np.maximum(np.arange(len(steady)) - 12 * 144, 0) * 4.0
    state = health(
        Forecaster(spec=SPEC).fit(Series(start=0, step=600, values=steady.values + ramp))
    )
    assert state.changed_at is not None
    assert abs(state.changed_at - 12 * DAY) < DAY / 2


def test_no_record_is_no_alarm() -> None:
    state = health(Forecaster(spec=SPEC).fit(Series(start=0, step=600, values=[1.0, 2.0])))
    assert state.coverage_lost is False
    assert state.changed_at is None
