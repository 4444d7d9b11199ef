"""One call for start, first sight, tick, recovery and clock jump."""

from collections.abc import Callable, Mapping, Sequence

import attrs
import pytest

from scaler.config.workload import Workload
from scaler.errors import Defect, SignalMalformed
from scaler.policy.engine import memory
from scaler.policy.model import Decision, Readings, Signal
from scaler.runtime.advance import TOGETHER, advance
from scaler.runtime.fold import Fold, Progress
from scaler.runtime.grid import last_tick
from scaler.runtime.history import Answer
from scaler.runtime.knowledge import Learning, teach
from tests.builders import EPOCH, LEAD_TIME, reading
from tests.simulated import asked
from tests.unit.runtime.histories import FakeHistory, wave

SETTLE = 30
STEP = 15
WORKLOAD = asked(leadTime="5m")
QUICK = Learning(every=600, lookback=3600, step=60, grace=60)
FIRST = last_tick(WORKLOAD, at=EPOCH + 100)
LENGTH = memory(WORKLOAD.spec, LEAD_TIME) // STEP


async def go(
    folds: Sequence[Fold], history: FakeHistory, *, to: float, learning: Learning = QUICK
) -> Sequence[Progress]:
    return await advance(folds, history=history, to=to, settle=SETTLE, learning=learning)


async def every_tick(
    fold: Fold, history: FakeHistory, ticks: range, *, learning: Learning = QUICK
) -> dict[int, Decision]:
    """Settled decisions by tick, of a loop that learns as the service does."""
    settled = {}
    for tick in ticks:
        for progress in await go([fold], history, to=tick, learning=learning):
            settled.update({decision.at: decision for decision in progress.settled})
        epoch = learning.coming(tick)
        if fold.known and epoch not in fold.known:
            await teach([fold], epochs=[epoch], history=history, learning=learning)
    return settled


def after(first: int, count: int) -> range:
    return range(first, first + count * STEP, STEP)


async def test_first_sight_reads_and_folds_all_of_the_memory() -> None:
    history, fold = FakeHistory(), Fold(workload=WORKLOAD)
    (progress,) = await go([fold], history, to=FIRST)
    ticks = history.asked[-1][0]
    assert (FIRST - LENGTH * STEP, FIRST) == (ticks[0], ticks[-1])
    assert FIRST == progress.published.decision.at
    assert FIRST - SETTLE == progress.settled[-1].at


async def test_a_memory_of_many_hours_is_folded_whole() -> None:
    history, fold = FakeHistory(), Fold(workload=asked(holdFor="8h"))
    (progress,) = await go([fold], history, to=FIRST, learning=Learning())
    assert 8 * 3600 <= progress.settled[-1].at - progress.settled[0].at


async def test_a_tick_reads_what_is_not_settled_yet_and_no_more() -> None:
    history, fold = FakeHistory(), Fold(workload=WORKLOAD)
    await go([fold], history, to=FIRST)
    await go([fold], history, to=FIRST + STEP)
    assert [FIRST - STEP, FIRST, FIRST + STEP] == list(history.asked[-1][0])


async def test_nothing_is_read_when_nothing_is_new_to_settle() -> None:
    history, fold = FakeHistory(), Fold(workload=WORKLOAD)
    await advance([fold], history=history, to=FIRST, settle=0, learning=QUICK)
    reads = len(history.asked)
    await advance([fold], history=history, to=FIRST + STEP - 1, settle=0, learning=QUICK)
    assert reads == len(history.asked)


@pytest.mark.parametrize("missed", [1, 4, 40])
async def test_recovery_folds_the_missing_range_as_if_it_had_not_been_missed(missed: int) -> None:
    away, present = Fold(workload=WORKLOAD), Fold(workload=WORKLOAD)
    theirs = await every_tick(present, FakeHistory(), after(FIRST, 20 + missed))
    ours = await every_tick(away, FakeHistory(), after(FIRST, 20))
    history = FakeHistory()
    history.failing = True
    for tick in after(FIRST + 20 * STEP, missed - 1):
        assert () == tuple(await go([away], history, to=tick))
        assert "connection refused" in str(away.trouble)
    history.failing = False
    ours |= await every_tick(away, history, after(FIRST + (20 + missed - 1) * STEP, 1))
    assert away.trouble is None
    assert theirs == ours


