"""What the cluster makes of a decision."""

import pytest

from scaler.cluster.brakes import bounded, refused
from scaler.cluster.deadzone import Zone, is_short, snapped
from scaler.cluster.objects import scaled_object
from scaler.policy.model import Decision
from tests.unit.cluster.world import NOW, scaled_item


def decided(target: int) -> Decision:
    return Decision(at=NOW, target=target, active=target >= 1)


@pytest.mark.parametrize(
    ("target", "served", "by"),
    [
        (5, 5, []),
        (1, 2, ["minReplicaCount"]),
        (12, 9, ["maxReplicaCount"]),
        (0, 2, ["minReplicaCount"]),
    ],
)
def test_the_scaled_objects_bounds_hold(target: int, served: int, by: list[str]) -> None:
    known = scaled_object(scaled_item(minReplicaCount=2, maxReplicaCount=9))
    decision = bounded(decided(target), known)

    assert (served, True) == (decision.target, decision.active)
    assert by == [limit.by for limit in decision.limits]


@pytest.mark.parametrize(("until", "served"), [("08:00:01", 4), ("08:00:00", 1)])
def test_a_floor_counts_until_it_ends(until: str, served: int) -> None:
    note = {"forescale.io/floor": f"4 until 2027-01-15T{until}Z"}

    assert served == bounded(decided(1), scaled_object(scaled_item(annotations=note))).target


def test_a_floor_does_not_exceed_the_maximum() -> None:
    note = {"forescale.io/floor": "40 until 2027-01-15T09:00:00Z"}
    known = scaled_object(scaled_item(annotations=note, maxReplicaCount=9))

    assert 9 == bounded(decided(1), known).target


def test_a_sleeping_workload_sleeps_on_without_a_minimum() -> None:
    decision = bounded(decided(0), scaled_object(scaled_item()))

    assert (0, False) == (decision.target, decision.active)


def test_two_scaled_objects_on_one_target_are_refused() -> None:
    decision = refused(decided(3), known=scaled_object(scaled_item()), rivals=("other",))

    assert decision.target is None
    assert "Deployment llama is scaled by other as well" == decision.note


@pytest.mark.parametrize(
    ("target", "zone", "told"),
    [
        (21, Zone(present=20, wanted=20, tolerance=0.1), 23),
        (22, Zone(present=20, wanted=20, tolerance=0.1), 23),
        (11, Zone(present=10, wanted=10, tolerance=0.1), 12),
        (101, Zone(present=100, wanted=100, tolerance=0.1), 111),
    ],
)
def test_a_shortage_gets_through_the_dead_zone(target: int, zone: Zone, told: int) -> None:
    assert is_short(decided(target), zone)

    decision = snapped(decided(target), zone, most=200)

    assert told == decision.target
    assert ["hpaTolerance"] == [limit.by for limit in decision.limits]


@pytest.mark.parametrize(
    ("target", "zone"),
    [
        (23, Zone(present=20, wanted=20, tolerance=0.1)),
        (20, Zone(present=20, wanted=20, tolerance=0.1)),
        (19, Zone(present=20, wanted=20, tolerance=0.1)),
        (21, Zone(present=20, wanted=20, tolerance=0.0)),
        (21, Zone(present=20, wanted=21, tolerance=0.1)),
        (9, Zone(present=8, wanted=8, tolerance=0.1)),
        (1, Zone(present=0, wanted=0, tolerance=0.1)),
    ],
)
def test_what_the_hpa_hears_or_may_hold_needs_no_help(target: int, zone: Zone) -> None:
    assert not is_short(decided(target), zone)
