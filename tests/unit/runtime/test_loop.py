"""The loop that ticks: who is answered, when, and what it survives. Time flies here."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import attrs
import pytest
import structlog

from scaler.config.workload import Workload
from scaler.errors import DecisionExpired, UnknownWorkload
from scaler.policy.model import Gap, Readings, Reason
from scaler.runtime.fold import Progress
from scaler.runtime.grid import last_tick, phase
from scaler.runtime.loop import FIRST_LOOK, LAG, Listener, Loop
from scaler.runtime.watchlist import FORGET_AFTER
from tests.builders import EPOCH, readings
from tests.simulated import asked
from tests.unit.runtime.histories import FakeHistory, LoopClock, wave

pytestmark = pytest.mark.looptime
WORKLOAD = asked()
MINUTE = 60


@attrs.define
class Heard(Listener):
    """Everything that happened."""

    progress: list[Progress] = attrs.field(factory=list)
    ticks: int = 0
    gone: list[Workload] = attrs.field(factory=list)
    left: list[Workload] = attrs.field(factory=list)

    def progressed(self, progress: Progress) -> None:
        self.progress.append(progress)

    def ticked(self, seconds: float) -> None:
        self.ticks += 1

    def forgotten(self, workload: Workload, *, alone: bool) -> None:
        self.gone.append(workload)
        self.left += [workload] if alone else []


@attrs.define
class Service:
    loop: Loop
    history: FakeHistory
    clock: LoopClock
    heard: Heard

    async def target(self, workload: Workload = WORKLOAD) -> int | None:
        return (await self.loop.answer(workload)).decision.target


@asynccontextmanager
async def running(history: FakeHistory | None = None) -> AsyncIterator[Service]:
    clock, heard = LoopClock(), Heard()
    told = history or FakeHistory()
    loop = Loop(history=told, clock=clock, settle=30, listener=heard)
    task = asyncio.create_task(loop.run())
    try:
        yield Service(loop=loop, history=told, clock=clock, heard=heard)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def elapsed(since: float) -> float:
    return asyncio.get_running_loop().time() - since


async def test_the_first_question_is_answered_by_a_first_look() -> None:
    async with running() as service:
        assert await service.target() is not None
        assert elapsed(0.0) < FIRST_LOOK


@pytest.mark.parametrize("takes", [0.0, 60.0], ids=["refuses", "hangs"])
async def test_without_an_answer_the_first_question_is_unknown_within_its_budget(
    takes: float,
) -> None:
    history = FakeHistory()
    history.failing, history.takes = True, takes
    async with running(history) as service:
        began = asyncio.get_running_loop().time()
        with pytest.raises(UnknownWorkload, match="nothing was decided yet"):
            await service.loop.answer(WORKLOAD)
        assert elapsed(began) <= FIRST_LOOK + 0.01


async def test_the_error_says_what_the_source_said() -> None:
    history = FakeHistory()
    history.failing = True
    async with running(history) as service:
        with pytest.raises(UnknownWorkload, match="connection refused"):
            await service.loop.answer(WORKLOAD)
        assert ["prometheus:9090: connection refused"] == list(service.loop.troubles().values())


async def test_a_first_look_that_was_too_slow_is_there_for_the_second_question() -> None:
    history = FakeHistory()
    history.takes = 3.0
    async with running(history) as service:
        with pytest.raises(UnknownWorkload):
            await service.loop.answer(WORKLOAD)
        await asyncio.sleep(30)
        assert await service.target() is not None


async def test_every_later_question_is_answered_at_once_whatever_the_source_does() -> None:
    async with running() as service:
        await service.target()
        service.history.takes = 600.0
        for _ in range(20):
            await asyncio.sleep(7)
            began = asyncio.get_running_loop().time()
            assert await service.target() is not None
            assert 0.0 == elapsed(began)


async def test_each_workload_is_decided_in_its_own_second_and_once_a_step() -> None:
    async with running() as service:
        others = [asked(f"model-{n}") for n in range(5)]
        service.loop.declare([WORKLOAD, *others])
        await asyncio.sleep(5 * MINUTE)
        by_workload: dict[Workload, list[int]] = {}
        for progress in service.heard.progress:
            published = progress.published
            by_workload.setdefault(published.workload, []).append(published.decision.at)
        for workload, ticks in by_workload.items():
            assert list(range(ticks[0], ticks[-1] + 1, 15)) == ticks
            assert {phase(workload)} == {tick % 15 for tick in ticks}
        assert 6 == len(by_workload)


async def test_passed_is_said_once_every_declared_workload_was_looked_at() -> None:
    history = FakeHistory()
    history.takes = 5.0
    async with running(history) as service:
        service.loop.declare([WORKLOAD])
        assert not service.loop.passed
        await asyncio.sleep(30)
        assert service.loop.passed


async def test_an_outage_holds_the_target_until_hold_for_and_then_there_is_no_answer() -> None:
    workload = asked(holdFor="10m")
    async with running() as service:
        target = await service.target(workload)
        service.history.failing = True
        await asyncio.sleep(9 * MINUTE)
        assert target == await service.target(workload)
        await asyncio.sleep(2 * MINUTE)
        with pytest.raises(DecisionExpired, match=r"holdFor is over; .*connection refused"):
            await service.loop.answer(workload)
        service.history.failing = False
        await asyncio.sleep(16)
        assert await service.target(workload) is not None


async def test_what_nobody_asks_for_is_forgotten_and_what_is_declared_is_not() -> None:
    declared = asked("declared")
    async with running() as service:
        service.loop.declare([declared])
        await service.target()
        await asyncio.sleep(FORGET_AFTER - 5)
        assert 2 == len(list(service.loop.board))
        await asyncio.sleep(10)
        assert [WORKLOAD] == service.heard.gone
        assert ["declared"] == [one.workload.key.name for one in service.loop.board]
        service.loop.declare([])
        await asyncio.sleep(5)
        assert [WORKLOAD, declared] == service.heard.gone
        assert await service.target() is not None


async def test_changed_metadata_are_a_workload_of_their_own() -> None:
    async with running() as service:
        changed = asked(standby="3", maxReplicas="40")
        assert await service.target(changed) == (await service.target() or 0) + 3


async def test_of_changed_metadata_only_what_was_asked_last_is_told_and_shown() -> None:
    async with running() as service:
        changed = asked(standby="3", maxReplicas="40")
        for asking in (WORKLOAD, changed, WORKLOAD):
            await service.target(asking)
            service.heard.progress.clear()
            await asyncio.sleep(MINUTE)
            assert {asking} == {each.published.workload for each in service.heard.progress}
            [shown] = service.loop.board
            assert asking == shown.workload
            assert shown == await service.loop.answer(asking)


async def test_metadata_that_wait_for_their_first_look_are_shown_by_nothing_else() -> None:
    async with running() as service:
        await service.target()
        service.history.failing = True
        with pytest.raises(UnknownWorkload):
            await service.target(asked(standby="3", maxReplicas="40"))
        assert service.loop.board.named("default", "llama") is None


async def test_a_stream_that_goes_on_with_old_metadata_does_not_ask_anew() -> None:
    async with running() as service:
        assert await service.loop.wait_active(WORKLOAD, known=None, within=10)
        changed = asked(standby="3", maxReplicas="40")
        await service.target(changed)
        assert await service.loop.wait_active(WORKLOAD, known=True, within=10)
        [shown] = service.loop.board
        assert changed == shown.workload


async def test_old_metadata_are_forgotten_alone_and_leave_the_scaled_object() -> None:
    async with running() as service:
        await service.target()
        changed = asked(standby="3", maxReplicas="40")
        for _ in range(FORGET_AFTER // MINUTE + 1):
            await service.target(changed)
            await asyncio.sleep(MINUTE)
        assert ([WORKLOAD], []) == (service.heard.gone, service.heard.left)
        await asyncio.sleep(FORGET_AFTER)
        assert [changed] == service.heard.left


async def test_a_history_that_raises_does_not_end_the_loop_and_is_told_once() -> None:
    async with running() as service:
        await service.target()
        service.history.crashing = True
        with structlog.testing.capture_logs() as logs:
            await asyncio.sleep(50)
        failed = [line for line in logs if line["event"] == "workload_failed"]
        assert ["default/llama"] == [line["workload"] for line in failed]
        assert isinstance(failed[0]["exc_info"], ZeroDivisionError)
        service.history.crashing = False
        before = len(service.heard.progress)
        await asyncio.sleep(20)
        assert len(service.heard.progress) > before


async def test_a_failing_source_is_told_when_it_fails_and_when_it_is_back() -> None:
    async with running() as service:
        await service.target()
        with structlog.testing.capture_logs() as logs:
            service.history.failing = True
            await asyncio.sleep(50)
            service.history.failing = False
            await asyncio.sleep(50)
    [failed] = [line for line in logs if line["event"] == "source_failed"]
    [recovered] = [line for line in logs if line["event"] == "source_recovered"]
    assert ("default/llama", "prometheus:9090: connection refused") == (
        failed["workload"],
        failed["error"],
    )
    assert "default/llama" == recovered["workload"]


def beside(other: Workload) -> Workload:
    """A workload with ticks in the same seconds, and another source."""
    names = (f"llama-{number}" for number in range(1000))
    found = next(each for name in names if phase(each := asked(name)) == phase(other))
    return attrs.evolve(found, watch=attrs.evolve(found.watch, prometheus="other"))


async def test_a_source_that_hangs_delays_nobody_elses_ticks() -> None:
    stuck = beside(WORKLOAD)
    async with running() as service:
        await service.target()
        await service.target(stuck)
        service.history.slow[stuck.key.name] = 10.0
        tick = service.loop.board.latest(WORKLOAD.key).decision.at + WORKLOAD.spec.step
        await service.clock.sleep_until(tick + LAG + 2)
        assert tick == service.loop.board.latest(WORKLOAD.key).decision.at
        assert tick > service.loop.board.latest(stuck.key).decision.at


async def test_a_slow_slot_is_not_started_twice() -> None:
    async with running() as service:
        await service.target()
        service.history.takes = 40.0
        service.history.asked.clear()
        await asyncio.sleep(2 * MINUTE)
        assert len(service.history.asked) <= 3


def asleep_until(wake: float) -> FakeHistory:
    """Nothing runs; requests arrive `wake` seconds after the start, for two minutes."""

    def told(tick: int, known_at: int) -> Readings:
        arrivals = 3.0 if EPOCH + wake <= tick < EPOCH + wake + 120 else 0.0
        names = ("running", "waiting", "tokens", "requests", "latency", "cache")
        gone: dict[str, Any] = dict.fromkeys(names)
        return readings(tick, wanted=0, ready=0, reporting=0, activation=arrivals, **gone)

    return FakeHistory(told)


async def test_an_edge_wakes_whoever_waits_for_it_at_the_tick_that_sees_it() -> None:
    async with running(asleep_until(100)) as service:
        assert 0 == await service.target()
        assert await service.loop.wait_active(WORKLOAD, known=False, within=600)
        seen = last_tick(WORKLOAD, at=EPOCH + 100 + 14) + 1
        assert seen - EPOCH <= elapsed(0.0) <= seen - EPOCH + 1
        assert not await service.loop.wait_active(WORKLOAD, known=True, within=600)
        assert elapsed(0.0) <= 100 + 120 + 17


async def test_without_an_edge_waiting_ends_in_time_with_what_is_known() -> None:
    async with running() as service:
        await service.target()
        began = asyncio.get_running_loop().time()
        assert await service.loop.wait_active(WORKLOAD, known=True, within=30)
        assert 30.0 == pytest.approx(elapsed(began), abs=0.01)
        assert await service.loop.wait_active(WORKLOAD, known=None, within=30)
        assert elapsed(began) < 31


async def test_whoever_waits_for_an_unseen_workload_hears_of_its_first_look() -> None:
    async with running() as service:
        assert await service.loop.wait_active(WORKLOAD, known=None, within=10)
        assert elapsed(0.0) < FIRST_LOOK


async def test_waiting_counts_as_asking() -> None:
    async with running() as service:
        await service.target()
        for _ in range(4):
            await service.loop.wait_active(WORKLOAD, known=True, within=FORGET_AFTER / 3)
        assert [] == service.heard.gone


async def test_while_frozen_what_was_served_last_goes_on() -> None:
    async with running() as service:
        target = await service.target()
        service.loop.use(settle=30, frozen=True)
        for _ in range(30):
            await asyncio.sleep(MINUTE)
            assert target == await service.target()
        service.loop.use(settle=30, frozen=False)
        targets = set()
        for _ in range(60):
            await asyncio.sleep(MINUTE)
            targets.add(await service.target())
        assert targets > {target}


async def test_a_jump_of_the_clock_is_a_longer_range() -> None:
    async with running() as service:
        service.loop.declare([WORKLOAD])
        await service.target()
        service.clock.ahead += 6 * 3600
        await asyncio.sleep(20)
        newest = service.heard.progress[-1].published.decision.at
        assert newest > EPOCH + 6 * 3600
        assert await service.target() is not None


@pytest.mark.parametrize("back", [MINUTE, 3600, 30 * 24 * 3600])
async def test_a_clock_that_is_set_back_is_followed_within_a_step(back: int) -> None:
    async with running() as service:
        service.loop.declare([WORKLOAD])
        await service.target()
        await asyncio.sleep(MINUTE)
        service.clock.ahead -= back
        with pytest.raises(DecisionExpired, match="the clock was set back"):
            await service.loop.answer(WORKLOAD)
        await asyncio.sleep(17)
        assert await service.target() is not None
        newest = service.heard.progress[-1].published.decision.at
        assert last_tick(WORKLOAD, at=service.clock.now() - 2) <= newest <= service.clock.now()
        await asyncio.sleep(MINUTE)
        assert service.heard.progress[-1].published.decision.at > newest


async def test_a_slew_of_the_clock_reads_no_range_again() -> None:
    async with running() as service:
        service.loop.declare([WORKLOAD])
        await service.target()
        await asyncio.sleep(MINUTE)
        service.history.asked.clear()
        for _ in range(20):
            service.clock.ahead -= 2
            await asyncio.sleep(5)
            assert await service.target() is not None
        assert all(len(ticks) <= 4 for ticks, _ in service.history.asked)


async def test_a_clock_that_is_set_back_in_a_wait_for_the_next_second_stalls_nothing() -> None:
    class Stalling(LoopClock):
        async def sleep_until(self, at: float) -> None:
            await asyncio.sleep(3600)

    heard = Heard()
    loop = Loop(history=FakeHistory(), clock=Stalling(), settle=30, listener=heard)
    loop.declare([WORKLOAD])
    task = asyncio.create_task(loop.run())
    await asyncio.sleep(MINUTE)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert 4 <= len({progress.published.decision.at for progress in heard.progress})


async def test_new_knowledge_is_learned_while_the_loop_goes_on() -> None:
    async with running() as service:
        for _ in range(3 * 60):
            await service.target()
            await asyncio.sleep(MINUTE)
        known = {progress.published.knowledge.at for progress in service.heard.progress}
        assert len(known) >= 3


async def test_a_source_without_any_signal_gives_no_number() -> None:
    gap = Gap(reason=Reason.ABSENT)

    def told(tick: int, known_at: int) -> Readings:
        whole = wave(tick, known_at)
        return attrs.evolve(whole, signals=dict.fromkeys(whole.signals, gap))

    async with running(FakeHistory(told)) as service:
        with pytest.raises(DecisionExpired, match="no demand signal was ever read"):
            await service.loop.answer(WORKLOAD)
        active = await service.loop.wait_active(WORKLOAD, known=None, within=1)
        assert active is None
