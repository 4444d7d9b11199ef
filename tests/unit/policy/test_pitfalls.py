"""What other autoscalers got wrong, and what operators corrected: each is a test that names it."""

from collections.abc import Sequence
from typing import Any

import attrs
import pytest

from scaler.policy.learn import learn
from scaler.policy.model import Capacity, Gap, Knowledge, Readings, Reason, measured
from scaler.policy.recommendations import queue, work
from scaler.policy.spec import Spec
from tests.builders import EPOCH, LEAD_TIME, STEP, knowledge
from tests.unit.policy.situations import decided, fold, lasting, of, situation, then

GAP = Gap(reason=Reason.STALE)
MINUTE = 60 // STEP
FREE = Spec(scale_up_policies=(), scale_down_policies=(), max_replicas=10_000)


def targets(history: Sequence[Readings], **fold_with: Any) -> list[int | None]:
    return [decision.target for decision in fold(history, **fold_with)[0]]


# What peers got wrong.


@pytest.mark.parametrize("replicas", [1, 2, 4, 9])
def test_mean_vs_total_the_need_does_not_depend_on_how_many_serve_it(replicas: int) -> None:
    history = lasting(1, tokens=8100.0, wanted=replicas, ready=replicas, reporting=replicas)
    assert 11 == decided(history, spec=FREE).target


def test_empty_is_not_zero_a_signal_that_is_gone_lowers_nothing() -> None:
    nothing = dict.fromkeys(("tokens", "requests", "waiting", "running", "cache", "latency"))
    history = then(lasting(30, tokens=3000.0), 25 * MINUTE, **nothing)
    assert {4} == set(targets(history))


def test_nan_is_no_number_and_does_not_block_scale_in_for_ever() -> None:
    nan = measured(float("nan"), at=EPOCH)
    assert isinstance(nan, Gap)
    history = then(lasting(8, tokens=300.0), 40 * MINUTE, tokens=300.0, latency=nan)
    decisions, _ = fold(history)
    assert {4} == {decision.target for decision in decisions[: 25 * MINUTE]}
    assert 1 == decisions[-1].target
    assert Reason.MALFORMED == decisions[-1].missing["latency"]


def test_nan_latency_without_traffic_is_idle_and_no_outage() -> None:
    idle = Gap(reason=Reason.IDLE)
    history = lasting(10 * MINUTE, tokens=0.0, requests=0.0, waiting=0.0, running=1.0, latency=idle)
    assert 1 == decided(history).target


def test_a_missing_setting_is_no_threshold_of_zero() -> None:
    spec = Spec()
    assert min(spec.queue_limit, spec.objective, spec.utilization_high, spec.headroom) > 0


