from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.simulation.behavior import (
    Behavior,
    HpaSpec,
    PolicyKind,
    ScalingPolicy,
    ScalingRules,
    SelectPolicy,
    ToleranceForm,
)
from scaler.simulation.hpa import HpaState, Metric, Reason, proposal, sync


def rules(
    *policies: tuple[str, int, int],
    window: int = 0,
    select: SelectPolicy = SelectPolicy.MAX,
    tolerance: float | None = None,
) -> ScalingRules:
    return ScalingRules(
        window=window,
        policies=tuple(
            ScalingPolicy(kind=PolicyKind(kind), value=value, period=period)
            for kind, value, period in policies
        )
        or (ScalingPolicy(kind=PolicyKind.PERCENT, value=10_000, period=15),),
        select=select,
        tolerance=tolerance,
    )


def down_rules(
    *policies: tuple[str, int, int], window: int = 0, select: SelectPolicy = SelectPolicy.MAX
) -> ScalingRules:
    return rules(*(policies or (("Percent", 100, 15),)), window=window, select=select)


def spec(
    up: ScalingRules | None = None,
    *,
    down: ScalingRules | None = None,
    maximum: int = 1_000,
    tolerance: float = 0.0,
) -> HpaSpec:
    behavior = Behavior(up=up or rules(), down=down or down_rules())
    return HpaSpec(max_replicas=maximum, behavior=behavior, tolerance=tolerance)


def follow(
    hpa: HpaSpec, wants: Sequence[float | None], *, replicas: int, period: int = 15
) -> list[tuple[int, Reason]]:
    """Return what each sync does when the fleet is as large as the sync before it asked."""
    state = HpaState()
    done = []
    for number, want in enumerate(wants):
        scaled, state = sync(
            [Metric(value=want)],
            spec_replicas=replicas,
            status_replicas=replicas,
            at=number * period,
            hpa=hpa,
            state=state,
        )
        replicas = scaled.replicas
        done.append((scaled.replicas, scaled.reason))
    return done


def sizes(
    hpa: HpaSpec, wants: Sequence[float | None], *, replicas: int, period: int = 15
) -> list[int]:
    return [size for size, _ in follow(hpa, wants, replicas=replicas, period=period)]


@pytest.mark.parametrize(
    ("current", "held", "form"),
    [
        (5, {5}, ToleranceForm.DISTANCE),
        (5, {5}, ToleranceForm.RANGE),
        (9, {9}, ToleranceForm.RANGE),
        (10, {9, 10}, ToleranceForm.DISTANCE),
        (10, {9, 10, 11}, ToleranceForm.RANGE),
        (20, {18, 19, 20, 21}, ToleranceForm.DISTANCE),
        (20, {18, 19, 20, 21, 22}, ToleranceForm.RANGE),
        (30, set(range(27, 34)), ToleranceForm.RANGE),
        (100, set(range(90, 111)), ToleranceForm.RANGE),
    ],
)
def test_default_tolerance_swallows_exactly_these(
    current: int, held: set[int], form: ToleranceForm
) -> None:
    hpa = HpaSpec(max_replicas=1_000, form=form)
    swallowed = {
        want
        for want in range(1, 200)
        if proposal([Metric(value=want)], spec_replicas=current, status_replicas=current, hpa=hpa)
        != want
    }
    assert held - {current} == swallowed


@pytest.mark.parametrize("form", ToleranceForm)
@pytest.mark.parametrize(
    ("current", "up", "down"), [(10, 12, 8), (20, 23, 17), (30, 34, 26), (100, 111, 89)]
)
def test_first_values_that_every_version_honors(
    current: int, up: int, down: int, form: ToleranceForm
) -> None:
    hpa = HpaSpec(max_replicas=1_000, form=form)
    for want in (up, down):
        metric = Metric(value=want)
        assert want == proposal([metric], spec_replicas=current, status_replicas=current, hpa=hpa)


@pytest.mark.parametrize(
    ("current", "want", "expected"),
    [
        *[(20, 21, 20), (20, 22, 20), (23, 21, 23), (18, 17, 18), (11, 12, 11), (11, 10, 11)],
        *[(20, 23, 23), (23, 18, 18), (18, 11, 11), (11, 9, 9)],
    ],
)
def test_default_tolerance_acts_as_seen_on_a_real_controller(
    current: int, want: int, expected: int
) -> None:
    assert [expected] == sizes(spec(tolerance=0.1), [want], replicas=current)


def test_tolerance_of_zero_is_followed_exactly() -> None:
    hpa = spec(rules(tolerance=0.0), tolerance=0.1)
    assert sizes(hpa, [21], replicas=20) == [21]
    assert sizes(spec(), [1, 3, 12, 13, 4], replicas=1) == [1, 3, 12, 13, 4]


def test_tolerance_of_one_direction_leaves_the_other_alone() -> None:
    hpa = spec(rules(tolerance=0.0), tolerance=0.1)
    assert sizes(hpa, [21, 20, 18], replicas=20) == [21, 21, 18]


