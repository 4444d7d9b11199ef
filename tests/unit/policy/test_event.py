"""What is declared raises the target a lead time ahead, whatever a forecast says or does not."""

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.policy.model import Belief, Capacity, Foreseen, Gap, Knowledge, Reason
from scaler.policy.occasion import Occasion
from scaler.policy.recommendations.event import MARGIN, strengths
from scaler.policy.spec import Spec
from tests.builders import EPOCH, LEAD_TIME, STEP, knowledge
from tests.unit.policy.situations import decided, fold, lasting, of, then
from tests.unit.policy.test_formulas import evaluate

QUIET = lasting(40, tokens=2000.0, wanted=3, ready=3, reporting=3)
"""Two replicas would do: 2,000 tokens per second, 1,000 a replica, planned for 0.8 of that."""
NOW = QUIET[-1].at
SOON = NOW + LEAD_TIME


def occasion(**fields: Any) -> Occasion:
    return Occasion(**{"name": "launch", "start": SOON, "end": SOON + 3600, **fields})


def known(*declared: Occasion, told: Foreseen | None = None, **fields: Any) -> Knowledge:
    return attrs.evolve(knowledge(**fields), declared=declared, forecast=told)


@pytest.mark.parametrize(
    ("declares", "replicas", "formula"),
    [
        ({"replicas": 7}, 7.0, "declared_replicas"),
        ({"minimum": 7200.0}, 9.0, "minimum / (headroom * capacity)"),
        ({"multiplier": 3.0}, 7.5, "demand * times / (headroom * capacity)"),
        (
            {"replicas": 5, "minimum": 7200.0},
            9.0,
            "max(declared_replicas, minimum / (headroom * capacity))",
        ),
    ],
)
def test_what_is_declared_is_ordered_a_lead_time_ahead(
    declares: dict[str, Any], replicas: float, formula: str
) -> None:
    decision = decided(QUIET, known=known(occasion(**declares)))
    asked = of(decision, "event")

    assert (replicas, formula) == (asked.replicas, asked.formula)
    assert pytest.approx(replicas) == evaluate(asked.formula, asked.terms)
    assert ("event", "declared: launch") == (decision.winner, asked.note)


@pytest.mark.parametrize(
    ("start", "says"),
    [
        pytest.param(SOON + MARGIN + 1, False, id="too early"),
        pytest.param(SOON + MARGIN, True, id="in time for who polls"),
        pytest.param(NOW - 3599, True, id="its last second"),
        pytest.param(NOW - 3600, False, id="over"),
    ],
)
def test_it_counts_from_a_lead_time_before_until_its_end(start: int, says: bool) -> None:
    declared = known(occasion(start=start, end=start + 3600, replicas=7))

    assert (7 if says else 3) == decided(QUIET, known=declared).target


def test_it_builds_up_and_fades_over_its_ramp() -> None:
    rising = known(occasion(start=SOON + MARGIN + 300, ramp=600, replicas=10))
    fading = known(occasion(start=NOW - 900, end=NOW - 299, ramp=600, replicas=10))

    assert [5.0, 5.0] == [of(decided(QUIET, known=k), "event").replicas for k in (rising, fading)]


def test_of_several_the_most_counts_and_all_are_named() -> None:
    both = known(occasion(replicas=4), occasion(name="sale", replicas=6))
    asked = of(decided(QUIET, known=both), "event")

    assert (6.0, "declared: launch, sale") == (asked.replicas, asked.note)


def test_less_than_is_measured_changes_nothing() -> None:
    little = known(occasion(replicas=1), occasion(name="night", multiplier=0.1))

    assert decided(QUIET, known=known()).target == decided(QUIET, known=little).target


