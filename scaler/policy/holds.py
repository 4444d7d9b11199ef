"""What keeps the target from falling: objections, a window too young, gaps, a fleet not idle."""

import attrs

from scaler.policy.fuse import Fused
from scaler.policy.model import Limit, Signal, State
from scaler.policy.situation import Situation
from scaler.policy.spec import down_window
from scaler.policy.stabilize import ceiling
from scaler.policy.window import TREND, push


def wish(fused: Fused, *, situation: Situation) -> State:
    """The state with this tick's wish in its window. What a hold keeps is no wish, nor is a guess.

    After a stretch without wishes the window says nothing about the past: `attached` marks where
    it begins anew, as it does at first contact with a running fleet.
    """
    state, spec, at = situation.state, situation.spec, situation.at
    if fused.blind:
        return state
    marks = dict(state.marks)
    if fused.complete:
        marks["complete"] = at
    if fused.replicas is None:
        return attrs.evolve(state, marks=marks)
    lead_time = situation.knowledge.lead_time
    keep = max(down_window(spec, lead_time=lead_time), spec.scale_up_window, TREND)
    if at - marks.get("wished", at - spec.stale_after - 1) > spec.stale_after:
        marks["attached"] = at
    marks["wished"] = at
    wishes = push(state.recent.get("wishes", ()), at=at, value=fused.replicas, keep=keep)
    return attrs.evolve(state, marks=marks, recent={**state.recent, "wishes": wishes})


def keep_wanted(value: float, *, fused: Fused, situation: Situation) -> tuple[float, Limit | None]:
    """No less than is wanted while somebody objects or the window is younger than it is long."""
    base, at = situation.supply.base, situation.at
    said = situation.state.target
    if base is not None and said is not None and situation.miscounted:
        # Who counted is silent: the last count may be from before what was said was followed.
        base = min(base, said)
    if base is None or value >= base:
        return value, None
    window = down_window(situation.spec, lead_time=situation.knowledge.lead_time)
    young = at - situation.state.marks.get("attached", at) < window
    holders = [*fused.held_by, *(["attach"] if young else [])]
    if not holders:
        return value, None
    return base, moved("hold", ceiling(value), base, ", ".join(holders))


def keep_alive(
    target: int, *, unneeded: bool, fused: Fused, situation: Situation
) -> tuple[int, Limit | None]:
    """Gaps keep the last target, a fleet that is not idle keeps a replica, an idle one none.

    From any size: KEDA goes to zero in one step, whatever the scaling policies say. So nothing else
    may speak against it: `unneeded` is what windows and holds have come to.
    """
    if fused.gaps:
        kept = _kept(target, situation=situation)
        return kept, moved("gap", target, kept, ", ".join(fused.gaps))
    quiet_for = situation.at - situation.state.marks.get("busy", situation.at)
    may_sleep = unneeded and situation.spec.min_replicas == 0
    if may_sleep and quiet_for >= situation.spec.idle_after and not fused.held_by:
        return 0, moved("idle", target, 0)
    return max(target, 1), moved("not idle", target, max(target, 1))


def _kept(target: int, *, situation: Situation) -> int:
    """What was said last, while signals are gone; who said nothing and finds a fleet keeps that.

    Of a fleet that was told to go, what is still there is kept. If it has gone, that its signals
    went with it is no news.
    """
    supply, said = situation.supply, situation.state.target
    if said != 0:
        return max(target, said or supply.base or 0, 1)
    arrivals = situation.readings.value(Signal.ACTIVATION) or 0.0
    asked_for = arrivals > situation.spec.activation_threshold or situation.readings.working
    if not (supply.ready or asked_for):
        return 0
    return max(target, min(supply.base or 0, supply.ready), 1)


def moved(by: str, before: float, after: float, detail: str = "") -> Limit | None:
    """A limit, if it changed anything."""
    return Limit(by=by, before=before, after=after, detail=detail) if before != after else None
