"""What is declared because no history foretells it, and when it happens.

Times are Unix seconds; repetitions keep the clock time of a zone. This module needs neither numpy
nor a history, so that whoever only asks when something happens need not load them.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import attrs


def _in_order(days: frozenset[int]) -> str:
    """Return the same text for the same set, in every process."""
    return repr(sorted(days))


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

    weekdays: frozenset[int] = attrs.field(default=frozenset(range(7)), repr=_in_order)
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

    def occurrences(self, *, zone: str, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Return start and end of every repetition that may touch these times, ramps included.

        Args:
            zone: IANA name of the clock that repetitions and weekdays follow.
            first: Unix seconds.
            last: Unix seconds.
        """
        clock = ZoneInfo(zone)
        begin = datetime.fromtimestamp(self.start, tz=clock).replace(tzinfo=None)
        stop = last + self.ramp if self.until is None else min(last + self.ramp, self.until)
        number = self._earliest(first - self.ramp)
        while True:
            # Wall-clock arithmetic: the same local time, whatever the clocks did in between.
            moment = begin + timedelta(seconds=number * (self.every or 0))
            # The first one is where it was put: of an hour that comes twice, in the right one.
            start = int(moment.replace(tzinfo=clock).timestamp()) if number else self.start
            if start > stop:
                return
            if moment.weekday() in self.weekdays:
                yield start, start + self.end - self.start
            if self.every is None:
                return
            number += 1

    def _earliest(self, first: int) -> int:
        """Return the number of a repetition that is over before *first*, or the first of all.

        One more than the seconds between say: clocks may have been set back since.
        """
        if self.every is None:
            return 0
        return max((first - self.end) // self.every - 1, 0)
