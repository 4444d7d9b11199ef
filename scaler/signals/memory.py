"""What a direct scrape remembers: the last two hours as they were, a day before that thinned out.

Two hours are more than any fold needs; capacity is learned from a day in steps of five minutes, so
of older readings the last in each such step is kept. That bounds a workload to about 760 readings.
"""

from bisect import bisect_right

import attrs

from scaler.policy.model import Gap, Readings, Reason, Signal

_FULL = 2 * 3600
_KEPT = 25 * 3600
_STEP = 300
_NOBODY = Gap(reason=Reason.NO_HISTORY, detail="nobody was watching")


class Memory:
    """Readings of one workload by tick."""

    def __init__(self) -> None:
        self._ticks: list[int] = []
        self._readings: list[Readings] = []

    @property
    def newest(self) -> int | None:
        """The last tick that was read."""
        return self._ticks[-1] if self._ticks else None

    def keep(self, readings: Readings) -> None:
        """Remember `readings`, which are newer than all before."""
        self._ticks.append(readings.at)
        self._readings.append(readings)
        self._thin(readings.at)

    def at(self, tick: int, *, fresh_for: int) -> Readings | None:
        """Readings as of `tick`: the last before it, unless they are too old to speak for it.

        That is `fresh_for` seconds, or a step of the thinned part where `tick` lies in it.
        """
        index = bisect_right(self._ticks, tick) - 1
        if index < 0:
            return None
        old = tick <= self._ticks[-1] - _FULL
        if tick - self._ticks[index] > max(fresh_for, _STEP if old else 0):
            return None
        return attrs.evolve(self._readings[index], at=tick)

    def _thin(self, now: int) -> None:
        """Drop the oldest, and of the old part all but the last in each step."""
        oldest = bisect_right(self._ticks, now - _KEPT)
        full = bisect_right(self._ticks, now - _FULL)
        last = {_step(self._ticks[index]): index for index in range(oldest, full)}
        if len(last) < full:
            kept = [*last.values(), *range(full, len(self._ticks))]
            self._ticks = [self._ticks[index] for index in kept]
            self._readings = [self._readings[index] for index in kept]


def _step(tick: int) -> int:
    """The step whose end `tick` is at or before."""
    return -(-tick // _STEP)


def nothing(at: int, signals: frozenset[Signal]) -> Readings:
    """Readings of a tick that nobody watched."""
    return Readings(
        at=at,
        signals=dict.fromkeys(signals, _NOBODY),
        wanted=_NOBODY,
        ready=_NOBODY,
        stuck=_NOBODY,
        reporting=_NOBODY,
    )
