"""What was folded before the first forecast is folded anew with it, and settled only then."""

from collections.abc import Sequence

from scaler.policy.model import Belief, Decision, Foreseen
from scaler.runtime.advance import advance
from scaler.runtime.fold import Fold
from scaler.runtime.forecasts.outlooks import Outlooks
from scaler.runtime.knowledge import Learning
from tests.simulated import asked
from tests.unit.runtime.forecasts.foreseeing import QUICK, START
from tests.unit.runtime.histories import FakeHistory

WORKLOAD = asked(tokensPerReplica="1000", capacity="fixed")
LEARNING = Learning(every=600, lookback=3600, step=60, grace=60, refreshing=QUICK)


def fold() -> Fold:
    return Fold(workload=WORKLOAD, outlooks=Outlooks(workload=WORKLOAD, refreshing=QUICK))


def told(outlooks: Outlooks) -> list[Foreseen]:
    """A forecast for each refresh that may count, which raises to the same as any other."""
    newest = QUICK.newest(WORKLOAD, at=START)
    return [
        Foreseen(at=at, belief=Belief.NO_SKILL, bound=12_000.0, usual=12_000.0)
        for at in range(newest - outlooks.back - 300, newest + 600, 300)
    ]


async def settled(fold: Fold, *, at: int) -> Sequence[Decision]:
    (progress,) = await advance([fold], history=FakeHistory(), to=at, settle=30, learning=LEARNING)
    return progress.settled


async def test_nothing_is_settled_while_the_first_forecast_is_awaited() -> None:
    assert [] == list(await settled(fold(), at=START))


async def test_then_all_ticks_are_settled_as_by_somebody_who_knew_it_before() -> None:
    late, early = fold(), fold()
    assert late.outlooks is not None
    assert early.outlooks is not None
    await settled(late, at=START)
    late.outlooks.take(told(late.outlooks))
    early.outlooks.take(told(early.outlooks))

    ticks = range(START + 15, START + 75, 15)
    ours = [each for at in ticks for each in await settled(late, at=at)]
    theirs = [each for at in ticks for each in await settled(early, at=at)]
    assert theirs == ours
    assert len({each.at for each in ours}) == len(ours) > 100
    assert {"forecast"} == {each.winner for each in ours[-10:]}