async def test_what_would_have_been_learned_in_an_outage_is_learned_before_it_is_folded() -> None:
    away, present = Fold(workload=WORKLOAD), Fold(workload=WORKLOAD)
    theirs = await every_tick(present, FakeHistory(), after(FIRST, 200))
    ours = await every_tick(away, FakeHistory(), after(FIRST, 20))
    ours |= await every_tick(away, FakeHistory(), after(FIRST + 120 * STEP, 80))
    assert theirs == ours


async def test_a_failing_source_folds_nothing() -> None:
    history, fold = FakeHistory(), Fold(workload=WORKLOAD)
    await go([fold], history, to=FIRST)
    before = fold.settled
    history.failing = True
    assert () == tuple(await go([fold], history, to=FIRST + 600))
    assert before is fold.settled


async def test_a_clock_that_jumps_further_than_the_memory_starts_over() -> None:
    jumped, fresh, history = Fold(workload=WORKLOAD), Fold(workload=WORKLOAD), FakeHistory()
    await go([jumped], history, to=FIRST)
    far = FIRST + 10 * LENGTH * STEP
    (one,) = await go([jumped], history, to=far)
    (other,) = await go([fresh], history, to=far)
    assert LENGTH + 1 == len(history.asked[-1][0])
    assert other.published.decision == one.published.decision


@pytest.mark.parametrize("back", [2, STEP])
async def test_a_clock_that_is_slewed_back_by_a_step_at_most_folds_nothing_anew(back: int) -> None:
    history, fold = FakeHistory(), Fold(workload=WORKLOAD)
    await advance([fold], history=history, to=FIRST, settle=0, learning=QUICK)
    state, known = fold.settled, dict(fold.known)
    again = await advance([fold], history=history, to=FIRST - back, settle=0, learning=QUICK)
    assert () == tuple(again)
    assert (state, known) == (fold.settled, fold.known)


@pytest.mark.parametrize("back", [5 * STEP, 3600, 30 * 24 * 3600])
async def test_a_clock_that_is_set_back_starts_over_as_at_first_sight(back: int) -> None:
    ahead, fresh, history = Fold(workload=WORKLOAD), Fold(workload=WORKLOAD), FakeHistory()
    await go([ahead], history, to=FIRST)
    for tick in after(FIRST - back, 3):
        (one,) = await go([ahead], history, to=tick)
        (other,) = await go([fresh], FakeHistory(), to=tick)
        assert other == one
    assert (fresh.known, fresh.settled) == (ahead.known, ahead.settled)


async def test_knowledge_of_the_future_is_dropped_though_nothing_was_folded() -> None:
    history, fold = FakeHistory(), Fold(workload=WORKLOAD)
    await teach([fold], epochs=[FIRST + 3600], history=history, learning=QUICK)
    await go([fold], history, to=FIRST)
    assert max(fold.known) <= FIRST


def late(delay: int) -> Callable[[int, int], Readings]:
    """What is known of a tick grows: the last samples come `delay` seconds after it."""

    def told(tick: int, known_at: int) -> Readings:
        whole = wave(tick, known_at)
        if known_at >= tick + delay:
            return whole
        partial = {**whole.signals, Signal.TOKENS: reading(500.0, at=tick)}
        return attrs.evolve(whole, signals=partial)

    return told


async def test_late_samples_change_the_fresh_answer_and_not_twice_the_settled_one() -> None:
    now = FIRST
    history = FakeHistory(late(20), now=lambda: now)
    whole = FakeHistory()
    fold, twin = Fold(workload=WORKLOAD), Fold(workload=WORKLOAD)
    settled: list[Decision] = []
    for tick in after(FIRST, 40):
        now = tick + 1
        (progress,) = await go([fold], history, to=tick)
        (exact,) = await go([twin], whole, to=tick)
        assert 500.0 == progress.published.readings.value(Signal.TOKENS)
        assert exact.published.readings != progress.published.readings
        assert exact.settled == progress.settled
        settled.extend(progress.settled)
    ticks = [decision.at for decision in settled]
    assert sorted(set(ticks)) == ticks


