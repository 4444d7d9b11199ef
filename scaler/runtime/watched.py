"""Workloads under watch, and which of them are best looked at together."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

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


def read_together(unseen: Iterable[Watched], *, at: float) -> Iterator[Sequence[Watched]]:
    """Those of one source and one tick, no more than one read bears.

    Each part is published as soon as it is read, and one source's silence delays its own parts.
    """
    alike: dict[object, list[Watched]] = defaultdict(list)
    for watched in unseen:
        workload = watched.fold.workload
        watch = workload.watch
        source = (watch.source, watch.prometheus, watch.server_address)
        alike[source, watched.tick_by(int(at))].append(watched)
    for members in alike.values():
        for start in range(0, len(members), TOGETHER):
            yield members[start : start + TOGETHER]
