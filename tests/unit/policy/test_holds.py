"""What keeps the target from falling, tick by tick."""

import pytest

from scaler.policy.model import Gap, Reason
from scaler.policy.spec import Spec
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
