"""Windows and scaling policies, against the HPA that they are named after."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.policy.model import Gap, Limit, Readings, Reason
from scaler.policy.pace import within_policies
from scaler.policy.spec import ScalingPolicy, Spec, down_window
from scaler.policy.stabilize import ceiling, within_windows
from scaler.simulation import behavior, hpa
from tests.builders import EPOCH, STEP
from tests.unit.policy.situations import lasting, situation, then


@pytest.mark.parametrize(
    ("replicas", "expected"),
    [(3.0, 3), (3.0000000001, 3), (3.00001, 4), (2.9, 3), (0.0, 0), (1e-9, 0)],
)
def test_the_one_ceiling_forgives_rounding(replicas: float, expected: int) -> None:
    assert expected == ceiling(replicas)


@pytest.mark.parametrize(
    ("given_window", "lead_time", "expected"), [(None, 120, 300), (None, 900, 900), (60, 900, 60)]
)
def test_scale_in_waits_five_minutes_or_a_lead_time(
    given_window: int | None, lead_time: int, expected: int
) -> None:
    assert expected == down_window(Spec(scale_down_window=given_window), lead_time=lead_time)


@pytest.mark.parametrize(
    ("wish", "wishes", "expected"),
    [
        pytest.param(9.0, [9.0], 9.0, id="up at once"),
        pytest.param(9.0, [5.0, 9.0], 5.0, id="up to the least of the window"),
        pytest.param(9.0, [2.0, 9.0], 4.0, id="which never takes away"),
        pytest.param(1.0, [3.0, 1.0], 3.0, id="down to the most of the window"),
        pytest.param(1.0, [9.0, 1.0], 4.0, id="which never adds"),
        pytest.param(1.0, [1.0], 1.0, id="down when all of it agrees"),
    ],
)
def test_windows_take_the_careful_end_of_what_was_wished(
    wish: float, wishes: list[float], expected: float
) -> None:
    seen = tuple((EPOCH - STEP * (len(wishes) - 1 - i), w) for i, w in enumerate(wishes))
    window = 60 if len(wishes) > 1 else 0
    spec = Spec(scale_up_window=window, scale_down_window=60)
    assert expected == within_windows(wish, wishes=seen, situation=situation(lasting(1), spec=spec))


def test_a_minute_of_wishes_counts_while_pods_are_silent_even_without_a_window() -> None:
    silent = situation(lasting(1, reporting=2), spec=Spec(scale_down_window=0))
    wishes = ((EPOCH - 45, 4.0), (EPOCH, 1.0))
    assert 4.0 == within_windows(1.0, wishes=wishes, situation=silent)


@pytest.mark.parametrize(
    ("wanted", "target", "expected"),
    [
        pytest.param(1, 100, 5, id="four more"),
        pytest.param(4, 100, 8, id="the same"),
        pytest.param(10, 100, 20, id="twice"),
        pytest.param(10, 15, 15, id="within what is allowed"),
        pytest.param(10, 0, 9, id="a tenth less"),
        pytest.param(25, 0, 22, id="a tenth, rounded down"),
        pytest.param(2, 0, 1, id="one less where that is more"),
        pytest.param(1, 0, 0, id="to none"),
    ],
)
def test_the_most_permissive_policy_wins(wanted: int, target: int, expected: int) -> None:
    history = lasting(8, wanted=wanted, ready=wanted, reporting=wanted)
    assert expected == within_policies(target, since=None, situation=situation(history))[0]


def test_a_policy_that_bites_is_named_with_both_numbers() -> None:
    _, limit = within_policies(100, since=None, situation=situation(lasting(1)))
    assert Limit(by="scaleUpPolicies", before=100, after=8) == limit


@pytest.mark.parametrize(
    ("history", "target", "expected"),
    [
        pytest.param(then(lasting(4, wanted=2), 1, wanted=6), 50, 6, id="grown within the period"),
        pytest.param(then(lasting(4, wanted=9), 1, wanted=8), 1, 8, id="shrunk within the period"),
        pytest.param(then(lasting(4, wanted=9), 5, wanted=8), 1, 7, id="and a period later"),
        pytest.param(then(lasting(4, wanted=9), 1, wanted=3), 1, 3, id="by somebody else"),
    ],
)
def test_policies_count_from_what_was_wanted_a_period_ago(
    history: list[Readings], target: int, expected: int
) -> None:
    assert expected == within_policies(target, since=None, situation=situation(history))[0]


@pytest.mark.parametrize(
    ("elapsed", "target", "expected"),
    [(0, 1000, 8), (15, 1000, 16), (60, 1000, 128), (0, 1, 3), (60, 1, 2), (120, 1, 1)],
)
def test_orders_that_do_not_show_yet_are_counted_by_the_time_since(
    elapsed: int, target: int, expected: int
) -> None:
    now = situation(lasting(20))
    since = now.at - elapsed
    assert expected == within_policies(target, since=since, situation=now)[0]


def test_a_shortage_that_has_just_begun_is_allowed_no_more_than_an_older_one() -> None:
    now = situation(then(lasting(4, wanted=2), 1, wanted=3))
    just, older, none = (
        within_policies(50, since=since, situation=now)[0]
        for since in (now.at, now.at - 2 * STEP, None)
    )
    assert none == just
    assert just <= older


def test_what_was_added_within_the_period_counts_where_nobody_says_what_is_wanted_now() -> None:
    grown = then(lasting(3, wanted=2, ready=2), wanted=5, ready=5)
    spec = Spec(scale_up_policies=(ScalingPolicy(amount=4, period=60),))
    silent = situation(then(grown, wanted=Gap(reason=Reason.SPARSE), ready=5), spec=spec)
    assert 6 == within_policies(50, since=None, situation=silent)[0]


def test_without_policies_nothing_is_limited() -> None:
    spec = Spec(scale_up_policies=(), scale_down_policies=())
    for target in (0, 1000):
        allowed = within_policies(target, since=None, situation=situation(lasting(1), spec=spec))
        assert (target, None) == allowed


EXACT = [25, 50, 75, 100]
"""Percentages that floats hold: of others the HPA's arithmetic makes 12 of 110 % of 10."""


@given(
    st.integers(1, 200),
    st.integers(1, 500),
    st.lists(
        st.builds(
            ScalingPolicy,
            amount=st.sampled_from(EXACT),
            percent=st.booleans(),
            period=st.sampled_from([15, 60]),
        ),
        min_size=1,
        max_size=3,
    ),
)
def test_policies_allow_what_the_hpa_allows(
    wanted: int, target: int, policies: list[ScalingPolicy]
) -> None:
    spec = Spec(scale_up_policies=tuple(policies), scale_down_policies=tuple(policies))
    history = lasting(8, wanted=wanted, ready=wanted, reporting=wanted)
    ours, _ = within_policies(target, since=None, situation=situation(history, spec=spec))
    theirs = behavior.ScalingRules(
        window=0,
        policies=tuple(
            behavior.ScalingPolicy(
                kind=behavior.PolicyKind.PERCENT if p.percent else behavior.PolicyKind.PODS,
                value=p.amount,
                period=p.period,
            )
            for p in policies
        ),
    )
    scaled, _ = hpa.sync(
        [hpa.Metric(value=target)],
        spec_replicas=wanted,
        status_replicas=wanted,
        at=float(EPOCH),
        hpa=behavior.HpaSpec(
            min_replicas=0,
            max_replicas=10_000,
            tolerance=0.0,
            behavior=behavior.Behavior(up=theirs, down=theirs),
        ),
        state=hpa.HpaState(),
    )
    assert scaled.replicas == ours
