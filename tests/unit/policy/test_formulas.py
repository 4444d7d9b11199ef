"""The arithmetic of every recommendation can be done by hand."""

import ast
import operator
from collections.abc import Callable, Mapping, Sequence

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.policy.model import Capacity, Knowledge, Readings
from scaler.policy.spec import Spec, Vote
from tests.builders import knowledge
from tests.unit.policy.situations import fold, lasting, then
from tests.unit.policy.test_properties import CAPACITIES, READINGS, SPECS, at_ticks

OPERATORS: Mapping[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Gt: lambda left, right: float(left > right),
}


def evaluate(formula: str, terms: Mapping[str, float]) -> float:
    """The value of `formula`: names, numbers, four operations, comparison, `min`, `max`."""

    def value(node: ast.AST) -> float:
        match node:
            case ast.Expression(body):
                return value(body)
            case ast.Name(name):
                return terms[name]
            case ast.Constant(int(number)):
                return number
            case ast.BinOp(left, sign, right) | ast.Compare(left, [sign], [right]):
                return OPERATORS[type(sign)](value(left), value(right))
            case ast.Call(ast.Name("min"), arguments):
                return min(map(value, arguments))
            case ast.Call(ast.Name("max"), arguments):
                return max(map(value, arguments))
            case other:
                raise AssertionError(ast.dump(other))

    return value(ast.parse(formula, mode="eval"))


def check(history: Sequence[Readings], *, known: Knowledge, spec: Spec) -> set[str]:
    """Hold each formula against its number; the signals that had one."""
    seen = set()
    for decision in fold(history, known=known, spec=spec)[0]:
        for recommendation in decision.recommendations:
            if recommendation.replicas is not None and recommendation.formula:
                worked = evaluate(recommendation.formula, recommendation.terms)
                assert pytest.approx(recommendation.replicas) == worked
                seen.add(recommendation.signal)
            elif recommendation.replicas:
                raise AssertionError(recommendation)
    return seen


@given(st.lists(READINGS, min_size=1, max_size=12), SPECS, CAPACITIES)
def test_on_whatever_is_read(
    history: list[Readings], spec: Spec, capacity: Capacity | None
) -> None:
    check(at_ticks(history), known=knowledge(capacity=capacity), spec=spec)


RAISING = Spec(latency=Vote.RAISE, utilization=Vote.RAISE, utilization_high_for=60)
LOAD = {"waiting": 200.0, "latency": 9.0, "utilization": 0.9, "cache": 0.85}
EVERY = {"tokens", "queue", "cache", "latency", "utilization"}


@pytest.mark.parametrize(
    ("known", "named"),
    [
        pytest.param(knowledge(), EVERY, id="known"),
        pytest.param(
            knowledge(capacity=Capacity(value=900.0, lower_bound=True)), EVERY, id="from below"
        ),
        pytest.param(knowledge(capacity=None), EVERY - {"tokens"}, id="unknown"),
    ],
)
def test_on_a_busy_fleet_every_signal_names_a_number(known: Knowledge, named: set[str]) -> None:
    history = then(lasting(8), 8, **LOAD)
    assert named == check(history, known=known, spec=RAISING)


def test_asleep_too() -> None:
    nothing = dict.fromkeys(
        ("running", "waiting", "tokens", "requests", "latency", "utilization", "cache")
    )
    asleep = lasting(2, wanted=0, ready=0, reporting=0, activation=3.0, **nothing)
    spec = attrs.evolve(Spec(), activation_threshold=2.0)
    assert {"activation"} == check(asleep, known=knowledge(), spec=spec)
