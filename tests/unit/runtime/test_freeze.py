"""While the loop is frozen, what was published goes on; at first sight, what is wanted."""

import asyncio
from collections.abc import Mapping, Sequence

import attrs
import pytest

from scaler.config.workload import Workload
from scaler.errors import DecisionExpired
from scaler.policy.model import Readings
from scaler.runtime.fold import Progress
from scaler.runtime.loop import Listener, Loop
from tests.builders import EPOCH, reading, readings
from tests.unit.runtime.histories import LoopClock
from tests.unit.signals.workloads import make_workload

pytestmark = pytest.mark.looptime


@attrs.define(eq=False)
class FakeHistory:
    """The same fleet at every tick."""

    wanted: float | None = 4
    waiting: float = 0.0

    async def read(
        self, workloads: Sequence[Workload], ticks: range
    ) -> Mapping[Workload, Sequence[Readings]]:
        return {
            workload: [
                attrs.evolve(readings(at, waiting=self.waiting), wanted=reading(self.wanted, at=at))
                for at in ticks
            ]
            for workload in workloads
        }


@attrs.define
class Until(Listener):
    """Waits for a decision of a time."""

    at: int
    come: asyncio.Event = attrs.field(factory=asyncio.Event)

    def progressed(self, progress: Progress) -> None:
        if progress.published.decision.at >= self.at:
            self.come.set()


WORKLOAD = make_workload("llama")


def frozen_loop(history: FakeHistory, clock: LoopClock) -> Loop:
    loop = Loop(history=history, clock=clock, settle=30)
    loop.use(settle=30, frozen=True)
    return loop


async def test_at_first_sight_the_wanted_replicas_are_kept() -> None:
    loop = frozen_loop(FakeHistory(wanted=4, waiting=5000.0), LoopClock())
    decision = (await loop.answer(WORKLOAD)).decision
    assert (4, "freeze") == (decision.target, decision.limits[-1].by)
    assert decision.limits[-1].before > 4


async def test_where_nobody_knows_what_is_wanted_there_is_no_answer() -> None:
    loop = frozen_loop(FakeHistory(wanted=None, waiting=5000.0), LoopClock())
    with pytest.raises(DecisionExpired, match="frozen, and what is wanted is not known"):
        await loop.answer(WORKLOAD)


async def test_what_was_published_is_kept_whatever_is_wanted_later() -> None:
    history, until = FakeHistory(waiting=5000.0), Until(at=EPOCH + 600)
    loop = Loop(history=history, clock=LoopClock(), settle=30, listener=until)
    before = (await loop.answer(WORKLOAD)).decision
    assert (before.target or 0) > 4
    loop.use(settle=30, frozen=True)
    history.wanted, history.waiting = 2, 0.0

    running = asyncio.create_task(loop.run())
    await until.come.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    newest = (await loop.answer(WORKLOAD)).decision
    assert (before.target, "freeze") == (newest.target, newest.limits[-1].by)
