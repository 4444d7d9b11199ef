"""What each signal asks for, by worked examples. Capacity is 1000 tokens/s, headroom 0.8."""

from itertools import pairwise

import pytest

from scaler.policy.model import Capacity, Gap, Reason, Recommendation
from scaler.policy.recommendations import cache, latency, queue, utilization, work
from scaler.policy.spec import Spec, Unit, Vote
from tests.builders import LEAD_TIME, STEP, knowledge
from tests.unit.policy.situations import lasting, situation, then

GAP = Gap(reason=Reason.STALE)
LEAD = LEAD_TIME // STEP
BELOW = knowledge(capacity=Capacity(value=500.0, lower_bound=True))
UNKNOWN = knowledge(capacity=None)
RAISE = Spec(latency=Vote.RAISE, utilization=Vote.RAISE)


def number(recommendation: Recommendation) -> float | None:
    replicas = recommendation.replicas
    return None if replicas is None else round(replicas, 3)


@pytest.mark.parametrize(
    ("tokens", "wanted", "expected"),
    [
        pytest.param(2000.0, 2, 2.5, id="2000 / 800"),
        pytest.param(2000.0, 3, 2.75, id="a tenth more keeps what is wanted"),
        pytest.param(2700.0, 4, 3.712, id="the band is a tenth of the need"),
        pytest.param(3120.0, 4, 4.0, id="and reaches to what is wanted"),
        pytest.param(40_000.0, 90, 51.0, id="and is one replica at most"),
        pytest.param(0.0, 4, 0.0, id="nothing to do"),
    ],
)
def test_work_is_demand_by_the_share_of_capacity_planned_for(
    tokens: float, wanted: int, expected: float
) -> None:
    fleet = {"wanted": wanted, "ready": wanted, "reporting": wanted}
    history = lasting(1, tokens=tokens, running=2.0 if tokens else 0.0, **fleet)
    assert expected == number(work.recommend(situation(history)))


@pytest.mark.parametrize("tokens", [0.0, None], ids=["stalled", "not said"])
@pytest.mark.parametrize(("running", "expected"), [(400.0, 4.0), (1.0, 2.0)])
def test_requests_in_hand_of_which_none_is_seen_to_get_done_keep_a_replica_each(
    tokens: float | None, running: float, expected: float
) -> None:
    found = work.recommend(situation(lasting(1, tokens=tokens, running=running, waiting=1.0)))
    assert (expected, "min(wanted, running + waiting)") == (found.replicas, found.formula)


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [pytest.param(1000.0, 2.5, id="keeps"), pytest.param(9000.0, 4.0, id="orders none")],
)
def test_a_capacity_known_from_below_keeps_replicas_and_orders_none(
    tokens: float, expected: float
) -> None:
    recommended = work.recommend(situation(lasting(1, tokens=tokens), known=BELOW))
    assert expected == number(recommended)
    assert "lower bound" in recommended.note


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({}, 3.0, id="a step less than the four wanted"),
        pytest.param({"latency": 1.1}, 4.0, id="latency over half of its objective"),
        pytest.param({"waiting": 1.0}, 4.0, id="a request waits"),
    ],
)
def test_a_fleet_never_at_its_boundary_tries_a_step_less_after_a_long_calm(
    fields: dict[str, float], expected: float
) -> None:
    quarter = 15 * 60 // STEP
    history = then(lasting(quarter + 1, tokens=9000.0), 1, **{"tokens": 9000.0, **fields})
    assert expected == number(work.recommend(situation(history, known=BELOW)))
    assert 4.0 == number(work.recommend(situation(history[2:], known=BELOW)))


def test_an_unknown_capacity_keeps_what_is_wanted_unless_utilization_may_speak() -> None:
    history = lasting(1)
    assert work.recommend(situation(history, known=UNKNOWN)).holds
    assert not work.recommend(situation(history, known=UNKNOWN, spec=RAISE)).holds


@pytest.mark.parametrize(
    ("rejected", "holds"), [(0.0, False), (0.01, False), (0.05, True), (2.0, True)]
)
def test_refusals_forbid_scale_in_but_one_request_in_a_hundred_does_not(
    rejected: float, holds: bool
) -> None:
    history = lasting(1, requests=2.0, rejected=rejected)
    assert holds is work.recommend(situation(history)).holds


