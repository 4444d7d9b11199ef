import pytest

from scaler.simulation.keda import ActivationSpec, ActivationState, poll

NEW = ActivationState(created=0.0)


def active_at(at: float) -> ActivationState:
    return ActivationState(created=0.0, last_active=at)


def test_active_poll_starts_one_replica_and_leaves_a_running_fleet_alone() -> None:
    assert poll(True, replicas=0, at=50, spec=ActivationSpec(), state=NEW) == (1, active_at(50))
    assert poll(True, replicas=7, at=50, spec=ActivationSpec(), state=NEW) == (7, active_at(50))


def test_fleet_goes_to_zero_from_any_size_once_the_cooldown_is_over() -> None:
    spec = ActivationSpec(cooldown=300)
    assert poll(False, replicas=12, at=350, spec=spec, state=active_at(50))[0] == 12
    assert poll(False, replicas=12, at=351, spec=spec, state=active_at(50))[0] == 0


def test_fleet_that_was_never_active_has_no_cooldown() -> None:
    replicas, state = poll(False, replicas=10, at=2, spec=ActivationSpec(), state=NEW)
    assert (replicas, state) == (0, NEW)


def test_initial_cooldown_protects_a_fleet_that_was_never_active() -> None:
    spec = ActivationSpec(initial_cooldown=600)
    assert poll(False, replicas=10, at=600, spec=spec, state=NEW)[0] == 10
    assert poll(False, replicas=10, at=601, spec=spec, state=NEW)[0] == 0


@pytest.mark.parametrize("replicas", [0, 3])
def test_failed_poll_changes_nothing(replicas: int) -> None:
    spec, state = ActivationSpec(), active_at(10)
    assert poll(None, replicas=replicas, at=9_999, spec=spec, state=state) == (replicas, state)


@pytest.mark.parametrize(("replicas", "expected"), [(0, 2), (1, 2), (2, 2), (9, 9)])
def test_minimum_above_zero_is_kept_while_inactive(replicas: int, expected: int) -> None:
    spec = ActivationSpec(min_replicas=2)
    assert poll(False, replicas=replicas, at=9_999, spec=spec, state=NEW)[0] == expected


@pytest.mark.parametrize(("minimum", "expected"), [(0, 1), (1, 1), (3, 3)])
def test_hpa_never_has_a_minimum_of_zero(minimum: int, expected: int) -> None:
    spec = ActivationSpec(min_replicas=minimum)
    assert spec.hpa_min_replicas == expected
    assert poll(True, replicas=0, at=1, spec=spec, state=NEW)[0] == expected
