"""Tokens (or requests) per second against what a replica can do."""

from collections.abc import Mapping

import attrs

from scaler.policy.model import Capacity, Recommendation, Signal
from scaler.policy.situation import Situation, step_up
from scaler.policy.spec import Vote

BAND = 0.1
"""Between the need and a tenth more, what is wanted stays: demand is no steadier than that."""

WIDEST = 1.0
"""Replicas that the band holds at most: a tenth of a hundred is a lot of money."""

FORMULA = "(throughput + (queue_growth + rejected) * per_request) / (headroom * capacity)"


def recommend(situation: Situation) -> Recommendation:
    """Divide demand by the share of capacity to plan for.

    While the fleet has never been at its boundary, its capacity is only known from below: then
    demand may keep replicas and order none. With no capacity at all it keeps what is wanted, unless
    utilization has a vote on that. Refused requests forbid scale-in.
    """
    floor = _in_hand(situation)
    asked = _by_capacity(situation)
    if floor is None or floor.replicas is None or (asked.replicas or 0.0) >= floor.replicas:
        return asked
    return attrs.evolve(floor, holds=asked.holds)


def _in_hand(situation: Situation) -> Recommendation | None:
    """What is being worked on while none of it is seen to get done: a replica for each request.

    An engine that has stalled shows no throughput, and one that does not say its tokens never does.
    Neither is at rest.
    """
    running, base = situation.readings.value(Signal.RUNNING), situation.supply.base
    if not running or base is None or situation.demand.throughput:
        return None
    waiting = situation.demand.waiting or 0.0
    return Recommendation(
        signal=situation.spec.unit.value,
        replicas=min(float(base), running + waiting),
        formula="min(wanted, running + waiting)",
        terms={"wanted": base, "running": running, "waiting": waiting},
        note="requests are in hand, and nothing is seen to get done",
    )


def _by_capacity(situation: Situation) -> Recommendation:
    signal = situation.spec.unit.value
    demand, capacity = situation.demand, situation.capacity
    if demand.rate is None:
        return Recommendation(signal=signal, holds=demand.refusing)
    if capacity is None:
        unknown = demand.rate > 0 and situation.spec.utilization is not Vote.RAISE
        return Recommendation(
            signal=signal,
            holds=demand.refusing or unknown,
            terms=demand.terms(),
            note="capacity is not known yet",
        )
    need = demand.rate / (situation.spec.headroom * capacity.value)
    if capacity.lower_bound and situation.supply.base is not None:
        return _from_below(need, capacity=capacity, base=situation.supply.base, situation=situation)
    band = _band(need, base=situation.supply.base)
    return Recommendation(
        signal=signal,
        replicas=need + band,
        holds=demand.refusing,
        formula=f"{FORMULA} + band",
        terms={**_terms(situation, capacity=capacity), "band": band},
    )


def _band(need: float, *, base: int | None) -> float:
    """What is added to the need, so that noise around a whole number does not turn it round."""
    return 0.0 if base is None else max(0.0, min(base - need, BAND * need, WIDEST))


def _from_below(
    need: float, *, capacity: Capacity, base: int, situation: Situation
) -> Recommendation:
    """Keep what is wanted, or a step less where nothing has spoken against that for long.

    Without that step, a fleet that was too large from the first day would never learn it.
    """
    kept = base - step_up(base) if _is_calm(situation) else base
    return Recommendation(
        signal=situation.spec.unit.value,
        replicas=min(need, kept),
        holds=situation.demand.refusing,
        formula=f"min({FORMULA}, kept)",
        terms={**_terms(situation, capacity=capacity), "kept": kept},
        note="capacity is a lower bound: it keeps replicas and orders none",
    )


def _is_calm(situation: Situation) -> bool:
    """No request has waited for as long as utilization must be low, and latency is well inside."""
    spec, latency = situation.spec, situation.readings.value(Signal.LATENCY)
    queued = situation.state.marks.get("queued", situation.at)
    slow = latency is not None and latency >= spec.latency_low * spec.objective
    return situation.at - queued >= spec.utilization_low_for and not slow


def _terms(situation: Situation, *, capacity: Capacity) -> Mapping[str, float]:
    return {
        **situation.demand.terms(),
        "headroom": situation.spec.headroom,
        "capacity": capacity.value,
    }
