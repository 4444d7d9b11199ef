"""How far apart a source's samples are: measured in its own history.

Whoever measures later, or again, must find the same, or two scalers would look through different
windows. So it is measured at full hours, and what was measured counts until the next one. Where
nothing of an engine ran at the full hour, the last even minute at which something did run counts;
where nothing did, the newest full hour of the day before.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

from scaler.errors import SignalMalformed
from scaler.signals.catalog.metric import Row
from scaler.signals.matchers import Matcher
from scaler.signals.reply import Series

UNMEASURED = 15
"""Seconds between samples where nothing has been seen yet: what most operators choose."""

_HOUR = 3600
_HOUR_GRACE = 300
"""Seconds until every sample before a full hour has come in, over remote write too."""
_YOUNG = 120
_YOUNG_GRACE = 60
_BACK = 24 * _HOUR
_WINDOW = 480
"""A multiple of every usual interval, so that the count in it does not depend on the phase."""
_USUAL = (1, 2, 5, 10, 15, 20, 30, 40, 60, 120, 240, 480)
_LOST = 0.1
"""Share of samples that may be missing."""
_REMEMBERED = 2000

Ask = Callable[[str, range], Awaitable[Sequence[Series]]]
"""A range query; raises `SignalError`."""


class Pace:
    """Seconds between samples of each engine's series, as a function of time."""

    def __init__(self, ask: Ask, *, forced: Sequence[Matcher]) -> None:
        self._ask = ask
        self._forced = ",".join(map(str, forced))
        self._measured: dict[tuple[str, int], int | None] = {}
        self._turn = asyncio.Lock()

    async def spans(self, row: Row, ticks: range) -> list[tuple[range, int]]:
        """`ticks` in order, cut where the interval changes, each part with its interval.

        Raises:
            SignalError: the source gave no answer.
        """
        if not row.probe or not ticks:
            return [(ticks, UNMEASURED)]
        await self._measure(row, {_hour(at) for at in ticks}, step=_HOUR)
        bare = [at for at in ticks if self._at(row, _hour(at)) is None]
        await self._measure(row, {_young(at) for at in bare}, step=_YOUNG)
        bare = [at for at in bare if self._at(row, _young(at)) is None]
        await self._measure(row, {hour for at in bare for hour in _before(at)}, step=_HOUR)
        found = _cut(ticks, [self._interval(row, at) for at in ticks])
        self._forget()
        return found

    def _interval(self, row: Row, at: int) -> int:
        measured = (self._at(row, when) for when in (_hour(at), _young(at), *_before(at)))
        return next((interval for interval in measured if interval is not None), UNMEASURED)

    def _at(self, row: Row, when: int) -> int | None:
        return self._measured.get((row.engine, when))

    async def _measure(self, row: Row, times: Iterable[int], *, step: int) -> None:
        """Measure what is not known. Who misses nothing waits for nobody's question."""
        wanted = list(times)
        if not self._missing(row, wanted):
            return
        async with self._turn:
            # Whoever waited may find that it was measured meanwhile.
            if missing := self._missing(row, wanted):
                await self._ask_for(row, missing, step=step)

    def _missing(self, row: Row, times: Sequence[int]) -> Sequence[int]:
        return [when for when in times if (row.engine, when) not in self._measured]

    async def _ask_for(self, row: Row, missing: Sequence[int], *, step: int) -> None:
        asked = range(min(missing), max(missing) + 1, step)
        try:
            answer = await self._ask(_query(row, self._forced), asked)
        except SignalMalformed:
            # A server that refuses this question may well answer the others.
            answer = ()
        counts = answer[0].values if answer else {}
        for when in asked:
            self._measured[row.engine, when] = _usual(counts.get(when, 0.0))

    def _forget(self) -> None:
        for old in list(self._measured)[:-_REMEMBERED]:
            del self._measured[old]


def _query(row: Row, forced: str) -> str:
    """Samples in the window of a pod that reported from its beginning to its end.

    Of the slower ones: a window that is too long is late, one that is too short is empty.
    """
    selectors = [f"{name}{{{forced}}}" for name in row.probe]
    window = f"{_WINDOW}s"
    whole = (
        f"(count_over_time({each}[{window}]) and {each} and {each} offset {window})"
        for each in selectors
    )
    return f"quantile(0.1, {' or '.join(whole)})"


def _usual(count: float) -> int | None:
    """The shortest usual interval at which no more than a few of the samples are missing."""
    fitting = (each for each in _USUAL if count >= (1 - _LOST) * _WINDOW / each)
    return next(fitting, None)


def _hour(at: int) -> int:
    return (at - _HOUR_GRACE) // _HOUR * _HOUR


def _young(at: int) -> int:
    return (at - _YOUNG_GRACE) // _YOUNG * _YOUNG


def _before(at: int) -> range:
    return range(_hour(at) - _HOUR, _hour(at) - _BACK - 1, -_HOUR)


def _cut(ticks: range, intervals: Sequence[int]) -> list[tuple[range, int]]:
    starts = [
        index
        for index, interval in enumerate(intervals)
        if index == 0 or interval != intervals[index - 1]
    ]
    ends = [*starts[1:], len(ticks)]
    return [(ticks[start:end], intervals[start]) for start, end in zip(starts, ends, strict=True)]
