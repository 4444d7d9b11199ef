"""Events that a history does not foretell and public holidays, as their owners write them."""

# ruff: noqa: RUF009 - `setting` declares a field, as `attrs.field` does
import re
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import attrs
import yaml

from scaler.config import values
from scaler.config.structure import Reader, camel, scalar, section, sequence, setting
from scaler.errors import ConfigError, Problem

MOST = 100
"""Events of one workload: each is looked at in every decision."""

_DAYS = {name: day for day, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
_EVERY_DAY = tuple(_DAYS.values())
_HOUR = 3_600
_YEAR = 366 * values.DAY
_YEARS = range(2000, 2101)
_PLACE = re.compile(r"([A-Z]{2,3})(?:-([A-Za-z0-9]{1,30}))?")
_LONGEST = 16_384
"""Characters of a text that is read as YAML."""

_BRACKETS = 4 * MOST
"""In it: reading them takes a time that grows with their square."""


@attrs.frozen(kw_only=True)
class Event:
    """A declared event, with its times in Unix seconds; repetitions follow the workload's zone.

    `minimum` is work per second. Weekdays count from Monday, 0, and are those of its beginning.
    """

    name: str
    start: int
    end: int
    every: int | None = None
    until: int | None = None
    weekdays: tuple[int, ...] = _EVERY_DAY
    ramp: int = 0
    multiplier: float = 1.0
    minimum: float = 0.0
    min_replicas: int = 0
    treat_as_sunday: bool = False
    leave_out: bool = False


def _time(given: str) -> datetime:
    try:
        found = datetime.fromisoformat(given.strip())
    except ValueError:
        raise values.Invalid("must be a time such as 2026-11-27T09:00") from None
    if found.year not in _YEARS:
        raise values.Invalid(f"must be in the years {_YEARS[0]} to {_YEARS[-1]}")
    return found


def _span(low: int = 0) -> values.Parser[int]:
    """A duration of a year at most; days may be written `7d`."""
    seconds = values.whole_seconds(low=low, high=_YEAR)

    def parse(given: str) -> int:
        days = given.strip().removesuffix("d")
        in_days = given.strip().endswith("d") and days.isdigit()
        return seconds(f"{24 * int(days)}h" if in_days else given)

    return parse


def _name(given: str) -> str:
    name = values.text(given)
    if len(name) > 63 or not name.isprintable():  # noqa: PLR2004 - as long as a label of Kubernetes
        raise values.Invalid("must be printable, and 63 characters at most")
    return name


@attrs.frozen(kw_only=True)
class DeclaredEvent:
    """One event as its owner writes it."""

    name: str = setting(scalar(_name), doc="what it is called")
    start: datetime = setting(
        scalar(_time), doc="when it begins; without an offset, by the clocks of `timezone`"
    )
    end: datetime = setting(scalar(_time), doc="when it is over")
    every: int | None = setting(
        scalar(_span(_HOUR)), default=None, doc="time between repetitions, such as `7d`"
    )
    until: datetime | None = setting(
        scalar(_time), default=None, doc="when it does not begin again any more"
    )
    weekdays: tuple[int, ...] = setting(
        sequence(scalar(values.one_of(_DAYS))),
        default=_EVERY_DAY,
        doc="days on which it begins, such as `mon,fri`; every day",
    )
    ramp: int = setting(
        scalar(_span()), default=0, doc="how long it builds up before, and fades after"
    )
    multiplier: float = setting(
        scalar(values.number(above=0.0, high=1000.0)), default=1.0, doc="times the usual demand"
    )
    minimum: float = setting(
        scalar(values.number()), default=0.0, doc="work per second to reckon with at least"
    )
    min_replicas: int = setting(
        scalar(values.integer()), default=0, doc="replicas to have at least"
    )
    treat_as_sunday: bool = setting(
        scalar(values.boolean), default=False, doc="its days are forecast from last Sunday"
    )
    leave_out: bool = setting(
        scalar(values.boolean), default=False, doc="no forecast learns from it, as of an outage"
    )

    def __attrs_post_init__(self) -> None:
        """Check what spans two fields.

        Raises:
            ValueError: naming them.
        """
        self.event(zone="UTC")
        if self.until is not None and self.every is None:
            raise ValueError("until needs every: an event that happens once is over at its end")
        says = (
            self.multiplier != 1.0,
            self.minimum,
            self.min_replicas,
            self.treat_as_sunday,
            self.leave_out,
        )
        if not any(says):
            raise ValueError(
                "must say what it means: multiplier, minimum, minReplicas, treatAsSunday, leaveOut"
            )

    def event(self, *, zone: str) -> Event:
        """The event; times without an offset are those of this zone's clocks.

        Raises:
            ValueError: it is over before it begins.
        """
        start, end = _unix(self.start, zone=zone), _unix(self.end, zone=zone)
        if end <= start:
            raise ValueError("end must come after start")
        return Event(
            name=self.name,
            start=start,
            end=end,
            every=self.every,
            until=None if self.until is None else _unix(self.until, zone=zone),
            weekdays=tuple(sorted(set(self.weekdays))),
            ramp=self.ramp,
            multiplier=self.multiplier,
            minimum=self.minimum,
            min_replicas=self.min_replicas,
            treat_as_sunday=self.treat_as_sunday,
            leave_out=self.leave_out,
        )


def as_written(event: Event) -> dict[str, object]:
    """The event as its owner could have written it, without what goes without saying."""
    said = attrs.asdict(event, filter=lambda field, value: value != field.default)
    said |= {name: _iso(said[name]) for name in ("start", "end", "until") if name in said}
    said |= {name: f"{said[name]}s" for name in ("every", "ramp") if name in said}
    if "weekdays" in said:
        said["weekdays"] = [name for name, day in _DAYS.items() if day in event.weekdays]
    return {camel(name): value for name, value in said.items()}


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at, tz=UTC).isoformat()


