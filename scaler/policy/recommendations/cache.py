"""The KV cache: a level while it has room, and no more than that once it is full."""

from scaler.policy.model import Recommendation, Signal
from scaler.policy.situation import Situation

SIGNAL = Signal.CACHE.value


def recommend(situation: Situation) -> Recommendation:
    """Weigh what is ready by use / target, which saturates: a tenth more at the most."""
    use = situation.readings.value(Signal.CACHE)
    if use is None or not situation.supply.ready:
        return Recommendation(signal=SIGNAL)
    target = situation.spec.cache_target
    return Recommendation(
        signal=SIGNAL,
        replicas=situation.supply.ready * min(use, 1.0) / target,
        formula="ready * cache / cache_target",
        terms={"ready": situation.supply.ready, "cache": use, "cache_target": target},
    )
