"""Replicas that nobody counts, or nobody counts any more, are not gone."""

from typing import Any

import pytest

from scaler.policy.model import Capacity, Gap, Reason, Sample
from scaler.policy.spec import Mode, ScalingPolicy, Spec
from tests.builders import STEP, knowledge
from tests.unit.policy.situations import decided, fold, lasting, then

FAST = Spec(scale_down_window=0, scale_down_policies=(ScalingPolicy(amount=100, percent=True),))
GONE = dict.fromkeys(
    ("running", "waiting", "tokens", "requests", "latency", "utilization", "cache")
)
NOBODY: dict[str, Any] = {**GONE, "wanted": None, "ready": None, "reporting": 0, "counted": False}
UNTOLD: dict[str, Any] = dict.fromkeys(("wanted", "ready", "reporting", "stuck"))
UNTOLD |= {"counted": False}
IDLE = {"running": 0.0, "waiting": 0.0, "tokens": 0.0, "requests": 0.0, "cache": 0.0}
UNPACED = Spec(scale_up_policies=())
MINUTE = 60 // STEP


def uncounted(pods: int, **fields: Any) -> dict[str, Any]:
    return {"wanted": pods, "ready": pods, "reporting": pods, "counted": False, **fields}


def counted(wanted: int, ready: int, **fields: Any) -> dict[str, Any]:
    return {"wanted": wanted, "ready": ready, "reporting": ready, **fields}


def targets(history: list[Any], spec: Spec | None = None) -> list[int | None]:
    return [decision.target for decision in fold(history, spec=spec)[0]]


def test_replicas_that_were_ordered_are_not_ordered_again_while_nobody_counts() -> None:
    loading = counted(33, 5, tokens=5000.0, requests=5.0, waiting=150.0)
    history = lasting(60, **loading)
    lost = then(history, 2, **uncounted(5, tokens=5000.0, requests=5.0, waiting=150.0))
    assert targets(history)[-1] == targets(lost)[-1]


