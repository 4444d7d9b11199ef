"""Workloads under watch, and which of them are best looked at together."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence

import attrs

from scaler.runtime.advance import TOGETHER
from scaler.runtime.fold import Fold
from scaler.runtime.grid import phase


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
    phase: int = attrs.field(init=False)
    looked: asyncio.Event = attrs.field(factory=asyncio.Event)
    edge: asyncio.Event = attrs.field(factory=asyncio.Event)

    def __attrs_post_init__(self) -> None:
        """Remember the phase: every second it is asked of every workload whether its tick came."""
        self.phase = phase(self.fold.workload)

    def tick_by(self, at: int) -> int:
        """The workload's newest tick that is not after `at`."""
        return at - (at - self.phase) % self.fold.workload.spec.step

    def is_due(self, tick: int) -> bool:
        """Whether `tick` is new, or the clock was set back by more than a step since the last."""
        return tick > self.ticked or self.ticked - tick > self.fold.workload.spec.step


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
        alike = [each for each in waiting if each.tick_by(int(at)) == waiting[0].tick_by(int(at))]
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
