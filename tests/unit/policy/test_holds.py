"""What keeps the target from falling, tick by tick."""

import attrs
import pytest

from scaler.policy.model import Gap, Reason
from scaler.policy.spec import Mode, Spec
from tests.builders import STEP
from tests.unit.policy.situations import decided, fold, lasting, then

GAP = Gap(reason=Reason.STALE)
WINDOW = 300 // STEP
GONE = dict.fromkeys(("running", "waiting", "tokens", "requests", "latency", "cache"), GAP)
LITTLE = {"tokens": 100.0, "running": 1.0}


def test_at_first_contact_nothing_is_taken_for_a_scale_in_window() -> None:
    decisions, _ = fold(lasting(WINDOW + 1, wanted=10, ready=10, reporting=10, **LITTLE))
    assert {10} == {decision.target for decision in decisions[:WINDOW]}
    assert "attach" in decisions[0].limits[-1].detail
    assert 9 == decisions[WINDOW].target


def test_after_a_stretch_without_wishes_the_window_begins_anew() -> None:
    spec = Spec(hold_for=60)
    ten = {"wanted": 10, "ready": 10, "reporting": 10}
    silent = then(lasting(2 * WINDOW, tokens=8000.0, **ten), 20, **{**ten, **GONE})
    history = then(silent, WINDOW + 1, **{**ten, **LITTLE})
    decisions, _ = fold(history, spec=spec)
    assert 10 == decisions[-2].target
    assert 9 == decisions[-1].target


@pytest.mark.parametrize("signal", ["tokens", "waiting", "cache", "latency"])
def test_a_gap_keeps_the_last_target_and_says_whose_it_is(signal: str) -> None:
    history = then(lasting(3 * WINDOW, **LITTLE), 10, **{**LITTLE, signal: GAP})
    decisions, _ = fold(history)
    before, after = decisions[-11].target, decisions[-1].target
    assert before is not None
    assert after is not None
    assert after >= before
    assert Reason.STALE == decisions[-1].missing[signal]


def test_a_fleet_that_is_not_idle_keeps_a_replica() -> None:
    assert 1 == decided(lasting(4 * WINDOW, wanted=1, ready=1, reporting=1, tokens=0.0)).target


def test_a_fleet_idle_for_idle_after_keeps_none() -> None:
    nothing = {"running": 0.0, "waiting": 0.0, "tokens": 0.0, "requests": 0.0}
    decisions, _ = fold(lasting(WINDOW + 2, wanted=3, ready=3, reporting=3, **nothing))
    assert {3} == {decision.target for decision in decisions[:WINDOW]}
    assert [0, 0] == [decision.target for decision in decisions[-2:]]
    assert [False, False] == [decision.active for decision in decisions[-2:]]


@pytest.mark.parametrize(
    "sign", [{"running": 1.0}, {"waiting": 1.0}, {"requests": 0.1}, {"rejected": 0.1}]
)
def test_any_sign_of_work_keeps_it_awake(sign: dict[str, float]) -> None:
    nothing = {"running": 0.0, "waiting": 0.0, "tokens": 0.0, "requests": 0.0, "rejected": 0.0}
    quiet = lasting(WINDOW - 2, wanted=1, ready=1, reporting=1, **nothing)
    stirred = then(quiet, 1, wanted=1, ready=1, reporting=1, **{**nothing, **sign})
    later = then(stirred, WINDOW - 2, wanted=1, ready=1, reporting=1, **nothing)
    assert 1 == decided(later).target


NOTHING = {"running": 0.0, "waiting": 0.0, "tokens": 0.0, "requests": 0.0, "cache": 0.0}
TEN = {"wanted": 10, "ready": 10, "reporting": 10}
TWENTY = {"wanted": 20, "ready": 20, "reporting": 20}


def test_idleness_does_not_cut_a_longer_stabilization_window_short() -> None:
    spec = Spec(scale_down_window=3600)
    busy = lasting(4 * WINDOW, tokens=15_000.0, **TWENTY)
    decisions, _ = fold(then(busy, 2 * WINDOW, **NOTHING, **TWENTY), spec=spec)
    assert 20 == decisions[-1].target


def test_idleness_goes_by_the_policies_where_it_cannot_go_to_zero() -> None:
    spec = Spec(min_replicas=2)
    decisions, _ = fold(lasting(3 * WINDOW, **NOTHING, **TWENTY), spec=spec)
    assert 2 < (decisions[-1].target or 0) <= 20


def test_a_queue_that_is_empty_says_nothing_of_what_an_engine_has_in_hand() -> None:
    history = lasting(4 * WINDOW, **{**NOTHING, "running": None}, **TWENTY)
    decisions, _ = fold(history)
    assert decisions[-1].active


@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.UP_ONLY])
def test_a_mode_that_must_not_lower_says_nothing_of_a_fleet_of_unknown_size(mode: Mode) -> None:
    unknown = {"wanted": None, "ready": None, "reporting": None}
    decisions, _ = fold(lasting(4, **unknown), spec=Spec(mode=mode))
    assert decisions[-1].target is None
    assert mode.value in decisions[-1].note


def test_pods_that_fall_silent_lower_nothing_within_the_window_where_nobody_else_counts() -> None:
    busy = [attrs.evolve(r, counted=False) for r in lasting(4 * WINDOW, tokens=8000.0, **TEN)]
    half = {"wanted": 5, "ready": 5, "reporting": 5, "tokens": 4000.0}
    silent = [attrs.evolve(r, counted=False) for r in then(busy, 10, **half)[-10:]]
    decisions, _ = fold([*busy, *silent])
    assert {10} == {decision.target for decision in decisions[-10:]}
