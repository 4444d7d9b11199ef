"""What a direct scrape remembers: the last hours as they were, a day before that thinned out.

Of readings that are too old for any fold the last in each step of five minutes is kept. At the
end of a step that is the reading which counts there anyhow, and capacity is learned from those.
"""

from bisect import bisect_right
from collections.abc import Iterable

import attrs

KEPT = 25 * 3600
STEP = 300


@attrs.frozen
class Kept:
    """Encoded readings and the tick that they were taken at."""

    taken: int
    body: bytes


class Memory:
    """Encoded readings of one workload by tick; all of the last `full` seconds."""

    def __init__(self, *, full: int, kept: Iterable[Kept] = ()) -> None:
        self._full = full
        self._kept = list(kept)
        self._thinned = 0

    @property
    def newest(self) -> int | None:
        """The last tick that was read."""
        return self._kept[-1].taken if self._kept else None

    @property
    def thinned(self) -> int:
        """The end of the last step that is thinned out; 0 before there was one."""
        return self._thinned

    def keep(self, kept: Kept) -> None:
        """Remember these, which are newer than all before."""
        self._kept.append(kept)
        edge = (kept.taken - self._full) // STEP * STEP
        if edge > self._thinned:
            self._thinned = edge
            self._thin(oldest=kept.taken - KEPT, edge=edge)

    def forget_after(self, at: int) -> bool:
        """Drop what a clock ahead of time took after `at`; whether there was anything."""
        kept = bisect_right(self._kept, at, key=_taken)
        gone = len(self._kept) > kept
        del self._kept[kept:]
        self._thinned = min(self._thinned, at)
        return gone

    def at(self, tick: int, *, fresh_for: int) -> Kept | None:
        """The last before or at `tick`, unless `fresh_for` seconds are too long to speak for it."""
        index = bisect_right(self._kept, tick, key=_taken) - 1
        if index < 0 or tick - self._kept[index].taken > fresh_for:
            return None
        return self._kept[index]

    def _thin(self, *, oldest: int, edge: int) -> None:
        first = bisect_right(self._kept, oldest, key=_taken)
        full = bisect_right(self._kept, edge, key=_taken)
        last = {step(each.taken): each for each in self._kept[first:full]}
        self._kept = [*last.values(), *self._kept[full:]]


def step(tick: int) -> int:
    """The end of the step that `tick` is in: it belongs to the one that it ends."""
    return -(-tick // STEP) * STEP


def _taken(kept: Kept) -> int:
    return kept.taken