def test_work_in_requests() -> None:
    recommended = work.recommend(
        situation(
            lasting(1, requests=6.0, wanted=3),
            spec=Spec(unit=Unit.REQUESTS),
            known=knowledge(capacity=2.0),
        )
    )
    assert ("requests", 3.75) == (recommended.signal, number(recommended))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"waiting": 0.0}, None, id="empty: agrees to less"),
        pytest.param({"waiting": GAP}, None, id="gap: says nothing"),
        pytest.param(
            {"waiting": 50.0, "tokens": 4500.0}, 7.833, id="(4500 + (50 + 0.5*300)*1000/60)/1000"
        ),
        pytest.param({"waiting": 50.0, "tokens": 2000.0}, 2.0, id="drains by itself"),
        pytest.param(
            {"waiting": 120.0, "tokens": 2000.0}, 4.0, id="over the limit it counts in full"
        ),
        pytest.param(
            {"waiting": 120.0, "tokens": 2000.0, "wanted": 6}, 2.0, id="unless help is on its way"
        ),
        pytest.param(
            {"waiting": 120.0, "tokens": 2000.0, "wanted": 6, "stuck": 2},
            4.0,
            id="which stuck replicas are not",
        ),
    ],
)
def test_the_queue_is_what_will_wait_when_help_arrives(
    fields: dict[str, float], expected: float | None
) -> None:
    history = lasting(8, **fields)
    recommended = queue.recommend(situation(history))
    assert expected == number(recommended)
    assert (fields["waiting"] == 0.0) == recommended.agrees


def test_pending_replicas_drain_half_of_the_time() -> None:
    load = {"waiting": 400.0, "tokens": 6000.0}
    asked = [
        number(queue.recommend(situation(lasting(8, wanted=wanted, **load)))) or 0.0
        for wanted in (4, 5, 6, 7, 8, 20)
    ]
    assert [22.667, 20.167, 17.667, 15.167, 12.667, 6.0] == asked


def test_a_falling_queue_over_its_limit_is_left_to_fall() -> None:
    history = then(lasting(5, waiting=300.0), 1, waiting=200.0)
    assert 2.0 == number(queue.recommend(situation(history)))


def test_with_stuck_replicas_the_backlog_keeps_what_is_wanted() -> None:
    fields = {"waiting": 5000.0, "tokens": 4000.0, "wanted": 9, "stuck": 5}
    assert 9.0 == number(queue.recommend(situation(lasting(8, **fields))))


def test_a_lasting_queue_shows_an_unknown_capacity() -> None:
    short = lasting(3, waiting=8.0, tokens=4000.0)
    assert number(queue.recommend(situation(short, known=UNKNOWN))) is None
    long = then(lasting(8, tokens=4000.0), 4, waiting=8.0, tokens=4000.0)
    recommended = queue.recommend(situation(long, known=UNKNOWN))
    assert 1000.0 == recommended.terms["capacity"]


def test_a_waiting_request_or_two_show_no_boundary() -> None:
    long = then(lasting(8, tokens=4000.0), 8, waiting=2.0, tokens=4000.0)
    assert number(queue.recommend(situation(long, known=UNKNOWN))) is None


def test_replicas_that_have_just_come_up_did_not_serve_the_last_minute() -> None:
    before = lasting(8, waiting=300.0, tokens=4000.0)
    history = then(before, 1, waiting=300.0, tokens=4000.0, wanted=20, ready=20, reporting=20)
    assert 1000.0 == queue.recommend(situation(history, known=UNKNOWN)).terms["capacity"]


def test_without_any_rate_a_growing_queue_asks_for_a_step_in_each_lead_time() -> None:
    none = {"tokens": GAP, "requests": GAP}
    known = knowledge(capacity=None, tokens_per_request=None)
    history = lasting(8, **none)
    asked, wanted = [], 4
    for waiting in range(200, 200 + 3 * LEAD):
        history = then(history, 1, waiting=float(waiting), wanted=wanted, **none)
        asked.append(number(queue.recommend(situation(history, known=known))) or wanted)
        wanted = round(asked[-1])
    steps = [after - before for before, after in pairwise(asked)]
    assert {0, 1} == set(steps)
    assert sum(steps) in {3, 4}


