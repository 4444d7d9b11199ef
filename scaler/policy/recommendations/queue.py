"""The backlog that will be there when help arrives, and how fast it must go."""

import attrs

from scaler.policy.counting import lost
from scaler.policy.model import Recommendation
from scaler.policy.remember import SUSTAINED_TICKS
from scaler.policy.situation import Evidence, Situation, raise_on

SIGNAL = "queue"

EXPECTED = "waiting + (demand - capacity * (ready + pending / 2)) * lead_time / per_request"
BACKLOG = f"min(max({EXPECTED}, least), most)"

MOST_BACKLOG = 1e9
"""Requests; no bound, but a number that a reader can put into the formula."""


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
    asked = _drain(situation, waiting=waiting, capacity=capacity, per_request=per_request)
    # A queue must not let go of replicas by being longer: an estimate of capacity orders, and a
    # queue over its limit calls for replicas whatever the capacity is thought to be.
    firm = situation.capacity is not None and not situation.capacity.lower_bound
    return attrs.evolve(asked, holds=not firm or waiting > situation.spec.queue_limit)


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
    """What arrives, and in `drain_within` the backlog that will be there when help arrives.

    Replicas that are already pending come up during the lead time, half of it on average, and work
    off their share: what is ordered is never ordered twice. Over the queue's limit, with no help on
    its way and the queue not falling, what waits now counts in full: capacity may be less than
    thought. While replicas are stuck, more would be stuck too: the backlog keeps what is wanted.
    """
    supply, spec = situation.supply, situation.spec
    rate = situation.demand.rate or 0.0
    unhelped = not supply.pending and not situation.demand.falling
    spare = max(0.0, capacity * (supply.base or 0) - rate)
    ready, pending = _serving(situation, capacity=capacity)
    lead_time = _until_help(situation)
    terms = {
        "demand": rate,
        "capacity": capacity,
        "per_request": per_request,
        "waiting": waiting,
        "ready": ready,
        "pending": pending,
        "lead_time": lead_time,
        "least": waiting if unhelped and waiting > spec.queue_limit else 0.0,
        "most": spare * spec.drain_within / per_request if supply.stuck else MOST_BACKLOG,
        "drain_within": spec.drain_within,
    }
    drained = capacity * (ready + pending / 2)
    expected = waiting + (rate - drained) * lead_time / per_request
    backlog = min(max(expected, terms["least"]), terms["most"])
    return Recommendation(
        signal=SIGNAL,
        replicas=(rate + backlog * per_request / spec.drain_within) / capacity,
        formula=f"(demand + {BACKLOG} * per_request / drain_within) / capacity",
        terms=terms,
    )


def _serving(situation: Situation, *, capacity: float) -> tuple[float, float]:
    """How many are ready and pending; where nobody says, as many are ready as what is served needs.

    Else a fleet that works would count as pending, which works off half as much.
    """
    supply = situation.supply
    if supply.told:
        return supply.ready, supply.pending
    ready = situation.demand.throughput / capacity
    return ready, max(0.0, supply.pending - ready)


def _until_help(situation: Situation) -> int:
    """Seconds until what is ordered now serves; where nobody counts, until what was ordered first.

    What is ordered shows only once it reports there, and each tick would order the queue's growth
    of a whole lead time anew. The first order is as old as the queue, and no older than the last
    count. It is dated by readings: dated by answers, more demand could order less.
    """
    at, lead_time = situation.at, situation.knowledge.lead_time
    if situation.readings.counted:
        return lead_time
    last = lost(situation.readings, state=situation.state, spec=situation.spec)
    began = max(situation.state.marks.get("queue_clear", at), last[0] if last else 0)
    return max(0, lead_time - (at - began))


def _step(situation: Situation, *, waiting: float) -> Recommendation:
    if situation.demand.falling:
        return Recommendation(signal=SIGNAL, holds=True, note="the queue is falling")
    evidence = Evidence(run=SIGNAL, value=waiting, proof=True)
    return attrs.evolve(raise_on(evidence, situation=situation), holds=True)
