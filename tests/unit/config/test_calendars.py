"""Events and holidays as their owners write them, and every mistake with its place."""

from pathlib import Path

import attrs
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scaler.config.calendars import MOST, Event, as_written, calendar, own_events, place
from scaler.config.load import read
from scaler.config.settings import Settings
from scaler.config.sources import PrometheusSource
from scaler.config.understand import understand
from scaler.config.values import Invalid
from scaler.config.workload import Forecasting
from scaler.errors import ConfigError

WHOLE = """
- name: sale
  start: 2026-11-27T09:00
  end: 2026-11-27T12:00
  every: 7d
  until: 2026-12-24T00:00Z
  weekdays: [fri]
  ramp: 30m
  multiplier: 2.5
  minimum: 100
  minReplicas: 4
  treatAsSunday: true
  leaveOut: true
"""
SALE = Event(
    name="sale",
    start=1_795_766_400,
    end=1_795_777_200,
    every=7 * 86_400,
    until=1_798_070_400,
    weekdays=(4,),
    ramp=1800,
    multiplier=2.5,
    minimum=100.0,
    min_replicas=4,
    treat_as_sunday=True,
    leave_out=True,
)
SETTINGS = Settings(
    sources={"default": PrometheusSource(url="http://prometheus:9090")},
    calendars={
        "shop": calendar(
            "events: [{name: a, start: 2026-01-01, end: 2026-01-02, minReplicas: 9}]\n"
            "holidays: [DE]"
        )
    },
)


def asked(**metadata: str) -> Forecasting:
    given = {"engine": "vllm", **metadata}
    return understand("models", "llama", given, settings=SETTINGS).forecasting