@pytest.mark.parametrize(
    ("use", "ready", "expected"),
    [
        pytest.param(0.9, 4, 4.0, id="at its target"),
        pytest.param(1.0, 9, 10.0, id="full: a tenth more at the most"),
        pytest.param(0.45, 4, 2.0, id="half"),
        pytest.param(GAP, 4, None, id="gap"),
        pytest.param(0.5, 0, None, id="nobody ready"),
    ],
)
def test_the_cache_is_a_level_while_it_has_room(
    use: float, ready: int, expected: float | None
) -> None:
    history = lasting(1, cache=use, ready=ready, wanted=ready, reporting=ready)
    assert expected == number(cache.recommend(situation(history)))


SLOW = {"latency": 3.0, "waiting": 1.0}


@pytest.mark.parametrize(
    ("ticks", "expected"),
    [
        pytest.param(3, None, id="not yet sustained"),
        pytest.param(4, 5.0, id="a step"),
        pytest.param(3 + LEAD, 5.0, id="and no other within the lead time"),
        pytest.param(4 + LEAD, None, id="it did not help"),
        pytest.param(4 + 5 * LEAD, None, id="and never will"),
    ],
)
def test_latency_raises_by_one_step_and_expires(ticks: int, expected: float | None) -> None:
    recommended = latency.recommend(situation(then(lasting(8), ticks, **SLOW)))
    assert expected == number(recommended)
    assert recommended.holds
    assert ("not_capacity" in recommended.note) is (ticks > 3 + LEAD)


def test_a_second_step_follows_where_the_first_one_helped() -> None:
    history = then(then(lasting(8), LEAD + 3, **SLOW), 1, latency=2.5, waiting=1.0)
    assert 6.0 == number(latency.recommend(situation(history)))


def test_latency_that_flickers_is_one_episode_and_raises_once() -> None:
    history = lasting(8)
    wanted = 4
    for _ in range(12):
        history = then(history, 5, wanted=wanted, **SLOW)
        raised = number(latency.recommend(situation(history)))
        wanted = max(wanted, round(raised or 0))
        history = then(history, 1, wanted=wanted, latency=1.9, waiting=1.0)
    assert 5 == wanted


def test_a_raise_without_anything_to_count_from_says_so() -> None:
    slow = {**SLOW, "wanted": None, "ready": None, "reporting": None}
    recommended = latency.recommend(situation(lasting(8, **slow)))
    assert number(recommended) is None
    assert "unknown how many replicas are wanted" in recommended.note


@pytest.mark.parametrize(
    ("value", "holds", "agrees"),
    [
        pytest.param(0.9, False, True, id="under half"),
        pytest.param(1.2, False, False, id="between"),
        pytest.param(1.7, True, False, id="over 0.8"),
        pytest.param(GAP, False, False, id="gap"),
    ],
)
def test_latency_has_a_say_on_scale_in(value: float, holds: bool, agrees: bool) -> None:
    recommended = latency.recommend(situation(lasting(1, latency=value)))
    assert (holds, agrees) == (recommended.holds, recommended.agrees)


@pytest.mark.parametrize(
    ("witness", "expected"),
    [
        pytest.param({"waiting": 0.0, "utilization": 0.5, "cache": 0.1}, None, id="nobody"),
        pytest.param({"waiting": 1.0}, 5.0, id="queue"),
        pytest.param({"cache": 0.8}, 5.0, id="cache"),
        pytest.param({"utilization": 0.71}, 5.0, id="utilization"),
    ],
)
def test_latency_that_confirms_needs_a_witness(
    witness: dict[str, float], expected: float | None
) -> None:
    history = then(lasting(8), 6, latency=3.0, **witness)
    assert expected == number(latency.recommend(situation(history)))
    assert 5.0 == number(latency.recommend(situation(history, spec=RAISE)))


@pytest.mark.parametrize(
    ("ticks", "value", "expected"),
    [(20, 0.9, None), (21, 0.9, 5.0), (21, 0.7, None)],
)
def test_utilization_raises_after_five_minutes_over_seventy_percent(
    ticks: int, value: float, expected: float | None
) -> None:
    history = then(lasting(8), ticks, utilization=value)
    assert expected == number(utilization.recommend(situation(history, spec=RAISE)))
    assert number(utilization.recommend(situation(history))) is None


@pytest.mark.parametrize(("ticks", "agrees"), [(59, False), (60, True)])
def test_utilization_agrees_after_a_quarter_of_an_hour_under_thirty_percent(
    ticks: int, agrees: bool
) -> None:
    history = then(lasting(8), ticks, utilization=0.2)
    recommended = utilization.recommend(situation(history, spec=RAISE))
    assert (agrees, not agrees) == (recommended.agrees, recommended.holds)
