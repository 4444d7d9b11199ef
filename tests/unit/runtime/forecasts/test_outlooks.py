"""Which forecast counts at a tick, and what is said where there is none."""

import attrs

from scaler.policy.model import Belief, Foreseen
from scaler.runtime.fold import Fold
from scaler.runtime.forecasts.outlooks import Outlooks, outlooks_for
from tests.builders import knowledge
from tests.simulated import asked
from tests.unit.runtime.forecasts.foreseeing import QUICK, START

WORKLOAD = asked()
REFRESH = QUICK.newest(WORKLOAD, at=START)
KNOWN = knowledge()


def told(at: int, *, bound: float = 1.0) -> Foreseen:
    return Foreseen(at=at, belief=Belief.SKILL, bound=bound, headroom=1.2)


def outlooks(*foreseen: Foreseen) -> Outlooks:
    made = Outlooks(workload=WORKLOAD, refreshing=QUICK)
    made.take(foreseen)
    return made


def belief(made: Outlooks, *, at: int) -> Belief:
    forecast = made.upon(KNOWN, at=at).forecast
    assert forecast is not None
    return forecast.belief


def test_a_forecast_counts_from_its_grace_until_the_next_one_does() -> None:
    made = outlooks(told(REFRESH, bound=1.0), told(REFRESH + 300, bound=2.0))

    counted = [made.upon(KNOWN, at=REFRESH + after).outlook for after in (120, 419, 420, 719)]

    assert [1.0, 1.0, 2.0, 2.0] == counted


def test_a_late_forecast_leaves_the_one_before_it_in_force() -> None:
    assert 1.0 == outlooks(told(REFRESH)).upon(KNOWN, at=REFRESH + 600).outlook


def test_a_forecast_goes_stale_after_two_refreshes() -> None:
    made = outlooks(told(REFRESH))

    assert [Belief.SKILL, Belief.STALE] == [
        belief(made, at=REFRESH + after) for after in (720, 721)
    ]
    stale = made.upon(KNOWN, at=REFRESH + 721)
    assert stale.outlook is None
    assert 1.2 == (stale.forecast and stale.forecast.headroom)


def test_what_failed_is_named_once_the_last_forecast_is_stale() -> None:
    made = outlooks(told(REFRESH))
    made.fail("the process died")

    assert Belief.SKILL == belief(made, at=REFRESH + 720)
    failed = made.upon(KNOWN, at=REFRESH + 721).forecast
    assert (Belief.FAILED, "the process died") == (failed and (failed.belief, failed.note))


def test_before_the_first_forecast_it_is_awaited_until_it_fails() -> None:
    made = Outlooks(workload=WORKLOAD, refreshing=QUICK)
    awaited = belief(made, at=START)
    made.fail("no answer")

    assert (Belief.AWAITED, Belief.FAILED) == (awaited, belief(made, at=START))


def test_the_same_knowledge_and_forecast_are_the_same_object() -> None:
    made = outlooks(told(REFRESH))

    assert made.upon(KNOWN, at=REFRESH + 120) is made.upon(KNOWN, at=REFRESH + 135)
    other = attrs.evolve(KNOWN, lead_time=7)
    assert 7 == made.upon(other, at=REFRESH + 150).lead_time


def test_what_no_fold_looks_back_on_is_forgotten() -> None:
    made = outlooks(*(told(REFRESH + 300 * number) for number in range(100)))

    assert Belief.AWAITED == belief(made, at=REFRESH + 500)
    assert Belief.SKILL == belief(made, at=REFRESH + 300 * 98)


def test_the_first_forecast_is_marked_as_having_arrived() -> None:
    made = Outlooks(workload=WORKLOAD, refreshing=QUICK)
    before = made.provisional, made.arrived
    made.take([told(REFRESH)])
    first, made.arrived = (made.provisional, made.arrived), False
    made.take([told(REFRESH + 300)])

    assert [(True, False), (False, True)] == [before, first]
    assert not made.arrived


def test_once_it_has_failed_nothing_that_was_decided_is_decided_anew() -> None:
    made = Outlooks(workload=WORKLOAD, refreshing=QUICK)
    made.fail("no answer")
    made.take([told(REFRESH)])

    assert (False, False) == (made.provisional, made.arrived)


def test_a_fold_without_forecasts_knows_what_it_learned() -> None:
    fold = Fold(workload=WORKLOAD, known={0: KNOWN})

    assert fold.counting(0, at=START) is KNOWN
    assert outlooks_for(WORKLOAD, refreshing=None) is None
    assert outlooks_for(asked(forecast="disabled"), refreshing=QUICK) is None
    assert outlooks_for(asked(forecast="observe"), refreshing=QUICK) is not None