def test_an_event_is_read_with_local_times_and_all_that_may_be_said() -> None:
    (event,) = own_events(WHOLE)

    assert SALE == event.event(zone="Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("- {name: a, start: soon, end: 2026-01-01}", r"\[0\].start: must be a time"),
        ("- {name: a, start: 1026-01-01, end: 2026-01-01}", "must be in the years 2000 to 2100"),
        ("- {name: a, start: 2026-01-01}", r"\[0\].end: must be given"),
        ("- {name: a, start: 2026-01-02, end: 2026-01-01}", "end must come after start"),
        ("- {name: a, start: 2026-01-01, end: 2026-01-02}", "must say what it means"),
        (
            "- {name: a, start: 2026-01-01, end: 2026-01-02, minimum: 1, until: 2027-01-01}",
            "until needs every",
        ),
        (
            "- {name: a, start: 2026-01-01, end: 2026-01-02, minimum: 1, every: 1m}",
            r"\[0\].every: must be between 1h",
        ),
        (
            "- {name: a, start: 2026-01-01, end: 2026-01-02, minReplica: 1}",
            r"\[0\].minReplica: unknown key .did you mean 'minReplicas'",
        ),
        ("- {name: a, start: 2026-01-01, end: 2026-01-02, multiplier: nan}", "plain decimal"),
        ("sale", "must be a list of events, in YAML"),
        ("[", "is not YAML"),
        ("[" * 5000, "must have 400 brackets at most"),
        ("[" * 400, "is not YAML"),
        ("- " * 8_000, "is not YAML"),
        (" " * 70_000, "must have 16384 characters at most"),
        ("&a [*a]", "is not YAML"),
        ("[[x]]", r"\[0\]: must be a mapping of names"),
        ("- x\n" * (MOST + 1), f"must be {MOST} events at most"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, mistake: str) -> None:
    with pytest.raises(ConfigError, match=mistake):
        own_events(text)


def test_a_workload_has_its_own_events_and_those_of_its_calendars() -> None:
    found = asked(calendar="shop", events=WHOLE, holidays="FR,DE", timezone="Europe/Berlin")

    assert ["a", "sale"] == [event.name for event in found.events]
    assert SALE == found.events[1]
    assert ("DE", "FR") == found.holidays


def test_local_times_of_a_calendar_are_those_of_the_workload() -> None:
    berlin, utc = (asked(calendar="shop", timezone=zone) for zone in ("Europe/Berlin", "UTC"))

    assert 3600 == utc.events[0].start - berlin.events[0].start


def test_another_event_is_another_workload() -> None:
    def digest(**metadata: str) -> str:
        given = {"engine": "vllm", **metadata}
        return understand("models", "llama", given, settings=SETTINGS).key.digest

    other = WHOLE.replace("2.5", "3")
    assert 4 == len({digest(), digest(events=WHOLE), digest(events=other), digest(calendar="shop")})


@pytest.mark.parametrize(
    ("metadata", "mistake"),
    [
        (
            {"calendar": "shopp"},
            "calendar: must name a calendar .*got 'shopp' .did you mean 'shop'",
        ),
        ({"calendar": "other"}, "declare it under `calendars`"),
        ({"holidays": "Mars"}, "holidays: must be a country and perhaps a region"),
        ({"events": "- {name: a}"}, r"events\[0\].start: must be given"),
        (
            {"calendar": "shop", "maxReplicas": "5"},
            "calendar: minReplicas of a must not exceed maxReplicas, which is 5, got '9'",
        ),
    ],
)
def test_a_mistake_of_a_workload_names_key_rule_and_value(
    metadata: dict[str, str], mistake: str
) -> None:
    with pytest.raises(ConfigError, match=mistake):
        asked(**metadata)


def test_a_secret_is_not_shown() -> None:
    with pytest.raises(ConfigError) as caught:
        asked(eventsFromEnv="- {name: a, start: hunter2, end: 2026-01-01}")

    assert "eventsFromEnv[0].start: must be a time" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_calendar_of_the_config_file_is_read_and_its_mistakes_are_named() -> None:
    raw = {"calendars": {"shop": {"events": [{"name": "a", "start": "x", "end": "y"}]}}}

    with pytest.raises(ConfigError, match=r"calendars.shop.events\[0\].start: must be a time"):
        read(raw, environ={})


@pytest.mark.parametrize("given", ["Mars", "DE-XX", ""])
def test_a_place_without_holidays_is_refused(given: str) -> None:
    with pytest.raises(Invalid):
        place(given)


@given(
    start=st.integers(1_000_000_000, 4_000_000_000),
    length=st.integers(1, 10_000_000),
    every=st.one_of(st.none(), st.integers(3600, 366 * 86_400)),
    weekdays=st.sets(st.integers(0, 6), min_size=1),
    ramp=st.integers(0, 86_400),
    multiplier=st.floats(0.01, 100.0),
    minimum=st.floats(0.0, 1e6),
    min_replicas=st.integers(1, 100),
)
def test_what_is_written_back_is_read_as_the_same(  # noqa: PLR0913 - what an event may say
    *,
    start: int,
    length: int,
    every: int | None,
    weekdays: set[int],
    ramp: int,
    multiplier: float,
    minimum: float,
    min_replicas: int,
) -> None:
    event = attrs.evolve(
        SALE,
        start=start,
        end=start + length,
        every=every,
        until=None if every is None else start + 10 * every,
        weekdays=tuple(sorted(weekdays)),
        ramp=ramp,
        multiplier=round(multiplier, 6),
        minimum=round(minimum, 6),
        min_replicas=min_replicas,
    )
    if event.until is not None and event.until > 4_100_000_000:
        event = attrs.evolve(event, until=None)
    raw = {"events": [as_written(event)]}

    (again,) = read({"calendars": {"x": raw}}, environ={}).calendars["x"].events
    assert event == again.event(zone="Asia/Tokyo")


def test_the_examples_of_the_guide_are_understood() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "guides" / "forecast.md").read_text()
    metadata, shared = (
        yaml.safe_load(part.partition("```")[0]) for part in guide.split("```yaml\n")[1:]
    )
    found = asked(**metadata["metadata"])

    assert ["sale", "nightly-batch", "broken-gateway"] == [event.name for event in found.events]
    assert ("DE-BY",) == found.holidays
    assert ["shop"] == list(read(shared, environ={}).calendars)