def test_overshoot_and_return_is_swallowed() -> None:
    assert sizes(spec(tolerance=0.1), [23, 21], replicas=20) == [23, 23]


def test_ratio_is_of_status_replicas_and_the_comparison_of_spec_replicas() -> None:
    """A surge pod of a rollout is adopted within the tolerance, and not without it."""
    for tolerance, expected in ((0.1, 21), (0.0, 20)):
        scaled, _ = sync(
            [Metric(value=20)],
            spec_replicas=20,
            status_replicas=21,
            at=0,
            hpa=spec(tolerance=tolerance),
            state=HpaState(),
        )
        assert expected == scaled.replicas


@pytest.mark.parametrize(
    ("value", "target", "expected"),
    [(20.001, 1.0, 21), (20.0, 1.0, 20), (7.0, 2.0, 4), (0.0, 1.0, 0), (0.0004, 1.0, 1)],
)
def test_fractions_are_rounded_up(value: float, target: float, expected: int) -> None:
    metric = Metric(value=value, target=target)
    assert expected == proposal([metric], spec_replicas=10, status_replicas=10, hpa=spec())


def test_proposal_stands_while_no_pod_exists_yet() -> None:
    assert proposal([Metric(value=3)], spec_replicas=1, status_replicas=0, hpa=spec()) == 3


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([5, 8], 8),
        ([None], None),
        ([None, None], None),
        ([None, 12], 12),
        ([None, 10], 10),
        ([None, 9], None),
    ],
)
def test_largest_valid_metric_wins_and_an_invalid_one_blocks_scale_down(
    values: list[float | None], expected: int | None
) -> None:
    metrics = [Metric(value=value) for value in values]
    assert expected == proposal(metrics, spec_replicas=10, status_replicas=10, hpa=spec())


def test_failed_metric_holds() -> None:
    expected = [(10, Reason.FAILED_GET_METRIC), (4, Reason.WITHIN_RANGE)]
    assert expected == follow(spec(), [None, 4], replicas=10)


def test_hpa_is_disabled_at_zero_replicas() -> None:
    assert follow(spec(), [5], replicas=0) == [(0, Reason.SCALING_DISABLED)]


def test_replicas_out_of_bounds_are_brought_back_at_once_and_without_a_metric() -> None:
    hpa = HpaSpec(min_replicas=2, max_replicas=10)
    assert follow(hpa, [None], replicas=50) == [(10, Reason.ABOVE_MAX)]
    assert follow(hpa, [None], replicas=1) == [(2, Reason.BELOW_MIN)]


def test_bounds_limit_what_is_wanted() -> None:
    hpa = HpaSpec(min_replicas=2, max_replicas=10, behavior=Behavior(up=rules(), down=down_rules()))
    assert follow(hpa, [50], replicas=5) == [(10, Reason.TOO_MANY)]
    assert follow(hpa, [0], replicas=5) == [(2, Reason.TOO_FEW)]


def test_default_behavior_doubles_or_adds_four_per_15_s_and_waits_300_s_to_shrink() -> None:
    hpa = HpaSpec(max_replicas=100, tolerance=0.0)
    assert sizes(hpa, [50] * 6, replicas=1) == [5, 10, 20, 40, 50, 50]
    after = sizes(hpa, [50] + [10] * 25, replicas=50)
    assert after == [50] * 20 + [10] * 6


def test_scale_down_takes_the_highest_recommendation_of_its_window() -> None:
    hpa = spec(down=down_rules(window=60))
    wants = [10, 8, 9, 5, 5, 5, 5, 5, 5]
    assert sizes(hpa, wants, replicas=10) == [10, 10, 10, 10, 9, 9, 5, 5, 5]


def test_scale_up_takes_the_lowest_recommendation_of_its_window() -> None:
    hpa = spec(rules(window=60))
    wants = [10, 20, 15, 30, 30, 30, 30]
    assert sizes(hpa, wants, replicas=10) == [10, 10, 10, 10, 15, 15, 30]


def test_controller_that_knows_nothing_begins_with_what_runs() -> None:
    hpa = spec(down=down_rules(window=60))
    expected = [(10, Reason.SCALE_DOWN_STABILIZED)] * 4 + [(3, Reason.WITHIN_RANGE)]
    assert expected == follow(hpa, [3] * 5, replicas=10)


def test_fleet_woken_from_zero_waits_for_the_scale_up_window() -> None:
    hpa = spec(rules(window=30))
    _, state = sync(
        [Metric(value=5)], spec_replicas=0, status_replicas=0, at=0, hpa=hpa, state=HpaState()
    )
    done = []
    for at in (15, 30):
        scaled, state = sync(
            [Metric(value=5)], spec_replicas=1, status_replicas=1, at=at, hpa=hpa, state=state
        )
        done.append((scaled.replicas, scaled.reason))
    assert done == [(1, Reason.SCALE_UP_STABILIZED), (5, Reason.WITHIN_RANGE)]


