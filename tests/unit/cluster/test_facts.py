"""What is counted at one moment, and what is remembered of it."""

import pytest

from scaler.cluster.facts import PRIOR, Facts, Scale, look, understood
from scaler.cluster.followed import AHEAD, KEPT, Followed
from scaler.cluster.pods import LeadTime, Pod, lead_time, pod
from tests.unit.cluster.world import NOW, pod_item, scale_item

LEAD = LeadTime(whole=60, node=0, load=60, samples=3)


def scale(wanted: int) -> Scale:
    return understood(scale_item(wanted))


def seen(wanted: int, *pods: Pod, at: int = NOW + 10, short_since: int | None = None) -> Facts:
    return look(scale(wanted), pods=pods, at=at, lead_time=LEAD, short_since=short_since)


READY = pod(pod_item("ready", ready=5))
LOADING = pod(pod_item("loading"))
LEAVING = pod(pod_item("leaving", ready=5, metadata={"deletionTimestamp": "x"}))
FAILED = pod(pod_item("failed", status={"phase": "Failed"}))
UNSCHEDULABLE = pod(
    pod_item(
        "lost",
        status={
            "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]
        },
    )
)


def test_zero_replicas_are_not_written_down_in_a_scale() -> None:
    assert Scale(wanted=0, present=0, selector="") == understood({"spec": {}})


def test_ready_pending_and_terminating_pods_are_counted_apart() -> None:
    facts = seen(2, READY, LOADING, LEAVING, FAILED)

    assert (1, (10,), 1, {}) == (facts.ready, facts.pending, facts.terminating, facts.stuck)


def test_a_pod_in_trouble_is_stuck_with_the_reason() -> None:
    assert {"Unschedulable": 1} == seen(2, READY, UNSCHEDULABLE).stuck


@pytest.mark.parametrize(("age", "stuck"), [(120, {}), (121, {"Slow": 1})])
def test_pending_for_twice_the_lead_time_is_stuck(age: int, stuck: dict[str, int]) -> None:
    assert stuck == seen(1, LOADING, at=NOW + age).stuck


def test_while_nobody_has_seen_a_start_patience_is_long() -> None:
    at = NOW + 2 * PRIOR
    facts = look(scale(1), pods=[LOADING], at=at, lead_time=None, short_since=None)

    assert {} == facts.stuck


@pytest.mark.parametrize(("short_for", "stuck"), [(59, {}), (60, {"NotCreated": 2})])
def test_replicas_without_a_pod_are_stuck_after_a_minute(
    short_for: int, stuck: dict[str, int]
) -> None:
    at = NOW + 10
    assert stuck == seen(3, READY, at=at, short_since=at - short_for).stuck
    assert sum(stuck.values()) == seen(3, READY, at=at, short_since=at - short_for).stuck_in_all


def test_a_replica_may_wait_for_a_pod_that_terminates() -> None:
    facts = seen(2, READY, LEAVING, at=NOW + 10, short_since=NOW - 60)

    assert {} == facts.stuck


@pytest.mark.parametrize(("pods", "stuck"), [([READY, LOADING], {}), ([READY], {"NotCreated": 2})])
def test_a_pod_that_is_made_in_turn_waits_for_the_one_before(
    pods: list[Pod], stuck: dict[str, int]
) -> None:
    target, at = understood(scale_item(3), kind="StatefulSet"), NOW + 10
    facts = look(target, pods=pods, at=at, lead_time=LEAD, short_since=at - 60)

    assert stuck == facts.stuck


def test_facts_are_those_of_their_time_while_they_are_fresh() -> None:
    followed = Followed()
    for second in (10, 20, 30):
        followed.see(scale(second), pods=[], at=NOW + second)

    assert 20 == wanted(followed, at=NOW + 29, within=15)
    assert 30 == wanted(followed, at=NOW + 45, within=15)
    assert wanted(followed, at=NOW + 46, within=15) is None


def test_the_first_look_counts_for_the_tick_just_before_it() -> None:
    followed = Followed()
    followed.see(scale(3), pods=[], at=NOW)

    assert 3 == wanted(followed, at=NOW - AHEAD, within=15)
    assert wanted(followed, at=NOW - AHEAD - 1, within=15) is None


def test_the_past_is_bounded() -> None:
    followed = Followed()
    followed.see(scale(1), pods=[], at=NOW)
    followed.see(scale(2), pods=[], at=NOW + KEPT + 1)

    assert wanted(followed, at=NOW + 10, within=3600) is None


def wanted(followed: Followed, *, at: int, within: int) -> int | None:
    facts = followed.at(at, within=within)
    return facts.wanted if facts else None


def test_a_shortage_begins_anew_once_there_were_enough() -> None:
    followed = Followed()
    followed.see(scale(2), pods=[READY], at=NOW)
    followed.see(scale(1), pods=[READY], at=NOW + 30)
    again = followed.see(scale(2), pods=[READY], at=NOW + 60)

    assert {} == again.stuck
    assert {"NotCreated": 1} == followed.see(scale(2), pods=[READY], at=NOW + 120).stuck


def test_the_lead_time_outlives_the_pods_that_showed_it() -> None:
    followed = Followed()
    followed.see(scale(1), pods=[READY], at=NOW + 10)
    followed.see(scale(0), pods=[], at=NOW + 20)

    assert lead_time([READY]) == followed.lead_time


def test_a_pod_that_was_helped_shows_no_lead_time() -> None:
    followed = Followed()
    followed.see(scale(1), pods=[UNSCHEDULABLE], at=NOW + 10)
    followed.see(scale(1), pods=[pod(pod_item("lost", ready=3000))], at=NOW + 3000)

    assert followed.lead_time is None
