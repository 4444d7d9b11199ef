"""What a clock on the wall knows: local time, declared events, holidays.

Time stays in Unix seconds. Seasonal lags keep the local clock time, so that a shop that opens at
nine is found at nine on both sides of a daylight-saving change.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import attrs
import numpy as np

from forecasting.arrays import BoolArray, FloatArray, IntArray
from forecasting.events import Event
from forecasting.prepared import DAY, WEEK, Prepared, prepare
from forecasting.series import Series

_SLOT = 1_800
"""Clocks change on a half hour of UTC everywhere."""

_SUNDAY = 3 * DAY
"""The first Sunday of Unix time, 4 January 1970."""


def _in_order(days: frozenset[date]) -> str:
    """Return the same text for the same set, in every process."""
    return repr(sorted(days))


@attrs.frozen(kw_only=True)
class Calendar:
    """Local time and everything declared; the default is UTC and nothing.

    Raises:
        ZoneInfoNotFoundError: the zone is unknown.
    """

    zone: str = attrs.field(default="UTC")
    """IANA name."""

    events: tuple[Event, ...] = ()
    holidays: frozenset[date] = attrs.field(default=frozenset(), repr=_in_order)
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
        for start, end in self._times_of(event, times):
            outside = np.maximum(np.maximum(start - times, times - end + 1), 0)
            rising = 1.0 - outside / event.ramp if event.ramp else (outside == 0).astype(np.float64)
            strength = np.maximum(strength, rising)
        return strength

    def _times_of(self, event: Event, times: IntArray) -> Iterator[tuple[int, int]]:
        return event.occurrences(zone=self.zone, first=int(times[0]), last=int(times[-1]))

    def _during(self, times: IntArray, events: Iterable[Event]) -> BoolArray:
        inside = np.zeros(times.size, dtype=np.bool_)
        for event in events:
            for start, end in self._times_of(event, times):
                inside |= (times >= start) & (times < end)
        return inside

    def _days_since_sunday(self, times: IntArray, local: IntArray) -> IntArray:
        """Return how many days ago Sunday was, on days that are treated as Sundays; else 0."""
        days = local // DAY
        free = np.array([(day - date(1970, 1, 1)).days for day in self.holidays], dtype=np.int64)
        touched = self._during(times, [e for e in self.events if e.treat_as_sunday])
        special = np.isin(days, np.union1d(free, days[touched]))
        return np.where(special, (days * DAY - _SUNDAY) % WEEK // DAY, 0)


def holidays_around(places: Iterable[str], *, first: int, last: int) -> frozenset[date]:
    """Return the public holidays of the years between two times and of the next one.

    Args:
        places: countries and regions, `DE`, `DE-BY`; a holiday of one is a holiday.
        first: Unix seconds.
        last: Unix seconds.

    Raises:
        ValueError: a country or region is unknown.
    """
    begin, end = (datetime.fromtimestamp(at, tz=UTC).year for at in (first, last))
    found: set[date] = set()
    for place in places:
        country, _, region = place.partition("-")
        found |= public_holidays(country, years=range(begin, end + 2), region=region or None)
    return frozenset(found)


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
