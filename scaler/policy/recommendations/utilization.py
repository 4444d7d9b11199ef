"""GPU utilization: a duty cycle that reads the same for 1 request and for 200."""

import attrs

from scaler.policy.model import Recommendation, Signal
from scaler.policy.situation import Evidence, Situation, raise_on
from scaler.policy.spec import Vote

SIGNAL = Signal.UTILIZATION.value


def recommend(situation: Situation) -> Recommendation:
    """A step when high for long, agreement when low for long; no vote where it only confirms."""
    spec = situation.spec
    value = situation.readings.value(Signal.UTILIZATION)
    if spec.utilization is not Vote.RAISE or value is None:
        return Recommendation(signal=SIGNAL)
    not_low = situation.state.marks.get("not_low", situation.at)
    low = situation.at - not_low >= spec.utilization_low_for
    raised = raise_on(Evidence(run=SIGNAL, value=value), situation=situation)
    return attrs.evolve(
        raised, holds=not low, agrees=low, terms={**raised.terms, "utilization": value}
    )