@pytest.mark.parametrize("lead_time", [120, 300, 900])
def test_pending_cascade_an_order_on_its_way_is_not_ordered_again(lead_time: int) -> None:
    known = knowledge(lead_time=lead_time)
    history, wanted, asked = lasting(8), 4, []
    for tick in range(lead_time // STEP):
        waiting = 6.0 * STEP * tick
        history = then(history, 1, tokens=4000.0, waiting=waiting, wanted=wanted)
        wanted = max(wanted, decided(history, known=known).target or 0)
        asked.append(wanted)
    unaware = (10_000 + 2 * 6 * lead_time * 1000 / 60) / 1000
    assert max(asked) <= min(28, 0.6 * unaware)


def test_double_counting_surge_pods_of_a_rollout_are_no_supply() -> None:
    surge = situation(lasting(1, wanted=4, ready=7, reporting=7)).supply
    assert (4, 0) == (surge.ready, surge.pending)


def test_in_flight_requests_keep_the_last_replica() -> None:
    running = lasting(40 * MINUTE, wanted=1, ready=1, reporting=1, tokens=0.0, running=1.0)
    assert {1} == set(targets(running))


def test_a_history_that_is_lost_takes_nothing_away() -> None:
    assert {10} == set(
        targets(lasting(5 * MINUTE, wanted=10, ready=10, reporting=10, tokens=100.0))
    )


def test_double_stabilization_with_windows_of_zero_nothing_waits_here() -> None:
    spec = attrs.evolve(FREE, scale_up_window=0, scale_down_window=0)
    history = then(lasting(8, tokens=3000.0), 1, tokens=900.0)
    assert [4, 2] == targets(history, spec=spec)[-2:]


def test_one_more_at_twenty_is_said_as_one_more() -> None:
    twenty = {"wanted": 20, "ready": 20, "reporting": 20}
    assert 21 == decided(lasting(1, tokens=16_100.0, **twenty)).target


# What operators corrected.


def test_no_boundary_samples_keep_replicas_and_order_none() -> None:
    known = knowledge(capacity=Capacity(value=500.0, lower_bound=True))
    assert {4} == set(targets(lasting(40, tokens=3000.0), known=known))
    assert {4} == set(targets(lasting(40, tokens=9000.0), known=known))


def test_the_spiral_to_the_maximum_a_slow_node_halves_capacity_at_the_most() -> None:
    replicas, demand = 4, 3000.0
    for _ in range(24):
        slow = {"tokens": demand, "latency": 5.0, "waiting": 2.0 * replicas}
        counts = dict.fromkeys(("wanted", "ready", "reporting"), replicas)
        known = learn(lasting(280, **slow, **counts), spec=Spec(prior=1000.0), at=EPOCH)
        assert known.capacity is not None
        assert known.capacity.value >= 500.0
        need = demand / (0.8 * known.capacity.value)
        replicas = max(replicas, round(need + 0.5))
    assert replicas <= 8


def test_long_prompts_slow_everybody_and_teach_no_capacity() -> None:
    slow = lasting(40, tokens=900.0, latency=9.0, waiting=0.0)
    assert Capacity(value=1000.0) == learn(slow, spec=Spec(prior=1000.0), at=EPOCH).capacity


def test_scale_in_is_possible_with_a_busy_gpu_and_latency_at_half_of_its_objective() -> None:
    history = lasting(10 * MINUTE, tokens=800.0, utilization=0.99, latency=1.2)
    assert 2 == decided(history).target


def test_scale_in_is_possible_without_dcgm() -> None:
    history = lasting(10 * MINUTE, tokens=800.0, utilization=None)
    decision = decided(history)
    assert 2 == decision.target
    assert Reason.ABSENT == decision.missing["utilization"]


def test_scale_in_is_vetoed_by_latency_over_eight_tenths_of_its_objective() -> None:
    assert {4} == set(targets(lasting(20 * MINUTE, tokens=800.0, latency=1.7)))


def test_censored_demand_clients_that_time_out_do_not_empty_the_queue() -> None:
    history = lasting(8, tokens=4000.0, waiting=200.0, rejected=0.0, requests=4.0)
    for left in range(190, 0, -10):
        history = then(history, 1, tokens=4000.0, waiting=float(left), rejected=2.0, requests=4.0)
    rates = situation(history).demand
    assert 6000.0 == rates.rate
    assert rates.refusing
    assert min(number or 0 for number in targets(history)) >= 4


def test_retries_are_believed_up_to_what_is_served() -> None:
    history = lasting(8, tokens=4000.0, requests=4.0, rejected=40.0)
    assert 8000.0 == situation(history).demand.rate


def test_people_who_close_a_tab_do_not_keep_a_fleet() -> None:
    history = lasting(10 * MINUTE, tokens=800.0, requests=2.0, rejected=0.01)
    assert 2 == decided(history).target


@pytest.mark.parametrize("latency", [3.0, 30.0])
def test_a_raise_that_does_not_help_is_one_step_expires_and_is_named(latency: float) -> None:
    load = {"tokens": 3000.0, "latency": latency, "waiting": 1.0}
    history = then(lasting(8, tokens=3000.0), LEAD_TIME // STEP + 5, **load)
    decisions, _ = fold(history, spec=FREE)
    assert 5 == max(decision.target or 0 for decision in decisions)
    assert "not_capacity" in of(decisions[-1], "latency").note


def test_evidence_that_flickers_does_not_walk_the_fleet_to_its_maximum() -> None:
    history, wanted = lasting(8, tokens=3000.0), 4
    for _ in range(40):
        for latency in (3.0, 3.0, 3.0, 3.0, 1.9):
            fields = {"tokens": 3000.0, "latency": latency, "waiting": 1.0}
            counts = dict.fromkeys(("wanted", "ready", "reporting"), wanted)
            history = then(history, 1, **fields, **counts)[-120:]
        wanted = max(wanted, decided(history).target or 0)
    assert wanted <= 6


def test_headroom_is_applied_once() -> None:
    recommended = work.recommend(situation(lasting(1, tokens=4000.0)))
    assert 5.0 == recommended.replicas
    drained = queue.recommend(situation(lasting(8, tokens=4500.0, waiting=10.0)))
    assert 1000.0 == drained.terms["capacity"]
    assert "headroom" not in drained.formula


def test_attach_at_first_contact_never_below_what_runs() -> None:
    ten = dict.fromkeys(("wanted", "ready", "reporting"), 10)
    known = Knowledge(at=0, capacity=None, tokens_per_request=None, lead_time=600)
    decisions, _ = fold(lasting(600 // STEP, **ten, tokens=0.0, running=1.0), known=known)
    assert {10} == {decision.target for decision in decisions}


def test_stuck_replicas_are_neither_supply_nor_ordered_again() -> None:
    history, wanted = lasting(8, tokens=4000.0), 10
    for tick in range(40):
        waiting = 100.0 * tick
        history = then(history, 1, tokens=4000.0, waiting=waiting, wanted=wanted, stuck=wanted - 4)
        wanted = max(wanted, decided(history).target or 0)
    assert wanted <= 15
