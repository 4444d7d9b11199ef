"""The latency quantile against its objective: evidence, never a proportion."""

import attrs

from scaler.policy.model import Recommendation, Signal
from scaler.policy.situation import Evidence, Situation, raise_on
from scaler.policy.spec import Vote

SIGNAL = Signal.LATENCY.value


def recommend(situation: Situation) -> Recommendation:
    """A step over the objective, a hold near it, agreement well below it."""
    spec = situation.spec
    value = situation.readings.value(Signal.LATENCY)
    if spec.latency is Vote.OFF or value is None:
        return Recommendation(signal=SIGNAL)
    raised = raise_on(Evidence(run=SIGNAL, value=value), situation=situation)
    return attrs.evolve(
        raised,
        holds=value > spec.latency_hold * spec.objective,
        agrees=value < spec.latency_low * spec.objective,
        terms={**raised.terms, "latency": value, "objective": spec.objective},
    )
