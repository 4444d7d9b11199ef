"""The same readings under the profiles, as a ScaledObject asks for them."""

import pytest

from scaler.policy.engine import start
from scaler.policy.spec import Spec
from tests.builders import STEP, knowledge
from tests.simulated import asked
from tests.unit.policy.situations import decided, fold, lasting, then

MINUTE = 60 // STEP
CALM = {"tokens": 3000.0}


def realtime(engine: str = "vllm", **metadata: str) -> Spec:
    return asked(engine=engine, **metadata).spec


def rules(engine: str = "vllm") -> Spec:
    return realtime(engine, profile="rules")


def test_rules_is_the_textbook() -> None:
    spec = rules()
    assert (0.7, 300, 0.3, 900, 100.0, 0.5) == (
        spec.utilization_high,
        spec.utilization_high_for,
        spec.utilization_low,
        spec.utilization_low_for,
        spec.queue_limit,
        spec.latency_low,
    )


@pytest.mark.parametrize(
    ("before", "fields", "ticks", "winner"),
    [
        pytest.param({}, {"utilization": 0.75}, 5 * MINUTE + 1, "utilization", id="GPUs over 70 %"),
        pytest.param({}, {"latency": 2.1}, 4, "latency", id="p95 over its objective"),
        pytest.param({"waiting": 100.0}, {"waiting": 101.0}, 1, "queue", id="queue over 100"),
        pytest.param({}, {"tokens": 3900.0}, 1, "tokens", id="tokens near capacity"),
    ],
)
def test_under_rules_each_rule_alone_raises(
    before: dict[str, float], fields: dict[str, float], ticks: int, winner: str
) -> None:
    history = then(lasting(8, **{**CALM, **before}), ticks, **{**CALM, **fields})
    decision = decided(history, spec=rules())
    assert (winner, 5) == (decision.winner, decision.target)
    assert 4 == decided(history[:-1], spec=rules()).target


@pytest.mark.parametrize("fields", [{"utilization": 0.99}, {"latency": 9.0}])
def test_under_realtime_a_busy_gpu_or_a_slow_answer_alone_raises_nothing(
    fields: dict[str, float],
) -> None:
    history = then(lasting(8, **CALM), 20 * MINUTE, **{**CALM, **fields, "utilization": 0.6})
    assert {4} == {decision.target for decision in fold(history, spec=realtime())[0]}


def test_under_rules_scale_in_needs_a_quarter_of_an_hour_of_low_utilization_and_half_the_p95() -> (
    None
):
    low = {"tokens": 300.0, "utilization": 0.2, "latency": 0.9}
    decisions, _ = fold(lasting(16 * MINUTE, **low), spec=rules())
    first = next(i for i, decision in enumerate(decisions) if (decision.target or 0) < 4)
    assert 15 * MINUTE == first
    for broken in ({"utilization": 0.31}, {"latency": 1.1}):
        kept = fold(lasting(30 * MINUTE, **{**low, **broken}), spec=rules())[0]
        assert {4} == {decision.target for decision in kept}


def test_under_realtime_a_gpu_that_is_always_busy_does_not_forbid_scale_in() -> None:
    busy = lasting(6 * MINUTE, tokens=300.0, utilization=0.99, latency=1.1)
    assert (decided(busy, spec=realtime()).target or 0) < 4


def test_on_other_engines_utilization_may_raise() -> None:
    spec = realtime("triton", requestsPerReplica="10")
    history = then(lasting(8, latency=0.1), 6 * MINUTE, latency=0.1, utilization=0.9)
    decision = decided(history, spec=spec, known=knowledge(capacity=10.0))
    assert ("utilization", 5) == (decision.winner, decision.target)


def test_every_profile_starts_and_decides() -> None:
    for profile in ("realtime", "batch", "embedding", "worker", "rules"):
        spec = realtime(profile=profile)
        assert start(spec, 0).marks
        assert decided(lasting(4), spec=spec).target is not None
