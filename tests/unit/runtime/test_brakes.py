"""What moves or stops a decision on its way to the board."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

import attrs
import pytest

from scaler.config.workload import Workload
from scaler.policy.model import Decision
from scaler.runtime.fold import Fold
from scaler.runtime.knowledge import Learning, teach
from scaler.runtime.loop import Loop
from tests.builders import EPOCH
from tests.simulated import asked
from tests.unit.runtime.histories import FakeHistory, LoopClock

WORKLOAD = asked()
MINUTE = 60


@attrs.define
class FakeBrakes:
    """Freezes on demand, and adds replicas to what was decided."""

    freezing: bool = False
    more: int = 0

    def frozen(self, workload: Workload, *, at: int) -> bool:
        return self.freezing

    def apply(self, decision: Decision, *, workload: Workload) -> Decision:
        return attrs.evolve(decision, target=(decision.target or 0) + self.more)


@asynccontextmanager
async def running(brakes: FakeBrakes | None) -> AsyncIterator[Loop]:
    loop = Loop(history=FakeHistory(), clock=LoopClock(), settle=30, brakes=brakes)
    task = asyncio.create_task(loop.run())
    try:
        yield loop
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def target(loop: Loop) -> int:
    return (await loop.answer(WORKLOAD)).decision.target or 0


@pytest.mark.looptime
async def test_what_the_brakes_make_of_a_decision_is_served() -> None:
    async with running(None) as loop:
        decided = await target(loop)
    async with running(FakeBrakes(more=3)) as loop:
        assert decided + 3 == await target(loop)


@pytest.mark.looptime
async def test_who_is_frozen_is_served_what_was_served_last() -> None:
    brakes = FakeBrakes(more=3)
    async with running(brakes) as loop:
        served = await target(loop)
        brakes.freezing = True
        for _ in range(30):
            await asyncio.sleep(MINUTE)
            assert served == await target(loop)


@attrs.frozen
class Seen:
    """Implements `LeadTimes`."""

    of: Mapping[Workload, int]

    async def __call__(self, workloads: Sequence[Workload], *, at: int) -> Mapping[Workload, int]:
        assert EPOCH - EPOCH % 3600 == at
        return {each: self.of[each] for each in workloads if each in self.of}


@pytest.mark.parametrize(
    ("seen", "known"),
    [(None, 300), (42, 42), (0, 1), (10_000, 1800)],
    ids=["nobody looked", "as seen", "at least a second", "at most leadTimeMax"],
)
async def test_the_lead_time_is_what_was_seen(seen: int | None, known: int) -> None:
    workload = asked()
    auto = attrs.evolve(workload, spec=attrs.evolve(workload.spec, lead_time=None))
    fold, epoch = Fold(workload=auto), EPOCH - EPOCH % 3600
    learning = Learning(lead_times=Seen({} if seen is None else {auto: seen}))
    await teach([fold], epochs=[epoch], history=FakeHistory(), learning=learning)

    assert known == fold.known[epoch].lead_time


async def test_a_lead_time_that_the_user_gave_stands() -> None:
    workload = asked()
    given = attrs.evolve(workload, spec=attrs.evolve(workload.spec, lead_time=77))
    fold, epoch = Fold(workload=given), EPOCH - EPOCH % 3600
    learning = Learning(lead_times=Seen({given: 42}))
    await teach([fold], epochs=[epoch], history=FakeHistory(), learning=learning)

    assert 77 == fold.known[epoch].lead_time
