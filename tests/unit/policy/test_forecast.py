"""A forecast raises before the work arrives, by so much and no more, and says what it is."""

import math
from typing import Any

import attrs
import pytest

from scaler.policy.model import Belief, Capacity, Foreseen, Gap, Knowledge, Reason
from scaler.policy.recommendations import forecast
from tests.builders import EPOCH, knowledge
from tests.unit.policy.situations import decided, lasting, of, situation, then

QUIET = lasting(40, tokens=2000.0, wanted=3, ready=3, reporting=3)
"""Two replicas would do: 2,000 tokens per second, 1,000 a replica, planned for 0.8 of that."""


def foreseen(belief: Belief = Belief.SKILL, **fields: Any) -> Foreseen:
    usual: dict[str, Any] = {
        "bound": 6000.0,
        "likely": 5000.0,
        "usual": 5500.0,
        "headroom": 1.4,
        "skill": 0.3,
        "chosen": (("ridge_short", 0.6), ("ar_short", 0.4)),
        "window": 720,
    }
    return Foreseen(at=EPOCH, belief=belief, **{**usual, **fields})


def known(told: Foreseen | None, **fields: Any) -> Knowledge:
    return attrs.evolve(knowledge(**fields), forecast=told)


def test_the_bound_is_divided_by_capacity_without_a_second_headroom() -> None:
    decision = decided(QUIET, known=known(foreseen()))

    assert (6, "forecast") == (decision.target, decision.winner)
    assert 6.0 == of(decision, "forecast").replicas
    assert "skill 0.3 over the present, by ridge_short, ar_short" in of(decision, "forecast").note


def test_a_forecast_below_what_is_measured_changes_nothing() -> None:
    low = foreseen(bound=100.0, likely=50.0)

    assert decided(QUIET, known=known(None)).target == decided(QUIET, known=known(low)).target


def test_a_forecast_of_less_lets_a_fleet_shrink() -> None:
    large = lasting(60, tokens=2000.0, wanted=10, ready=10, reporting=10)
    low = known(foreseen(bound=2500.0, likely=2000.0))

    assert (3, 3) == (decided(large, known=known(None)).target, decided(large, known=low).target)


def test_ten_times_too_much_is_limited_by_the_usual_peak_and_says_so() -> None:
    decision = decided(QUIET, known=known(foreseen(bound=60_000.0, usual=4000.0, max_extra=0.5)))

    assert 6 == decision.target
    assert of(decision, "forecast").note.startswith("limited by forecastMaxExtra; ")


def test_a_trouble_of_the_forecast_is_passed_on() -> None:
    troubled = foreseen(Belief.NO_SKILL, note="fewer bounds held than chance explains")

    said = of(decided(QUIET, known=known(troubled)), "forecast").note
    assert said.endswith("headroom; fewer bounds held than chance explains")


@pytest.mark.parametrize("bound", [math.nan, math.inf, -1.0, None])
def test_a_bound_that_is_no_number_is_headroom_on_what_is_measured(bound: float | None) -> None:
    asked = of(decided(QUIET, known=known(foreseen(bound=bound))), "forecast")

    assert pytest.approx(2.0 * 1.4) == asked.replicas
    assert asked.note.startswith("failed: its bound is no number")


@pytest.mark.parametrize("belief", [Belief.STALE, Belief.FAILED])
def test_what_is_left_of_a_forecast_that_is_gone_is_calibrated_headroom(belief: Belief) -> None:
    gone = foreseen(belief, bound=None, note="no answer in 60 s")
    asked = of(decided(QUIET, known=known(gone)), "forecast")

    assert pytest.approx(2.0 * 1.4) == asked.replicas
    assert f"{belief.value}: no answer in 60 s" in asked.note


def test_calibrated_headroom_is_limited_as_a_forecast_is() -> None:
    wild = foreseen(Belief.STALE, bound=None, headroom=9.0, max_extra=0.5)

    assert pytest.approx(3.0) == of(decided(QUIET, known=known(wild)), "forecast").replicas


def test_without_skill_the_reason_is_named() -> None:
    asked = of(decided(QUIET, known=known(foreseen(Belief.NO_SKILL))), "forecast")

    assert (6.0, "no skill: demand as it is with calibrated headroom") == (
        asked.replicas,
        asked.note,
    )


@pytest.mark.parametrize("belief", [Belief.COLD, Belief.NO_DATA])
def test_what_nobody_can_judge_has_no_say(belief: Belief) -> None:
    asked = of(decided(QUIET, known=known(foreseen(belief))), "forecast")

    assert (None, False) == (asked.replicas, asked.holds)
    assert asked.note


def test_until_the_forecast_is_back_nothing_is_lowered() -> None:
    awaited = known(foreseen(Belief.AWAITED, bound=None, headroom=None))
    large = lasting(120, tokens=100.0, wanted=9, ready=9, reporting=9)

    assert 9 != decided(large, known=known(None)).target
    assert 9 == decided(large, known=awaited).target
    assert ["forecast"] == [limit.detail for limit in decided(large, known=awaited).limits]


def test_what_is_only_observed_is_shown_and_not_used() -> None:
    decision = decided(QUIET, known=known(foreseen(used=False)))

    assert decided(QUIET, known=known(None)).target == decision.target
    assert of(decision, "forecast").note.startswith("observed, not used: would ask for 6; skill")


@pytest.mark.parametrize(
    "capacity", [None, Capacity(value=1000.0, lower_bound=True)], ids=["unknown", "from below"]
)
def test_without_a_capacity_to_divide_by_nothing_is_ordered(capacity: Capacity | None) -> None:
    asked = of(decided(QUIET, known=known(foreseen(), capacity=capacity)), "forecast")

    assert (None, "capacity is not known yet") == (asked.replicas, asked.note)


def test_while_demand_is_not_measured_a_forecast_may_raise_and_not_lower() -> None:
    lost = then(QUIET, 2, tokens=Gap(reason=Reason.STALE))

    more = of(decided(lost, known=known(foreseen())), "forecast")
    less = of(decided(lost, known=known(foreseen(bound=1000.0))), "forecast")

    assert (6.0, None) == (more.replicas, less.replicas)


ASLEEP = lasting(
    30,
    wanted=0,
    ready=0,
    reporting=0,
    **dict.fromkeys(("running", "waiting", "tokens", "requests", "latency", "cache")),
)


@pytest.mark.parametrize(
    ("told", "target"),
    [
        pytest.param(foreseen(), 1, id="work is likely"),
        pytest.param(foreseen(likely=10.0), 0, id="work is possible"),
        pytest.param(foreseen(Belief.NO_SKILL), 0, id="nobody knows"),
        pytest.param(foreseen(used=False), 0, id="observed"),
    ],
)
def test_likely_work_wakes_a_sleeping_fleet(told: Foreseen, target: int) -> None:
    decision = decided(ASLEEP, known=known(told))

    assert (target, bool(target)) == (decision.target, decision.active)
    assert ("forecast" if target else "asleep") == decision.winner


def test_a_fleet_that_was_woken_stays_awake_while_work_is_likely() -> None:
    idle = lasting(80, wanted=1, ready=1, reporting=1, running=0.0, tokens=0.0, requests=0.0)

    assert 0 == decided(idle, known=known(None)).target
    assert decided(idle, known=known(foreseen())).target


def test_expectation_is_a_share_of_a_replica() -> None:
    likely = forecast.EXPECTED * 1000.0

    assert not forecast.expects(situation(QUIET, known=known(foreseen(likely=likely))))
    assert forecast.expects(situation(QUIET, known=known(foreseen(likely=likely + 1))))
