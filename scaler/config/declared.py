"""What a workload declares by itself and through calendars of the config file, put together."""

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from scaler.config.calendars import MOST, DeclaredEvent, Event
from scaler.config.metadata import Texts, shown
from scaler.config.settings import Settings
from scaler.config.values import nearest
from scaler.errors import Problem


@attrs.frozen(kw_only=True)
class Declared:
    """Events, with their times, and the places whose public holidays count."""

    events: tuple[Event, ...] = ()
    holidays: tuple[str, ...] = ()


def declared(
    texts: Texts, parsed: Mapping[str, Any], *, settings: Settings
) -> tuple[Declared, list[Problem]]:
    """What holds for a workload, and what is wrong with it. Its time zone dates local times."""
    problems = list(_unknown(texts, parsed, settings=settings))
    zone = parsed.get("timezone", "UTC")
    events: list[Event] = []
    for path, each in _written(texts, parsed, settings=settings):
        try:
            events.append(each.event(zone=zone))
        except ValueError as error:
            problems.append(Problem(path=path, rule=str(error)))
    if len(events) > MOST:
        path = texts["events" if "events" in texts else "calendar"].path
        problems.append(Problem(path=path, rule=f"must come to {MOST} events at most"))
    calendars = [settings.calendars[name] for name in _names(parsed, settings=settings)]
    places = [place for each in calendars for place in each.holidays]
    holidays = tuple(sorted({*places, *parsed.get("holidays", ())}))
    return Declared(events=tuple(events), holidays=holidays), problems


def _names(parsed: Mapping[str, Any], *, settings: Settings) -> list[str]:
    return [name for name in parsed.get("calendar", ()) if name in settings.calendars]


def _unknown(texts: Texts, parsed: Mapping[str, Any], *, settings: Settings) -> Iterator[Problem]:
    for name in parsed.get("calendar", ()):
        if name not in settings.calendars:
            given = texts["calendar"]
            hint = nearest(name, settings.calendars) or "declare it under `calendars`"
            yield Problem(
                path=given.path,
                rule="must name a calendar of the service's configuration",
                value=shown(given) and name,
                hint=hint,
            )


def _written(
    texts: Texts, parsed: Mapping[str, Any], *, settings: Settings
) -> Iterator[tuple[str, DeclaredEvent]]:
    """Each event with the path to it: those of the calendars, then the workload's own."""
    for name in _names(parsed, settings=settings):
        for index, each in enumerate(settings.calendars[name].events):
            yield f"calendars.{name}.events[{index}]", each
    for index, each in enumerate(parsed.get("events", ())):
        yield f"{texts['events'].path}[{index}]", each
