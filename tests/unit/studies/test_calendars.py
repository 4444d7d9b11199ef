"""A calendar out of a file, and what it changes."""

from pathlib import Path

import orjson
import pytest

from scaler.config.calendars import Event
from scaler.errors import ConfigError
from scaler.studies.calendars import calendar_in
from scaler.studies.forecasts import document, forecast
from scaler.studies.plan import Plan
from tests.unit.studies.builders import HOUR, a_trace

LAUNCH = 14 * 24 * HOUR
"""The end of the two weeks of a trace: 15 January 1970."""


def written(folder: Path, text: str) -> Path:
    path = folder / "calendar.yaml"
    path.write_text(text)
    return path


def test_a_calendar_has_events_and_holidays(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "events: [{name: sale, start: 2026-11-27, end: 2026-11-28, multiplier: 2}]\n"
        "holidays: [DE-BY]",
    )
    found = calendar_in(path)

    assert (["sale"], ("DE-BY",)) == ([each.name for each in found.events], found.holidays)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("events: [", "calendar.yaml: is not YAML"),
        ("events: [{name: a, start: soon, end: 2026-01-01}]", "events.0..start: must be a time"),
        ("event: []", "unknown key .did you mean 'events'"),
        ("[]", "the file: must be a mapping of names"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, mistake: str) -> None:
    with pytest.raises(ConfigError, match=mistake):
        calendar_in(written(tmp_path, text))


def test_a_calendar_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        calendar_in(tmp_path / "no.yaml")


def test_a_declared_event_raises_the_forecast_and_is_told_in_the_document() -> None:
    sale = Event(name="sale", start=LAUNCH, end=LAUNCH + 6 * HOUR, multiplier=3.0)
    trace = a_trace()
    plan = Plan(events=(sale,), holidays=("DE",))
    usual, more = forecast(trace, plan=Plan()), forecast(trace, plan=plan)

    assert more.peak > 2.0 * usual.peak
    told = orjson.loads(orjson.dumps(document([(trace, more)], plan=plan)))["options"]
    assert ("sale", ["DE"]) == (told["events"][0]["name"], told["holidays"])
