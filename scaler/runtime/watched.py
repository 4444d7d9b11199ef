"""Workloads under watch, and which of them are best looked at together."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence

import attrs

from scaler.runtime.advance import TOGETHER
from scaler.runtime.fold import Fold


@attrs.define(eq=False)
class Watched:
    """One workload under watch: its fold, who waits for it, and when it was last asked for.

    `looked` is set after the first look, whatever came of it; `busy` while a look is under way.
    """

    fold: Fold
    asked_at: float
    declared: bool = False
    busy: bool = False
    ticked: int = 0
    looked: asyncio.Event = attrs.field(factory=asyncio.Event)
    edge: asyncio.Event = attrs.field(factory=asyncio.Event)

    @property
    def next_tick(self) -> int:
        """The tick after the last that was looked at."""
        return self.ticked + self.fold.workload.spec.step


class Newcomers:
    """Workloads that wait for their first look, in the order in which they came, by origin."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Watched]] = {}

    def add(self, watched: Watched) -> str:
        """Let `watched` wait, and say for which origin."""
        origin = watched.fold.workload.origin
        self._waiting.setdefault(origin, []).append(watched)
        return origin

    def take(self, origin: str, *, at: float) -> Sequence[Watched]:
        """Who waits longest for `origin`, with those of the same tick: one read serves them all."""
        waiting = self._waiting.pop(origin, [])
        tick = waiting[0].fold.last_tick(at) if waiting else 0
        alike = [each for each in waiting if each.fold.last_tick(at) == tick]
        taken = alike[:TOGETHER]
        gone = set(taken)
        if rest := [each for each in waiting if each not in gone]:
            self._waiting[origin] = rest
        return taken


def by_origin(watched: Iterable[Watched]) -> Iterable[Sequence[Watched]]:
    """Who waits for whom: an origin that does not answer delays nobody else."""
    found: dict[str, list[Watched]] = defaultdict(list)
    for each in watched:
        found[each.fold.workload.origin].append(each)
    return found.values()