def test_what_was_counted_last_stands_for_hold_for_and_is_named_missing() -> None:
    history = lasting(60, **counted(10, 4, tokens=500.0))
    lost = then(history, Spec().hold_for // STEP - 1, **uncounted(4, tokens=500.0))
    decision = decided(lost)
    assert min(t for t in targets(lost)[60:] if t is not None) >= (targets(history)[-1] or 0)
    assert Reason.ABSENT == decision.missing["wanted"]


def test_more_pods_than_were_counted_last_are_more_all_the_same() -> None:
    history = lasting(200, **counted(5, 5, tokens=500.0))
    grown = then(history, 40, **uncounted(30, tokens=3000.0))
    assert 30 == targets(grown, Spec(mode=Mode.OBSERVE))[-1]


def test_a_last_count_that_was_being_followed_raises_nothing() -> None:
    history = lasting(200, **counted(20, 20, tokens=300.0))
    target = targets(history, FAST)[-1]
    lost = then(history, 40, **uncounted(target or 0, tokens=300.0, latency=1.7))
    assert {target} == {*targets(lost, FAST)[200:]}


def test_arrivals_wake_a_fleet_that_was_told_to_go_although_nobody_counts() -> None:
    idle = {"running": 0.0, "tokens": 0.0, "requests": 0.0, "cache": 0.0, "activation": 0.0}
    history = then(lasting(60, **uncounted(2)), 30 * MINUTE, **uncounted(2, **idle))
    gone = then(history, 2 * MINUTE, **NOBODY, activation=0.0)
    assert 0 == targets(gone)[-1]
    assert (targets(then(gone, 1, **NOBODY, activation=7.0))[-1] or 0) >= 1


def test_samples_that_come_and_go_hold_no_longer_than_hold_for() -> None:
    history = lasting(60, **counted(10, 10, tokens=500.0))
    for _ in range(Spec().hold_for // (8 * STEP) + 30):
        history = then(history, 7, **counted(10, 10, tokens=500.0))
        history = then(history, 1, **counted(10, 10, tokens=None))
    assert (targets(history)[-1] or 0) < 10


def test_what_is_broken_when_a_fleet_wakes_holds_from_then_on() -> None:
    asleep = lasting(200, **GONE, wanted=0, ready=0, reporting=0)
    broken = Gap(reason=Reason.MALFORMED, detail="NaN")
    awake = then(asleep, 60, **counted(10, 10, tokens=500.0, waiting=broken))
    assert 10 == targets(awake, FAST)[-1]


def test_a_source_that_answers_nothing_at_all_moves_nothing() -> None:
    history = lasting(200, **counted(4, 4, tokens=1700.0))
    empty = then(history, Spec().hold_for // STEP - 1, **NOBODY)
    assert {targets(history)[-1]} == {*targets(empty)[200:]}


def test_a_sleeping_fleet_sleeps_on_while_nobody_counts_and_then_nothing_is_said() -> None:
    asleep = lasting(200, **GONE, wanted=0, ready=0, reporting=0)
    lost = then(asleep, Spec().hold_for // STEP, **NOBODY)
    assert {0} == {*targets(lost)[1:]}
    assert targets(then(lost, 2, **NOBODY))[-1] is None


def test_pods_that_fall_silent_are_there_for_a_scale_down_window() -> None:
    spec = Spec(scale_up_policies=(ScalingPolicy(amount=100, percent=True),))
    history = lasting(60, **uncounted(95, tokens=90_000.0, requests=90.0))
    silent = then(history, 5 * MINUTE - 1, **uncounted(5, tokens=4700.0, requests=4.7))
    assert {95} == {*targets(silent, spec)[60:]}
    assert (targets(then(silent, 40, **uncounted(5, tokens=4700.0)), spec)[-1] or 0) < 95


@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.UP_ONLY])
def test_who_must_not_lower_does_not_because_pods_are_silent(mode: Mode) -> None:
    history = lasting(60, **uncounted(10, tokens=500.0))
    silent = then(history, Spec().hold_for // STEP - 1, **uncounted(4, tokens=200.0))
    assert {10} == {*targets(silent, Spec(mode=mode))[60:]}


def test_a_replica_that_is_silent_may_be_busy_so_nothing_goes_to_sleep() -> None:
    idle = {"running": 0.0, "tokens": 0.0, "requests": 0.0, "cache": 0.0}
    history = lasting(60, **counted(10, 10, tokens=5000.0))
    silent = {**counted(10, 10, **idle), "reporting": 9}
    assert (targets(then(history, 60 * MINUTE, **silent), FAST)[-1] or 0) >= 1
    assert 0 == targets(then(history, 60 * MINUTE, **counted(10, 10, **idle)), FAST)[-1]


def test_a_fleet_that_was_told_to_go_and_is_gone_is_not_woken_by_its_silence() -> None:
    idle = {"running": 0.0, "tokens": 0.0, "requests": 0.0, "cache": 0.0}
    history = then(lasting(60, **uncounted(2)), 30 * MINUTE, **uncounted(2, **idle))
    assert 0 == targets(history)[-1]
    gone = then(history, Spec().hold_for // STEP - 1, **NOBODY)
    assert {0} == {*targets(gone)[len(history) :]}


def test_how_many_there_are_is_not_guessed_while_the_first_turn_up() -> None:
    history = then(lasting(10, **NOBODY), 2, **uncounted(1))
    assert targets(history)[-1] is None
    assert "just begun to report" in decided(history).note
    assert targets(then(history, 2 * MINUTE, **uncounted(12)))[-1] == 12


def test_rates_that_look_back_on_an_outage_take_nothing_away() -> None:
    history = lasting(60, **counted(9, 9, tokens=7000.0))
    outage = then(history, 7, **counted(9, 9, **GONE))
    low = then(outage, 4, **counted(9, 9, tokens=1500.0))
    assert 9 <= min(t for t in targets(low, FAST)[60:] if t is not None)


def test_a_signal_that_is_there_and_broken_holds_although_it_never_was_well() -> None:
    broken = Gap(reason=Reason.MALFORMED, detail="NaN")
    history = lasting(100, **counted(10, 10, tokens=500.0, waiting=broken))
    assert {10} == {*targets(history, FAST)}


@pytest.mark.parametrize("waiting", [9.0, 11.0, 40.0, 99.0, 300.0])
@pytest.mark.parametrize("capacity", [None, Capacity(value=2000.0, lower_bound=True)])
def test_a_longer_queue_lets_go_of_nothing(waiting: float, capacity: Capacity | None) -> None:
    history = lasting(100, **counted(10, 10, tokens=4000.0, requests=4.0, waiting=waiting))
    decision = decided(history, spec=FAST, known=knowledge(capacity=capacity))
    assert (decision.target or 0) >= 10


def test_a_queue_over_its_limit_lets_go_of_nothing_whatever_capacity_is_thought_to_be() -> None:
    history = lasting(100, **counted(10, 10, tokens=4000.0, requests=4.0, waiting=300.0))
    assert (decided(history, spec=FAST, known=knowledge(capacity=2000.0)).target or 0) >= 10


def test_who_cannot_be_asked_what_has_arrived_has_no_say() -> None:
    asleep = lasting(10, **GONE, wanted=0, ready=0, reporting=0, activation=None)
    (recommendation,) = decided(asleep).recommendations
    assert (None, {}) == (recommendation.replicas, dict(recommendation.terms))
    assert isinstance(asleep[0].wanted, Sample)


@pytest.mark.parametrize("counted_last", [0, 1])
def test_work_wakes_a_fleet_of_whose_replicas_nobody_tells_any_more(counted_last: int) -> None:
    asleep = then(lasting(60, **counted(1, 1, **IDLE)), 20, **counted(counted_last, 0, **IDLE))
    untold = then(asleep, 2, **UNTOLD, **IDLE)
    assert 0 == targets(untold)[-1]
    assert (targets(then(untold, 1, **UNTOLD, **{**IDLE, "waiting": 40.0}))[-1] or 0) >= 1


def test_a_raise_goes_on_from_a_lost_count_as_from_one_that_is_there() -> None:
    surge = {"tokens": 24_000.0, "requests": 24.0}
    history = lasting(20, **counted(4, 4))
    untold = targets(then(history, 3, **UNTOLD, **surge))
    assert [8, 16, 30] == untold[20:]


@pytest.mark.parametrize("before", [counted(4, 4), uncounted(4)])
def test_what_the_queue_calls_for_is_ordered_once_where_nobody_counts(
    before: dict[str, Any],
) -> None:
    history = lasting(20, **before)
    for tick in range(1, 16):
        history = then(history, 1, **uncounted(4, tokens=4000.0, requests=4.0, waiting=60.0 * tick))
    ordered = targets(history, UNPACED)[20:]
    assert ordered[3] == ordered[-1]


def test_an_order_is_not_taken_back_on_its_way_where_nobody_counts() -> None:
    history = then(lasting(20, **uncounted(4)), 1, **uncounted(4, tokens=16_000.0))
    later = then(history, 2 * MINUTE, **uncounted(4, tokens=8000.0))
    assert {20} == {*targets(later, UNPACED)[20:]}


def test_a_tick_that_tells_of_no_replica_orders_none() -> None:
    busy = {"tokens": 7000.0, "requests": 7.0, "waiting": 3.0}
    history = lasting(60, **counted(10, 10, **busy))
    assert targets(history)[-1] == targets(then(history, 1, **UNTOLD, **busy))[-1]


@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.UP_ONLY])
def test_the_surge_of_a_rollout_is_no_growth_while_the_count_is_lost(mode: Mode) -> None:
    history = lasting(60, **counted(10, 10, tokens=5000.0))
    rolling = then(history, 10 * MINUTE, **uncounted(13, tokens=5000.0))
    assert {10} == {*targets(rolling, Spec(mode=mode))[60:]}


def test_a_fleet_that_is_going_is_not_filled_again_because_its_count_is_lost() -> None:
    history = then(lasting(60, **counted(7, 7)), 30 * MINUTE, **counted(7, 7, **IDLE))
    going = then(history, 2, **counted(1, 1, **IDLE))
    assert 0 == targets(going)[-1]
    assert 1 == targets(then(going, 1, **uncounted(1, **IDLE)))[-1]


@pytest.mark.parametrize("ticks", [1, 2, MINUTE, 5 * MINUTE])
def test_pods_that_were_silent_all_along_are_there_when_the_count_comes_back(ticks: int) -> None:
    working = {"tokens": 5000.0, "requests": 5.0}
    silent = {**counted(17, 17, **working), "reporting": 12}
    lost = then(lasting(100, **silent), ticks, **uncounted(12, **working))
    assert {17} == {*targets(then(lost, 5 * MINUTE, **silent))[100:]}


def test_a_replica_that_was_woken_is_not_told_to_go_as_it_comes_up() -> None:
    nothing = uncounted(0, **GONE)
    woken = then(lasting(31 * MINUTE, **nothing, activation=0.0), 2, **nothing, activation=3.0)
    loading = then(woken, 5 * MINUTE - 1, **nothing, activation=0.0)
    up = then(loading, 2 * MINUTE, **uncounted(1, **IDLE, activation=0.0))
    assert {1} == {*targets(up)[len(loading) :]}
