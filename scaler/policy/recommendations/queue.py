"""The backlog that will be there when help arrives, and how fast it must go."""

import attrs

from scaler.policy.model import Recommendation
from scaler.policy.remember import SUSTAINED_TICKS
from scaler.policy.situation import Evidence, Situation, raise_on

SIGNAL = "queue"


def recommend(situation: Situation) -> Recommendation:
    """Divide demand and the backlog, spread over `drainWithin`, by capacity.

    Without a known capacity, a queue that lasts shows it: replicas that leave a request waiting
    each are at their boundary. Without throughput either, a queue over its limit is evidence for
    one step.
    """
    waiting = situation.demand.waiting
    if waiting is None:
        return Recommendation(signal=SIGNAL)
    if waiting == 0:
        return Recommendation(signal=SIGNAL, replicas=_served(situation), agrees=True)
    capacity = _capacity(situation, waiting=waiting)
    per_request = situation.demand.per_request
    if capacity is None or per_request is None:
        return _step(situation, waiting=waiting)
    return _drain(situation, waiting=waiting, capacity=capacity, per_request=per_request)


def _served(situation: Situation) -> float | None:
    """With nothing waiting and no other measure of work, the queue alone says how many: none."""
    capacity, rate = situation.capacity, situation.demand.rate
    return 0.0 if rate is None and capacity is not None else None


def _capacity(situation: Situation, *, waiting: float) -> float | None:
    known = situation.capacity
    if known is not None and not known.lower_bound:
        return known.value
    clear = situation.state.marks.get("queue_clear", situation.at)
    throughput, steady = situation.demand.throughput, situation.supply.steady
    lasting = situation.at - clear >= SUSTAINED_TICKS * situation.spec.step
    at_boundary = waiting > situation.spec.queue_limit or (lasting and waiting >= steady)
    if not at_boundary or not throughput or not steady:
        return None
    return max(throughput / steady, known.value if known else 0.0)


def _drain(
    situation: Situation, *, waiting: float, capacity: float, per_request: float
) -> Recommendation:
    rate = situation.demand.rate or 0.0
    backlog = _backlog(situation, waiting=waiting, capacity=capacity, per_request=per_request)
    drain_within = situation.spec.drain_within
    return Recommendation(
        signal=SIGNAL,
        replicas=(rate + backlog * per_request / drain_within) / capacity,
        formula="(demand + backlog * per_request / drain_within) / capacity",
        terms={
            "demand": rate,
            "waiting": waiting,
            "backlog": backlog,
            "per_request": per_request,
            "drain_within": drain_within,
            "capacity": capacity,
        },
    )


def _backlog(situation: Situation, *, waiting: float, capacity: float, per_request: float) -> float:
    """Requests expected to wait once what is ordered now is ready.

    Replicas that are already pending come up during that time, half of it on average, and work off
    their share: what is ordered is never ordered twice. Over the queue's limit, with no help on its
    way and the queue not falling, what waits now counts in full: capacity may be less than thought.
    While replicas are stuck, more of them would be stuck too: the backlog keeps what is wanted.
    """
    supply, lead_time = situation.supply, situation.knowledge.lead_time
    rate = situation.demand.rate or 0.0
    drained = capacity * (supply.ready + supply.pending / 2)
    expected = waiting + (rate - drained) * lead_time / per_request
    unhelped = not supply.pending and not situation.demand.falling
    counts = unhelped and waiting > situation.spec.queue_limit
    backlog = max(waiting if counts else 0.0, expected)
    if not supply.stuck:
        return backlog
    spare = capacity * (supply.base or 0) - rate
    return min(backlog, max(0.0, spare) * situation.spec.drain_within / per_request)


def _step(situation: Situation, *, waiting: float) -> Recommendation:
    if situation.demand.falling:
        return Recommendation(signal=SIGNAL, holds=True, note="the queue is falling")
    evidence = Evidence(run=SIGNAL, value=waiting, proof=True)
    return attrs.evolve(raise_on(evidence, situation=situation), holds=True)
