"""Reading what is new, having it forecast, and telling the fold; one's trouble is its own."""

from collections.abc import Sequence
from itertools import pairwise

import pytest

from scaler.errors import SignalMalformed
from scaler.policy.model import Belief, Foreseen
from scaler.runtime.fold import Fold
from scaler.runtime.forecasts.forecaster import CHUNK, LOOK, RETRY, Forecaster
from scaler.runtime.forecasts.outlooks import Outlooks
from tests.builders import knowledge, readings
from tests.simulated import asked
from tests.unit.runtime.forecasts.foreseeing import (
    QUICK,
    START,
    FakeForesight,
    StillClock,
    daily,
    work,
)
from tests.unit.runtime.histories import FakeHistory

DELAY = 31


class Desk:
    """A forecaster with everything around it."""

    def __init__(self, *names: str, base: int | None = None) -> None:
        workloads = [asked(name) for name in names or ("llama",)]
        self.folds = [
            Fold(workload=each, outlooks=Outlooks(workload=each, refreshing=QUICK))
            for each in workloads
        ]
        self.clock = StillClock()
        self.history = FakeHistory(daily)
        self.worker = FakeForesight()
        self.worker.base = base
        self.observed: list[str | None] = []
        self.forecaster = Forecaster(
            folds=lambda: self.folds,
            history=self.history,
            clock=self.clock,
            worker=self.worker,
            delay=lambda: DELAY,
            observe=lambda _, error: self.observed.append(error),
        )

    async def until_idle(self, *, after: float = 0.0) -> int:
        """Let it work; how many rounds it took."""
        self.clock.at += after
        rounds = 0
        while await self.forecaster.round():
            rounds += 1
        return rounds

    def told(self, number: int = 0) -> Foreseen:
        outlooks = self.folds[number].outlooks
        assert outlooks is not None
        forecast = outlooks.upon(knowledge(), at=int(self.clock.at)).forecast
        assert forecast is not None
        return forecast

    @property
    def ticks(self) -> Sequence[int]:
        """The lengths of what was read."""
        return [len(ticks) for ticks, _ in self.history.asked]


def newest(at: float) -> int:
    return QUICK.newest(asked(), at=at - DELAY)


async def test_all_of_the_history_is_brought_at_first_in_chunks() -> None:
    desk = Desk()
    await desk.until_idle()

    (job,) = desk.worker.jobs
    assert QUICK.base(START) - QUICK.memory == job.start
    assert newest(START) == job.start + 60 * len(job.values) == job.refreshes[-1]
    assert work(5, start=job.start) == list(job.values[:5])
    assert max(desk.ticks) == CHUNK
    assert Belief.SKILL == desk.told().belief


async def test_then_only_what_is_new() -> None:
    desk = Desk()
    await desk.until_idle()
    desk.worker.base = QUICK.base(START)
    await desk.until_idle(after=300)
    read = len(desk.history.asked)
    await desk.until_idle(after=300)

    assert [5] == desk.ticks[read:]
    last = desk.worker.jobs[-1]
    assert (QUICK.base(START), (newest(START + 600),)) == (last.start, last.refreshes)


async def test_what_is_kept_is_not_read_again() -> None:
    desk = Desk(base=QUICK.base(START))
    await desk.until_idle()

    (job,) = desk.worker.jobs
    assert QUICK.base(START) == job.start
    assert [(newest(START) - job.start) // 60] == desk.ticks


async def test_the_first_job_asks_for_all_that_the_fold_looks_back_on() -> None:
    desk = Desk()
    await desk.until_idle()

    outlooks = desk.folds[0].outlooks
    assert outlooks is not None
    refreshes = desk.worker.jobs[0].refreshes
    assert outlooks.back - 300 <= refreshes[-1] - refreshes[0] < outlooks.back
    assert {300} == {later - one for one, later in pairwise(refreshes)}


async def test_history_begins_where_there_is_any() -> None:
    desk = Desk()
    began = START - 100_000
    desk.history.told = lambda tick, _: daily(tick) if tick > began else readings(tick, tokens=None)
    await desk.until_idle()

    (job,) = desk.worker.jobs
    assert began - 86_400 < job.start < began + LOOK


async def test_too_little_history_is_cold_without_asking_anybody() -> None:
    desk = Desk()
    desk.history.told = lambda tick, _: (
        daily(tick) if tick > START - 70_000 else readings(tick, tokens=None)
    )
    await desk.until_idle(after=300)

    assert ([], Belief.COLD) == (desk.worker.jobs, desk.told().belief)


async def test_a_failure_is_named_and_tried_again_later() -> None:
    desk = Desk(base=QUICK.base(START))
    desk.worker.failing = "no forecast in 60 s"
    await desk.until_idle()
    failed = desk.told()
    soon = await desk.until_idle(after=RETRY - 1)
    desk.worker.failing = ""
    await desk.until_idle(after=1)

    assert (Belief.FAILED, "default/llama: no forecast in 60 s") == (failed.belief, failed.note)
    assert 0 == soon
    assert ["failed", None] == desk.observed
    assert Belief.SKILL == desk.told().belief


async def test_a_source_that_fails_is_asked_again_and_nothing_is_lost() -> None:
    desk = Desk(base=QUICK.base(START))
    desk.history.failing = True
    await desk.until_idle()
    named = desk.told().note
    desk.history.failing = False
    await desk.until_idle(after=RETRY)

    assert "connection refused" in named
    assert work(5, start=QUICK.base(START)) == list(desk.worker.jobs[0].values[:5])


async def test_an_answer_that_is_too_short_is_a_failure_and_not_asked_for_without_end() -> None:
    desk = Desk()
    desk.history.most = 3

    assert 1 == await desk.until_idle()
    assert "left out some of its history" in desk.told().note


async def test_ones_trouble_is_its_own() -> None:
    desk = Desk("good", "bad")
    desk.history.broken["bad"] = SignalMalformed("two models answered")
    await desk.until_idle()

    assert ["default/good"] == [job.workload for job in desk.worker.jobs]
    assert (Belief.SKILL, Belief.FAILED) == (desk.told(0).belief, desk.told(1).belief)


async def test_after_a_while_nobody_waits_for_a_forecast_any_more() -> None:
    desk = Desk()
    await desk.forecaster.round()
    awaited = desk.told().belief
    desk.clock.at += QUICK.patience + 1
    await desk.forecaster.round()

    assert Belief.AWAITED == awaited
    assert (Belief.FAILED, "not there 900 s after the start") == (
        desk.told().belief,
        desk.told().note,
    )


async def test_who_is_gone_is_forgotten_and_comes_back_as_new() -> None:
    desk = Desk(base=QUICK.base(START))
    await desk.until_idle()
    folds, desk.folds = desk.folds, []
    await desk.until_idle(after=300)
    desk.folds = folds
    await desk.until_idle(after=1)

    assert 2 == len(desk.worker.jobs)
    assert 1 < len(desk.worker.jobs[-1].refreshes)


@pytest.mark.parametrize(("use", "used"), [("enabled", True), ("observe", False)])
async def test_a_forecast_says_whether_it_is_used_and_how_far(use: str, used: bool) -> None:
    desk = Desk(base=QUICK.base(START))
    workload = asked(forecast=use, forecastMaxExtra="0.25")
    outlooks = Outlooks(workload=workload, refreshing=QUICK)
    desk.folds = [Fold(workload=workload, outlooks=outlooks)]
    await desk.until_idle()

    assert (used, 0.25) == (desk.told().used, desk.told().max_extra)
