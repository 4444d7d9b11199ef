"""Clocks on the wall, events, holidays."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfoNotFoundError

import numpy as np
import pytest

from forecasting.arrays import IntArray
from forecasting.calendar import Calendar, holidays_around, public_holidays
from forecasting.events import Event
from forecasting.forecast import ForecastSpec
from forecasting.forecaster import Forecaster
from forecasting.prepared import DAY, WEEK
from forecasting.series import Series

HOUR = 3_600


def unix(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp())  # type: ignore[misc, arg-type]


def hours(start: int, count: int) -> IntArray:
    return start + HOUR * np.arange(count, dtype=np.int64)


def test_offset_changes_with_the_clocks() -> None:
    spring = hours(unix(2024, 3, 30, 23), 4)
    assert [HOUR, HOUR, 2 * HOUR, 2 * HOUR] == Calendar(zone="Europe/Berlin").offsets(
        spring
    ).tolist()


def test_unknown_zone_is_an_error() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        Calendar(zone="Europe/Atlantis")


@pytest.mark.parametrize(("month", "day"), [(4, 1), (10, 28)])
def test_season_keeps_local_time_over_a_change_of_clocks(month: int, day: int) -> None:
    end = unix(2024, month, day) + 6 * HOUR
    times = hours(end - 20 * DAY, 20 * 24)
    calendar = Calendar(zone="Europe/Berlin")

    def shape(at: IntArray) -> np.ndarray:
        local_hour = (at + calendar.offsets(at)) % DAY // HOUR
        return np.where((local_hour >= 9) & (local_hour < 18), 100.0, 10.0)

    series = Series(start=int(times[0]), step=HOUR, values=shape(times))
    spec = ForecastSpec(horizon=6 * HOUR, window=6 * HOUR)
    future = shape(hours(end, 6))
    local = Forecaster(spec=spec, calendar=calendar).fit(series).predict()
    utc = Forecaster(spec=spec).fit(series).predict()
    assert np.abs(local.path - future).mean() < 0.5 * np.abs(utc.path - future).mean()


def flat(days: int, *, value: float = 50.0, end: int = unix(2024, 5, 15)) -> Series:
    return Series(start=end - days * DAY, step=HOUR, values=np.full(days * 24, value))


def test_multiplier_raises_the_forecast_and_is_taken_out_of_the_past() -> None:
    end = unix(2024, 5, 15)
    past = Event(name="sale", start=end - 9 * DAY, end=end - 8 * DAY, multiplier=3.0)
    coming = Event(name="launch", start=end + 2 * HOUR, end=end + 4 * HOUR, multiplier=2.0)
    values = np.where(np.arange(20 * 24) // 24 == 11, 150.0, 50.0)
    series = Series(start=end - 20 * DAY, step=HOUR, values=values)
    spec = ForecastSpec(horizon=6 * HOUR, window=6 * HOUR)
    forecast = Forecaster(spec=spec, calendar=Calendar(events=(past, coming))).fit(series).predict()
    np.testing.assert_allclose(forecast.path, [50, 50, 100, 100, 50, 50], rtol=0.02)
    assert forecast.peak == pytest.approx(100, rel=0.02)


def test_minimum_is_met() -> None:
    end = unix(2024, 5, 15)
    event = Event(name="batch", start=end + HOUR, end=end + 2 * HOUR, minimum=80.0)
    spec = ForecastSpec(horizon=3 * HOUR, window=3 * HOUR)
    forecast = Forecaster(spec=spec, calendar=Calendar(events=(event,))).fit(flat(5)).predict()
    np.testing.assert_allclose(forecast.path, [50, 80, 50], rtol=1e-6)
    assert 80.0 == forecast.bound


def test_ramp_builds_up_and_fades() -> None:
    event = Event(name="x", start=4 * HOUR, end=5 * HOUR, ramp=4 * HOUR, multiplier=3.0)
    factors = Calendar(events=(event,)).factors(hours(0, 9))
    np.testing.assert_allclose(factors, [1, 1.5, 2, 2.5, 3, 3, 2.5, 2, 1.5], atol=1e-3)


def test_overlapping_events_do_not_add_up() -> None:
    events = tuple(
        Event(name=str(each), start=0, end=HOUR, multiplier=each, minimum=each)
        for each in (2.0, 3.0)
    )
    assert [3.0] == Calendar(events=events).factors(hours(0, 1)).tolist()
    assert [3.0] == Calendar(events=events).minimums(hours(0, 1)).tolist()


def test_recurring_event_keeps_local_time_and_weekdays() -> None:
    event = Event(
        name="nightly",
        start=unix(2024, 3, 28, 1),  # 02:00 in Berlin, a Thursday
        end=unix(2024, 3, 28, 2),
        every=DAY,
        until=unix(2024, 4, 1, 12),
        weekdays=frozenset({0, 1, 2, 3, 4}),
        minimum=1.0,
    )
    times = hours(unix(2024, 3, 28), 8 * 24)
    found = times[Calendar(zone="Europe/Berlin", events=(event,)).minimums(times) > 0]
    expected = [unix(2024, 3, 28, 1), unix(2024, 3, 29, 1), unix(2024, 4, 1, 0)]
    assert expected == found.tolist()


def test_recurring_event_is_found_long_after_its_first_time() -> None:
    event = Event(name="weekly", start=0, end=HOUR, every=WEEK, minimum=1.0)
    times = hours(2_000 * WEEK, 24 * 7)
    assert [2_000 * WEEK] == times[Calendar(events=(event,)).minimums(times) > 0].tolist()


def test_holiday_follows_last_sunday() -> None:
    end = unix(2024, 5, 9)  # a Thursday
    times = hours(end - 21 * DAY, 21 * 24)
    sunday = (times // DAY + 4) % 7 == 0
    clock = times % DAY // HOUR
    values = np.where(sunday, 20.0, 100.0) * np.where((clock >= 4) & (clock < 20), 1.0, 0.5)
    series = Series(start=int(times[0]), step=HOUR, values=values)
    calendar = Calendar(holidays=frozenset({date(2024, 5, 9)}))
    prepared = calendar.prepare(series, reach=24)
    targets = np.arange(len(series), len(series) + 24)
    horizon = targets - len(series) + 1
    daily = prepared.seasonal(targets, horizon=horizon, season=24)
    weekly = prepared.seasonal(targets, horizon=horizon, season=168)
    expected = np.where((np.arange(24) >= 4) & (np.arange(24) < 20), 20.0, 10.0)
    np.testing.assert_allclose(daily**2, expected)
    np.testing.assert_allclose(weekly**2, expected)


def test_event_makes_its_days_sundays() -> None:
    end = unix(2024, 5, 9)
    event = Event(name="strike", start=end + HOUR, end=end + 2 * HOUR, treat_as_sunday=True)
    prepared = Calendar(events=(event,)).prepare(flat(10, end=end), reach=24)
    assert {4 * 24} == set(prepared.detours[-24:].tolist())
    assert not prepared.detours[:-24].any()


def test_left_out_times_are_not_learned_from() -> None:
    end = unix(2024, 5, 15)
    event = Event(name="outage", start=end - 2 * DAY, end=end - DAY, leave_out=True)
    prepared = Calendar(events=(event,)).prepare(flat(5, end=end), reach=1)
    assert 24 == np.isnan(prepared.train).sum()
    assert not np.isnan(prepared.level).any()


def test_public_holidays_come_from_the_package() -> None:
    assert date(2024, 10, 3) in public_holidays("DE", years=[2024])


def test_unknown_country_is_an_error() -> None:
    with pytest.raises(ValueError, match="Atlantis"):
        public_holidays("Atlantis", years=[2024])


def test_holidays_are_those_of_the_years_of_the_times_and_the_next() -> None:
    spring = {"first": unix(2026, 3, 1), "last": unix(2026, 5, 1)}
    found = holidays_around(["DE-BY", "FR"], **spring)

    assert {date(2026, 1, 6), date(2026, 7, 14), date(2027, 12, 25)} <= found
    assert date(2026, 1, 6) not in holidays_around(["DE"], **spring)
    assert frozenset() == holidays_around([], **spring)
