"""The whole decision: asleep, silent, idle, and what it says about itself."""

import attrs
import pytest

from scaler.policy.engine import memory
from scaler.policy.model import Gap, Reason
from scaler.policy.spec import ScalingPolicy, Spec
from tests.builders import LEAD_TIME, STEP
from tests.unit.policy.situations import decided, fold, lasting, of, then

GAP = Gap(reason=Reason.STALE)
SIGNALS = ("running", "waiting", "tokens", "requests", "latency", "utilization", "cache")
GONE = dict.fromkeys(SIGNALS, GAP)
ABSENT = dict.fromkeys(SIGNALS)
ASLEEP = {**ABSENT, "wanted": 0, "ready": 0, "reporting": 0}


@pytest.mark.parametrize(
    ("arrivals", "expected"),
    [(None, (0, False)), (0.0, (0, False)), (2.0, (0, False)), (2.1, (1, True)), (90.0, (1, True))],
)
def test_asleep_only_arrivals_above_the_threshold_wake(
    arrivals: float | None, expected: tuple[int, bool]
) -> None:
    spec = Spec(activation_threshold=2.0)
    decision = decided(lasting(40, **{**ASLEEP, "activation": arrivals}), spec=spec)
    assert expected == (decision.target, decision.active)


def test_asleep_is_never_an_outage() -> None:
    decisions, _ = fold(lasting(4 * 3600 // STEP, **ASLEEP))
    assert {0} == {decision.target for decision in decisions}


def test_a_first_replica_that_loads_is_waited_for() -> None:
    waking = lasting(4, **{**ASLEEP, "activation": 3.0})
    loading = then(waking, 60, **{**ABSENT, "wanted": 1, "ready": 0, "reporting": 0})
    assert {1} == {decision.target for decision in fold(loading)[0]}


def test_all_signals_gone_hold_until_hold_for_and_then_nothing_is_said() -> None:
    spec = Spec(hold_for=300)
    decisions, _ = fold(then(lasting(40, tokens=3000.0), 40, **GONE), spec=spec)
    assert {4} == {decision.target for decision in decisions[:60]}
    assert {None} == {decision.target for decision in decisions[61:]}
    assert "300 s (holdFor)" in decisions[-1].note
    assert "tokens: stale" in decisions[-1].note


def test_silence_is_active_so_that_nothing_is_put_to_sleep() -> None:
    assert decided(lasting(1, **ABSENT)).active


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        (
            ABSENT,
            "no demand signal was ever read; "
            "the source answers, and has nothing of this workload's: look at its metadata",
        ),
        (
            {**ABSENT, "running": 1.0, "wanted": None, "ready": None, "reporting": None},
            "no signal names a number, and nobody reports how many replicas are wanted",
        ),
    ],
)
def test_a_decision_without_a_number_says_why(fields: dict[str, None], note: str) -> None:
    decision = decided(lasting(1, **fields))
    assert (None, True) == (decision.target, note in decision.note)


def test_a_decision_names_its_winner_its_limits_and_its_terms() -> None:
    decision = decided(lasting(40, tokens=2000.0, waiting=0.0))
    tokens = of(decision, "tokens")
    assert ("tokens", 3, 2.75) == (decision.winner, decision.target, tokens.replicas)
    assert 2000.0 == tokens.terms["throughput"]
    ten = {"wanted": 10, "ready": 10, "reporting": 10}
    limit = decided(lasting(21, tokens=200.0, **ten)).limits[-1]
    assert ("scaleDownPolicies", 3, 9) == (limit.by, limit.before, limit.after)


def test_a_signal_that_is_missing_is_named_even_where_it_decides_nothing() -> None:
    assert {"utilization": Reason.ABSENT} == decided(lasting(4, utilization=None)).missing


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param(Spec(), 2850, id="default"),
        pytest.param(Spec(hold_for=2 * 3600), 7200 + 300 + 600 + 120 + 30, id="a long hold"),
        pytest.param(Spec(scale_down_window=1800), 4350, id="a long window"),
        pytest.param(
            Spec(scale_up_policies=(ScalingPolicy(amount=1, period=3600),)),
            6150,
            id="a long period",
        ),
    ],
)
def test_memory_covers_what_the_spec_looks_back_on(spec: Spec, expected: int) -> None:
    assert expected == memory(spec, LEAD_TIME)


def test_a_decision_depends_on_nothing_but_its_arguments() -> None:
    history = then(lasting(20), 20, waiting=200.0)
    assert fold(history) == fold([attrs.evolve(one) for one in history])