async def test_a_restart_in_the_middle_changes_no_settled_decision_across_epochs() -> None:
    first, count = FIRST, 4 * 600 // STEP
    ours = await every_tick(Fold(workload=WORKLOAD), FakeHistory(), after(first, 2 * count))
    capacities = set()
    for restart in range(count, 2 * count, 11):
        begun = first + restart * STEP
        fold = Fold(workload=WORKLOAD)
        theirs = await every_tick(fold, FakeHistory(), after(begun, 2 * count - restart))
        late_enough = {at: d for at, d in theirs.items() if at >= begun - SETTLE}
        assert {at: ours[at] for at in late_enough} == late_enough
        capacities |= {known.capacity for known in fold.known.values()}
    assert len(capacities) > 1


async def test_one_workload_that_cannot_be_read_leaves_the_others_alone() -> None:
    history = FakeHistory()
    good, bad = Fold(workload=asked("good")), Fold(workload=asked("bad"))
    await go([good, bad], history, to=FIRST)
    history.broken["bad"] = SignalMalformed("bad: two models answered")
    progress = await go([good, bad], history, to=FIRST + 60)
    assert ["good"] == [one.published.workload.key.name for one in progress]
    assert "two models" in str(bad.trouble)


async def test_workloads_that_miss_the_same_ticks_are_read_together_in_bounded_groups() -> None:
    history = FakeHistory()
    slot: list[Workload] = []
    while len(slot) < TOGETHER + 10:
        name = f"model-{len(slot)}-{len(history.asked)}"
        history.asked.append((range(0), 0))
        workload = asked(name)
        if last_tick(workload, at=FIRST) == FIRST:
            slot.append(workload)
    history.asked.clear()
    progress = await go([Fold(workload=one) for one in slot], history, to=FIRST)
    assert len(slot) == len(progress)
    assert {TOGETHER, 10} == {size for _, size in history.asked}


async def test_nothing_known_is_nothing_folded() -> None:
    history, fold = FakeHistory(), Fold(workload=WORKLOAD)
    history.broken[WORKLOAD.key.name] = SignalMalformed("a wrong query")
    assert () == tuple(await go([fold], history, to=FIRST))
    assert (None, {}) == (fold.settled, fold.known)


@attrs.define
class Picky:
    """A history that fails as a whole over one workload, by a fault of its own."""

    sound: FakeHistory = attrs.field(factory=FakeHistory)

    async def read(self, workloads: Sequence[Workload], ticks: range) -> Mapping[Workload, Answer]:
        if any(workload.key.name == "bad" for workload in workloads):
            raise ZeroDivisionError("a bug")
        return await self.sound.read(workloads, ticks)


async def test_a_fault_in_reading_one_workload_is_not_anothers() -> None:
    bad, good = Fold(workload=_called("bad")), Fold(workload=_called("good"))
    progress = await advance([bad, good], history=Picky(), to=FIRST, settle=SETTLE, learning=QUICK)
    assert [good.workload] == [one.published.workload for one in progress]
    assert (None, True) == (good.trouble, isinstance(bad.trouble, Defect))


async def test_a_fault_in_folding_one_workload_is_not_anothers() -> None:
    bad, good = Fold(workload=_called("bad")), Fold(workload=_called("good"))
    history = FakeHistory()
    await go([bad, good], history, to=FIRST)
    history.broken["bad"] = [None]  # type: ignore[assignment]
    progress = await go([bad, good], history, to=FIRST + STEP)
    assert [good.workload] == [one.published.workload for one in progress]
    assert (None, True) == (good.trouble, isinstance(bad.trouble, Defect))


def _called(name: str) -> Workload:
    """In the second of all others, so that they are read together."""
    return attrs.evolve(WORKLOAD, key=attrs.evolve(WORKLOAD.key, name=name))