def test_policy_counts_what_was_added_within_its_period() -> None:
    """At most 4 pods per 60 s, whatever the sync period."""
    hpa = spec(rules(("Pods", 4, 60)))
    expected = [6, 6, 6, 6, 10, 10, 10, 10, 12]
    assert expected == sizes(hpa, [12] * 9, replicas=2)
    assert follow(hpa, [12] * 2, replicas=2)[1] == (6, Reason.SCALE_UP_LIMIT)


def test_policy_counts_what_was_removed_within_its_period() -> None:
    """At most 1 pod per 120 s."""
    hpa = spec(down=down_rules(("Pods", 1, 120)))
    expected = [9] * 8 + [8] * 8 + [7]
    assert expected == sizes(hpa, [2] * 17, replicas=10)
    assert follow(hpa, [2] * 2, replicas=10)[1] == (9, Reason.SCALE_DOWN_LIMIT)


@pytest.mark.parametrize(
    ("select", "up", "down"),
    [(SelectPolicy.MAX, 30, 10), (SelectPolicy.MIN, 24, 15), (SelectPolicy.DISABLED, 20, 20)],
)
def test_select_policy_chooses_between_policies(select: SelectPolicy, up: int, down: int) -> None:
    hpa = spec(
        rules(("Pods", 4, 60), ("Percent", 50, 60), select=select),
        down=down_rules(("Pods", 5, 60), ("Percent", 50, 60), select=select),
    )
    assert [up] == sizes(hpa, [100], replicas=20)
    assert [down] == sizes(hpa, [1], replicas=20)


@pytest.mark.parametrize(
    ("replicas", "percent", "up", "down"),
    [(1, 10, 2, 0), (3, 10, 4, 2), (20, 10, 22, 18), (50, 10, 56, 45), (5, 80, 9, 0)],
)
def test_percentages_are_rounded_in_favor_of_change(
    replicas: int, percent: int, up: int, down: int
) -> None:
    """In the controller's floats, 50 and 10 % are over 55, and 5 less 80 % are under 1."""
    hpa = HpaSpec(
        min_replicas=0,
        max_replicas=100,
        behavior=Behavior(
            up=rules(("Percent", percent, 60)), down=down_rules(("Percent", percent, 60))
        ),
        tolerance=0.0,
    )
    assert [up] == sizes(hpa, [90], replicas=replicas)
    assert [down] == sizes(hpa, [0], replicas=replicas)


def test_what_was_removed_may_be_added_again_within_the_period() -> None:
    hpa = spec(rules(("Pods", 2, 60)), down=down_rules(("Percent", 100, 60)))
    assert sizes(hpa, [4, 20], replicas=10) == [4, 12]


def test_hpa_without_behavior_doubles_in_every_sync_and_keeps_300_s_of_peaks() -> None:
    hpa = HpaSpec(max_replicas=100, behavior=None, tolerance=0.0)
    assert sizes(hpa, [50] * 5, replicas=1, period=2) == [4, 8, 16, 32, 50]
    assert sizes(hpa, [50] + [10] * 21, replicas=50) == [50] * 20 + [10] * 2
    assert follow(hpa, [0], replicas=10) == [(10, Reason.SCALE_DOWN_STABILIZED)]
    assert follow(hpa, [0] * 21, replicas=10)[-1] == (1, Reason.TOO_FEW)


WANTS = st.lists(
    st.one_of(st.none(), st.floats(min_value=0.0, max_value=200.0)), min_size=1, max_size=30
)
SPECS = st.builds(
    HpaSpec,
    min_replicas=st.just(2),
    max_replicas=st.just(40),
    behavior=st.one_of(
        st.none(),
        st.builds(
            Behavior,
            up=st.builds(rules, st.just(("Pods", 3, 45)), window=st.sampled_from([0, 60])),
            down=st.builds(
                down_rules, st.just(("Percent", 20, 45)), window=st.sampled_from([0, 90])
            ),
        ),
    ),
    form=st.sampled_from(ToleranceForm),
)


@given(hpa=SPECS, wants=WANTS, replicas=st.integers(min_value=2, max_value=40))
def test_replicas_stay_within_bounds_and_never_move_against_all_recommendations(
    hpa: HpaSpec, wants: list[float | None], replicas: int
) -> None:
    done = [replicas, *sizes(hpa, wants, replicas=replicas)]
    assert all(2 <= size <= 40 for size in done)
    known = [want for want in wants if want is not None]
    assert max(done) <= max([replicas, *(want + 1 for want in known)])
    assert min(done) >= min([replicas, *(max(2.0, want) for want in known)])


@given(hpa=SPECS, want=st.integers(min_value=2, max_value=40), replicas=st.integers(2, 40))
def test_constant_demand_is_reached_to_within_the_tolerance(
    hpa: HpaSpec, want: int, replicas: int
) -> None:
    last = sizes(hpa, [want] * 80, replicas=replicas)[-10:]
    assert len(set(last)) == 1
    assert hpa.tolerates(want / last[0])
