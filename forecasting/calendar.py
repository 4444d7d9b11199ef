"""What a clock on the wall knows: local time, declared events, holidays.

Time stays in Unix seconds. Seasonal lags keep the local clock time, so that a shop that opens at
nine is found at nine on both sides of a daylight-saving change.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import attrs
import numpy as np

from forecasting.arrays import BoolArray, FloatArray, IntArray
from forecasting.prepared import DAY, WEEK, Prepared, prepare
from forecasting.series import Series

_SLOT = 1_800
"""Clocks change on a half hour of UTC everywhere."""

_SUNDAY = 3 * DAY
"""The first Sunday of Unix time, 4 January 1970."""


@attrs.frozen(kw_only=True)
class Event:
    """Something declared that the history does not foretell, once or again and again."""

    name: str
    start: int
    """Unix seconds."""

    end: int
    """Unix seconds, not included."""

    every: int | None = None
    """Seconds of local time between repetitions; None: once."""

    until: int | None = None
    """Unix seconds after which it does not begin again."""

    weekdays: frozenset[int] = frozenset(range(7))
    """Local days on which it begins; Monday is 0."""

    ramp: int = 0
    """Seconds over which multiplier and minimum build up before the start and fade after the
    end."""

    multiplier: float = attrs.field(default=1.0, validator=attrs.validators.gt(0))
    """Times the usual demand."""

    minimum: float = attrs.field(default=0.0, validator=attrs.validators.ge(0))
    """Demand to reckon with, in the unit of the series."""

    treat_as_sunday: bool = False
    """Days that it touches follow last Sunday instead of yesterday and last week."""

    leave_out: bool = False
    """Outage or test: models do not learn from it."""


@attrs.frozen(kw_only=True)
class Calendar:
    """Local time and everything declared; the default is UTC and nothing.

    Raises:
        ZoneInfoNotFoundError: the zone is unknown.
    """

    zone: str = attrs.field(default="UTC")
    """IANA name."""

    events: tuple[Event, ...] = ()
    holidays: frozenset[date] = frozenset()
    """Local days that are like Sundays."""

    @zone.validator
    def _known_zone(self, _attribute: object, value: str) -> None:
        ZoneInfo(value)

    def prepare(self, series: Series, *, reach: int) -> Prepared:
        """Return *series* ready for models: local time in place, declared multipliers taken out.

        Args:
            series: the history.
            reach: how many steps after its end will be asked for.
        """
        if self == Calendar():
            return prepare(series)
        times = series.start + series.step * np.arange(len(series) + reach, dtype=np.int64)
        local = times + self.offsets(times)
        return prepare(
            series,
            shifts=(local - times) // series.step,
            detours=self._days_since_sunday(times, local) * DAY // series.step,
            factors=self.factors(times),
            left_out=self._during(times[: len(series)], [e for e in self.events if e.leave_out]),
        )

    def offsets(self, times: IntArray) -> IntArray:
        """Return local time minus UTC in seconds."""
        slots, inverse = np.unique(times // _SLOT, return_inverse=True)
        zone = ZoneInfo(self.zone)
        seconds = [
            datetime.fromtimestamp(int(slot) * _SLOT, tz=zone).utcoffset() or timedelta()
            for slot in slots
        ]
        return np.array([round(each.total_seconds()) for each in seconds], dtype=np.int64)[inverse]

    def factors(self, times: IntArray) -> FloatArray:
        """Return the declared multiplier at each time; of several, the largest, else the lowest."""
        high, low = np.ones(times.size), np.ones(times.size)
        for event in self.events:
            factor = 1.0 + (event.multiplier - 1.0) * self._strength(event, times)
            high, low = np.maximum(high, factor), np.minimum(low, factor)
        return np.where(high > 1.0, high, low)

    def minimums(self, times: IntArray) -> FloatArray:
        """Return the declared minimum at each time; of several, the largest."""
        lowest = np.zeros(times.size)
        for event in self.events:
            lowest = np.maximum(lowest, event.minimum * self._strength(event, times))
        return lowest

    def _strength(self, event: Event, times: IntArray) -> FloatArray:
        """Return 1 during the event, less on its ramps, else 0."""
        strength = np.zeros(times.size)
        for start, end in self._occurrences(event, times):
            outside = np.maximum(np.maximum(start - times, times - end + 1), 0)
            rising = 1.0 - outside / event.ramp if event.ramp else (outside == 0).astype(np.float64)
            strength = np.maximum(strength, rising)
        return strength

    def _occurrences(self, event: Event, times: IntArray) -> Iterator[tuple[int, int]]:
        """Return start and end of every repetition that may touch the times."""
        first, last = int(times[0]) - event.ramp, int(times[-1]) + event.ramp
        zone = ZoneInfo(self.zone)
        begin = datetime.fromtimestamp(event.start, tz=zone).replace(tzinfo=None)
        every = event.every or last - first + event.end - event.start + 1
        number = max((first - event.end) // every - 1, 0) if event.every else 0
        stop = last if event.until is None else min(last, event.until)
        while True:
            # Wall-clock arithmetic: the same local time, whatever the clocks did in between.
            moment = begin + timedelta(seconds=number * every)
            start = int(moment.replace(tzinfo=zone).timestamp())
            if start > stop or (number and event.every is None):
                return
            if moment.weekday() in event.weekdays:
                yield start, start + event.end - event.start
            number += 1

    def _during(self, times: IntArray, events: Iterable[Event]) -> BoolArray:
        inside = np.zeros(times.size, dtype=np.bool_)
        for event in events:
            for start, end in self._occurrences(event, times):
                inside |= (times >= start) & (times < end)
        return inside

    def _days_since_sunday(self, times: IntArray, local: IntArray) -> IntArray:
        """Return how many days ago Sunday was, on days that are treated as Sundays; else 0."""
        days = local // DAY
        free = np.array([(day - date(1970, 1, 1)).days for day in self.holidays], dtype=np.int64)
        touched = self._during(times, [e for e in self.events if e.treat_as_sunday])
        special = np.isin(days, np.union1d(free, days[touched]))
        return np.where(special, (days * DAY - _SUNDAY) % WEEK // DAY, 0)


def public_holidays(
    country: str, *, years: Iterable[int], region: str | None = None
) -> frozenset[date]:
    """Return the public holidays of a country (ISO code), for `Calendar.holidays`.

    Raises:
        ValueError: the country or region is unknown.
    """
    import holidays  # noqa: PLC0415 - a big package that only those who ask for holidays should load

    try:
        return frozenset(holidays.country_holidays(country, subdiv=region, years=list(years)))
    except NotImplementedError as error:
        raise ValueError(
            f"no holidays are known for {country!r} {region or ''}".rstrip()
        ) from error