def _unix(moment: datetime, *, zone: str) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
    return int(aware.astimezone(UTC).timestamp())


def place(given: str) -> str:
    """A country, `DE`, or one of its regions, `DE-BY`, whose public holidays are known."""
    found = _PLACE.fullmatch(given.strip())
    if found is None or not _has_holidays(found[1], found[2]):
        raise values.Invalid("must be a country and perhaps a region, as in DE-BY")
    return found[0]


@lru_cache(maxsize=1024)
def _has_holidays(country: str, region: str | None) -> bool:
    # A package that only those who ask for holidays should load.
    import holidays  # noqa: PLC0415

    try:
        holidays.country_holidays(country, subdiv=region, years=2026)
    except NotImplementedError:
        return False
    return True


@attrs.frozen(kw_only=True)
class Calendar:
    """What several workloads declare alike."""

    events: tuple[DeclaredEvent, ...] = setting(
        sequence(section(DeclaredEvent)), default=(), doc="what the history does not foretell"
    )
    holidays: tuple[str, ...] = setting(
        sequence(scalar(place)),
        default=(),
        doc="whose public holidays are like Sundays: `DE`, `DE-BY`",
    )


def calendar(text: str) -> Calendar:
    """The calendar in a YAML document with `events` and `holidays`.

    Raises:
        ConfigError: with every mistake, by its path in the document.
    """
    return section(Calendar)(_yaml(text), "")


def own_events(given: str) -> tuple[DeclaredEvent, ...]:
    """The events of a YAML list, as trigger metadata carry it.

    Raises:
        ConfigError: with every mistake, by its path in the list.
    """
    raw = _yaml(given)
    if not isinstance(raw, list):
        raise ConfigError(Problem(path="", rule="must be a list of events, in YAML"))
    if len(raw) > MOST:
        raise ConfigError(Problem(path="", rule=f"must be {MOST} events at most"))
    read: Reader[tuple[DeclaredEvent, ...]] = sequence(section(DeclaredEvent))
    return read(raw, "")


def _yaml(text: str) -> object:
    if len(text) > _LONGEST:
        raise ConfigError(Problem(path="", rule=f"must have {_LONGEST} characters at most"))
    if text.count("[") + text.count("{") > _BRACKETS:
        raise ConfigError(Problem(path="", rule=f"must have {_BRACKETS} brackets at most"))
    try:
        # Times stay text: YAML would take the offset out of them.
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - text only
    except (yaml.YAMLError, RecursionError) as error:
        rule = f"is not YAML: {' '.join(str(error).split())}"
        raise ConfigError(Problem(path="", rule=rule)) from error
