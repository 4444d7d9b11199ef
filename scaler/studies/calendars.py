"""Events out of a file, and public holidays by place: what a history does not foretell."""

# ruff: noqa: RUF009 - `setting` declares a field, as `attrs.field` does
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import attrs
import yaml

from forecasting.calendar import Event, public_holidays
from forecasting.series import Series
from scaler.config import values
from scaler.config.structure import scalar, section, sequence, setting
from scaler.errors import ConfigError, Problem

_DAYS = {name: day for day, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
_EVERY_DAY = tuple(_DAYS.values())
_YEAR = 366 * 86_400
_seconds = values.whole_seconds(high=_YEAR)


def _time(given: str) -> datetime:
    try:
        return datetime.fromisoformat(given)
    except ValueError:
        raise values.Invalid("must be a time such as 2026-11-27T09:00") from None


def _span(given: str) -> int:
    """A duration; days may be written `7d`."""
    days = given.strip().removesuffix("d")
    return _seconds(
        f"{24 * int(days)}h" if given.strip().endswith("d") and days.isdigit() else given
    )


@attrs.frozen(kw_only=True)
class Declared:
    """One event as its owner writes it."""

    name: str = setting(scalar(values.text), doc="what it is called")
    start: datetime = setting(scalar(_time), doc="when it begins; without an offset local time")
    end: datetime = setting(scalar(_time), doc="when it is over")
    every: int | None = setting(scalar(_span), default=None, doc="local time between repetitions")
    until: datetime | None = setting(scalar(_time), default=None, doc="no repetition after this")
    weekdays: tuple[int, ...] = setting(
        sequence(scalar(values.one_of(_DAYS))), default=_EVERY_DAY, doc="days on which it begins"
    )
    ramp: int = setting(scalar(_span), default=0, doc="how long it builds up and fades")
    multiplier: float = setting(
        scalar(values.number(above=0.0)), default=1.0, doc="times the usual demand"
    )
    minimum: float = setting(scalar(values.number()), default=0.0, doc="demand to reckon with")
    treat_as_sunday: bool = setting(
        scalar(values.boolean), default=False, doc="its days follow last Sunday"
    )
    leave_out: bool = setting(
        scalar(values.boolean), default=False, doc="nothing is learned from it"
    )

    def __attrs_post_init__(self) -> None:
        """Check what spans two fields.

        Raises:
            ValueError: it is over before it begins.
        """
        if self.start.tzinfo == self.end.tzinfo and self.end <= self.start:
            raise ValueError("end must come after start")

    def event(self, *, zone: str) -> Event:
        """Return the event; times without an offset are those of this zone's clocks."""
        return Event(
            name=self.name,
            start=_unix(self.start, zone=zone),
            end=_unix(self.end, zone=zone),
            every=self.every,
            until=None if self.until is None else _unix(self.until, zone=zone),
            weekdays=frozenset(self.weekdays),
            ramp=self.ramp,
            multiplier=self.multiplier,
            minimum=self.minimum,
            treat_as_sunday=self.treat_as_sunday,
            leave_out=self.leave_out,
        )


@attrs.frozen(kw_only=True)
class _File:
    events: tuple[Declared, ...] = setting(
        sequence(section(Declared)), default=(), doc="what is declared"
    )


def _unix(moment: datetime, *, zone: str) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
    return int(aware.astimezone(UTC).timestamp())


def events(path: Path, *, zone: str) -> tuple[Event, ...]:
    """Return the events that a YAML file declares under `events`.

    Raises:
        ConfigError: the file cannot be read, or an event has a mistake.
    """
    try:
        # Times stay text: YAML would take the offset out of them.
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - text only
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(Problem(path=str(path), rule=f"cannot be read: {error}")) from error
    except yaml.YAMLError as error:
        rule = f"is not YAML: {' '.join(str(error).split())}"
        raise ConfigError(Problem(path=str(path), rule=rule)) from error
    return tuple(each.event(zone=zone) for each in section(_File)(raw or {}, "").events)


def place(given: str) -> str:
    """Return `DE` or `DE-BY`, if holidays are known for it.

    Raises:
        Invalid: they are not.
    """
    try:
        _holidays(given, years=range(2026, 2027))
    except ValueError as error:
        raise values.Invalid("must be a country and perhaps a region, as in DE-BY") from error
    return given


def holidays(given: str | None, *, series: Series) -> frozenset[date]:
    """Return the public holidays of a place, in the years of a series and the one behind it."""
    if given is None:
        return frozenset()
    first, last = (datetime.fromtimestamp(at, tz=UTC).year for at in (series.start, series.end))
    return _holidays(given, years=range(first, last + 2))


def _holidays(given: str, *, years: range) -> frozenset[date]:
    country, _, region = given.partition("-")
    return public_holidays(country, years=years, region=region or None)
