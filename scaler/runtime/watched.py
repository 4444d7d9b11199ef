"""Workloads under watch, and which of them are best looked at together."""

import asyncio
from collections.abc import Sequence

import attrs

from scaler.config.workload import SourceKind
from scaler.runtime.advance import TOGETHER
from scaler.runtime.fold import Fold
from scaler.runtime.grid import phase

Source = tuple[SourceKind, str, str | None]
"""What a workload is read from: its kind, its name, and its address where it has no name."""


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
    """Workloads that wait for their first look, in the order in which they came, by source."""

    def __init__(self) -> None:
        self._waiting: dict[Source, list[Watched]] = {}

    def add(self, watched: Watched) -> Source:
        """Let `watched` wait, and say for which source."""
        watch = watched.fold.workload.watch
        source = (watch.source, watch.prometheus, watch.server_address)
        self._waiting.setdefault(source, []).append(watched)
        return source

    def take(self, source: Source, *, at: float) -> Sequence[Watched]:
        """Who waits longest for `source`, with those of the same tick: one read serves them all."""
        waiting = self._waiting.pop(source, [])
        alike = [each for each in waiting if each.tick_by(int(at)) == waiting[0].tick_by(int(at))]
        taken = alike[:TOGETHER]
        if rest := [each for each in waiting if each not in taken]:
            self._waiting[source] = rest
        return taken