def test_a_multiplier_is_left_to_a_forecast_that_has_a_say() -> None:
    told = Foreseen(at=EPOCH, belief=Belief.SKILL, bound=6000.0, usual=5500.0, multiplier=3.0)
    declared = occasion(multiplier=3.0)
    decision = decided(QUIET, known=known(declared, told=told))

    assert (6, "forecast", None) == (
        decision.target,
        decision.winner,
        of(decision, "event").replicas,
    )
    assert "3 times the usual, as declared" in of(decision, "forecast").note
    cold = attrs.evolve(told, belief=Belief.COLD)
    assert "event" == decided(QUIET, known=known(declared, told=cold)).winner


def test_demand_that_has_come_is_not_multiplied_again() -> None:
    begun = known(occasion(start=NOW - 60, end=NOW + 3600, multiplier=3.0))

    assert of(decided(QUIET, known=begun), "event").replicas is None


def test_replicas_need_no_capacity_and_work_without_one_orders_a_single_replica() -> None:
    fields: dict[str, Any] = {"capacity": Capacity(value=1000.0, lower_bound=True)}

    assert 7.0 == of(decided(QUIET, known=known(occasion(replicas=7), **fields)), "event").replicas
    work = of(decided(QUIET, known=known(occasion(minimum=7200.0), **fields)), "event")
    assert 1.0 == work.replicas
    assert "capacity is not known yet" in work.note


ASLEEP = lasting(
    30,
    wanted=0,
    ready=0,
    reporting=0,
    **dict.fromkeys(("running", "waiting", "tokens", "requests", "latency", "cache")),
)


def test_it_wakes_a_sleeping_fleet_with_all_that_it_declares() -> None:
    start = ASLEEP[-1].at + LEAD_TIME
    decision = decided(ASLEEP, known=known(occasion(start=start, end=start + 60, replicas=4)))

    assert (4, True, "event") == (decision.target, decision.active, decision.winner)


def test_it_keeps_awake_an_idle_fleet_until_it_is_over() -> None:
    idle = lasting(160, wanted=1, ready=1, reporting=1, running=0.0, tokens=0.0, requests=0.0)
    end = idle[80].at
    decisions, _ = fold(idle, known=known(occasion(start=EPOCH, end=end, replicas=1)))

    assert {1} == {decision.target for decision in decisions if decision.at < end}
    assert 0 == decisions[-1].target


def test_where_demand_is_not_measured_it_is_no_reason_for_fewer() -> None:
    lost = then(QUIET, 2, tokens=Gap(reason=Reason.STALE))

    assert of(decided(lost, known=known(occasion(replicas=2))), "event").replicas is None
    assert 5.0 == of(decided(lost, known=known(occasion(replicas=5))), "event").replicas


def test_bounds_are_bounds() -> None:
    spec = Spec(max_replicas=5)

    assert 5 == decided(QUIET, spec=spec, known=known(occasion(replicas=7))).target


@given(
    st.integers(-7200, 7200),
    st.integers(1, 7200),
    st.integers(0, 3600),
    st.floats(0.1, 10.0),
    st.floats(0.0, 1e5),
    st.integers(0, 50),
)
def test_whatever_is_declared_the_target_is_never_less(
    start: int, length: int, ramp: int, multiplier: float, minimum: float, replicas: int
) -> None:
    first = EPOCH + start
    declared = Occasion(
        name="any",
        start=first,
        end=first + length,
        ramp=ramp,
        multiplier=multiplier,
        minimum=minimum,
        replicas=replicas,
    )
    with_it, _ = fold(QUIET[:8], known=known(declared))
    without, _ = fold(QUIET[:8], known=known())

    assert all(
        (more.target or 0) >= (less.target or 0)
        for more, less in zip(with_it, without, strict=True)
    )


def test_strength_is_the_most_until_a_replica_that_is_ordered_now_serves() -> None:
    declared = known(occasion(start=SOON, end=SOON + STEP, ramp=100, multiplier=2.0))

    assert [0.0, 0.5, 1.0] == [
        max((strength for _, strength in strengths(declared, at=at)), default=0.0)
        for at in (NOW - MARGIN - 100, NOW - MARGIN - 50, NOW - MARGIN)
    ]
