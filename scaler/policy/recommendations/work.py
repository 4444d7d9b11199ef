"""Tokens (or requests) per second against what a replica can do."""

from scaler.policy.model import Recommendation
from scaler.policy.situation import Situation
from scaler.policy.spec import Vote


def recommend(situation: Situation) -> Recommendation:
    """Divide demand by the share of capacity to plan for.

    While the fleet has never been at its boundary, its capacity is only known from below: then
    demand may keep replicas and order none. With no capacity at all it keeps what is wanted, unless
    utilization has a vote on that. Refused requests forbid scale-in.
    """
    signal = situation.spec.unit.value
    demand, capacity = situation.demand, situation.capacity
    refused = demand.refusing
    if demand.rate is None:
        return Recommendation(signal=signal, holds=refused)
    if capacity is None:
        unknown = demand.rate > 0 and situation.spec.utilization is not Vote.RAISE
        return Recommendation(
            signal=signal,
            holds=refused or unknown,
            terms=demand.terms(),
            note="capacity is not known yet",
        )
    replicas = demand.rate / (situation.spec.headroom * capacity.value)
    note = ""
    if capacity.lower_bound:
        base = situation.supply.base
        replicas = replicas if base is None else min(replicas, base)
        note = "capacity is a lower bound: it keeps replicas and orders none"
    return Recommendation(
        signal=signal,
        replicas=replicas,
        holds=refused,
        formula="(throughput + (queue_growth + rejected) * per_request) / (headroom * capacity)",
        terms={
            **demand.terms(),
            "headroom": situation.spec.headroom,
            "capacity": capacity.value,
        },
        note=note,
    )
