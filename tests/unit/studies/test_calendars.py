"""Events out of a file, and holidays by place."""

from datetime import date
from pathlib import Path

import numpy as np
import orjson
import pytest

from forecasting.calendar import Event
from forecasting.series import Series
from scaler.config.values import Invalid
from scaler.errors import ConfigError
from scaler.studies.calendars import events, holidays, place
from scaler.studies.forecasts import document, forecast
from scaler.studies.plan import Plan
from tests.unit.studies.builders import HOUR, a_trace

LAUNCH = 14 * 24 * HOUR
"""The end of the two weeks of a trace: 15 January 1970."""


def written(folder: Path, text: str) -> Path:
    path = folder / "calendar.yaml"
    path.write_text(text)
    return path


def test_an_event_is_read_with_local_times_and_all_that_may_be_said(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
events:
- name: sale
  start: 2026-11-27T09:00
  end: 2026-11-27T12:00
  every: 7d
  until: 2026-12-24T00:00Z
  weekdays: [fri]
  ramp: 30m
  multiplier: 2.5
  minimum: 100
  treatAsSunday: true
  leaveOut: true
""",
    )

    assert (
        Event(
            name="sale",
            start=1_795_766_400,
            end=1_795_777_200,
            every=7 * 86_400,
            until=1_798_070_400,
            weekdays=frozenset({4}),
            ramp=1800,
            multiplier=2.5,
            minimum=100.0,
            treat_as_sunday=True,
            leave_out=True,
        ),
    ) == events(path, zone="Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("events: [", "is not YAML"),
        ("events: [{name: a, start: soon, end: 2026-01-01}]", "events.0..start: must be a time"),
        ("events: [{name: a, start: 2026-01-01}]", "events.0..end: must be given"),
        ("events: [{name: a, start: 2026-01-02, end: 2026-01-01}]", "end must come after start"),
        (
            "events: [{name: a, start: 2026-01-01, end: 2026-01-02, ramps: 1m}]",
            "unknown key .did you mean",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, mistake: str) -> None:
    with pytest.raises(ConfigError, match=mistake):
        events(written(tmp_path, text), zone="UTC")


def test_a_calendar_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        events(tmp_path / "no.yaml", zone="UTC")


def test_holidays_are_those_of_the_years_of_the_series_and_the_next() -> None:
    series = Series(start=1_767_225_600, step=HOUR, values=np.ones(24))
    found = holidays(place("DE-BY"), series=series)

    assert {date(2026, 1, 6), date(2027, 12, 25)} <= found
    assert date(2026, 1, 6) not in holidays("DE", series=series)
    assert frozenset() == holidays(None, series=series)


@pytest.mark.parametrize("given", ["Mars", "DE-XX", ""])
def test_a_place_without_holidays_is_refused(given: str) -> None:
    with pytest.raises(Invalid):
        place(given)


def test_a_declared_event_raises_the_forecast_and_is_told_in_the_document() -> None:
    sale = Event(name="sale", start=LAUNCH, end=LAUNCH + 6 * HOUR, multiplier=3.0)
    trace = a_trace()
    plan = Plan(events=(sale,), holidays="DE")
    usual, more = forecast(trace, plan=Plan()), forecast(trace, plan=plan)

    assert more.peak > 2.0 * usual.peak
    told = orjson.loads(orjson.dumps(document([(trace, more)], plan=plan)))["options"]
    assert ("sale", "DE") == (told["events"][0]["name"], told["holidays"])
