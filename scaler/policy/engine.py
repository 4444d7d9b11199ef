"""The fold. Both the service and the replay call `decide`, and nothing else decides.

readings ─► remember ─► demand, supply ─► recommendations ─► fuse ─► stabilize ─► serve
"""

from collections.abc import Mapping, Sequence

import attrs

from scaler.policy.bounds import serve
from scaler.policy.counting import asleep, believed, silence
from scaler.policy.demand import demand, supply
from scaler.policy.fuse import Fused, fuse, missing
from scaler.policy.holds import keep_alive, keep_wanted, moved, wish
from scaler.policy.model import (
    Decision,
    Gap,
    Knowledge,
    Limit,
    Readings,
    Reason,
    Recommendation,
    Signal,
    State,
)
from scaler.policy.pace import apart_since, within_policies
from scaler.policy.recommendations import RECOMMENDATIONS, event, forecast
from scaler.policy.remember import evidence_memory, remember, seen
from scaler.policy.situation import Situation
from scaler.policy.spec import Spec, down_window
from scaler.policy.stabilize import ceiling, within_windows
from scaler.policy.window import TREND


def start(spec: Spec, at: int) -> State:
    """The state of somebody who knows nothing at `at`: no rule that waits for quiet has waited."""
    unsure = ("busy", "not_low", "queue_clear", "queued", "attached", "complete")
    return State(at=at, marks=dict.fromkeys(unsure, at - at % spec.step))


def memory(spec: Spec, lead_time: int) -> int:
    """Seconds after which any two states give the same decisions on the same readings.

    A hold for want of data lasts `holdFor` at most. A recommendation looks back on its evidence,
    an episode of it outlives a pause by a lead time, a run a gap by `staleAfter`, and a wish stays
    in a window behind that.
    """
    periods = [p.period for p in (*spec.scale_up_policies, *spec.scale_down_policies)]
    waits = max(
        evidence_memory(spec, lead_time=lead_time) + lead_time,
        silence(spec, lead_time=lead_time),
        spec.utilization_low_for,
        spec.idle_after,
        TREND,
    )
    windows = max(spec.scale_up_window, down_window(spec, lead_time=lead_time), *periods, TREND)
    # What a hold for want of data came to stays in the windows behind it, too.
    longest = max(spec.hold_for, waits)
    return longest + windows + 2 * lead_time + spec.stale_after + 2 * spec.step


def decide(
    *, readings: Readings, knowledge: Knowledge, state: State, spec: Spec
) -> tuple[Decision, State]:
    """Fold one tick: the decision at `readings.at`, and the state after it. Pure and total."""
    readings = believed(readings, state=state, spec=spec)
    lead_time = knowledge.lead_time
    remembered = remember(readings, knowledge=knowledge, state=state, spec=spec)
    fleet = supply(readings, state=remembered, spec=spec, lead_time=lead_time)
    arriving = demand(readings, supply=fleet, knowledge=knowledge, state=remembered, spec=spec)
    situation = Situation(
        readings=readings,
        knowledge=knowledge,
        state=remembered,
        spec=spec,
        supply=fleet,
        demand=arriving,
    )
    if asleep(readings, state=state, spec=spec, lead_time=lead_time):
        return _wake_or_sleep(situation)
    if not _answered(situation) or _is_turning_up(situation):
        return _silent(situation)
    recommendations = tuple(recommend(situation) for recommend in RECOMMENDATIONS)
    return _settle(fuse(recommendations, situation=situation), recommendations, situation)


def _answered(situation: Situation) -> bool:
    """A sample of demand exists that is not older than `holdFor`."""
    answered = situation.state.marks.get("answered")
    return answered is not None and situation.at - answered <= situation.spec.hold_for


def _is_turning_up(situation: Situation) -> bool:
    """Nobody counts replicas, and the first ever seen report one by one: how many is a guess."""
    appeared = situation.state.marks.get("appeared")
    early = appeared is not None and situation.at - appeared < TREND
    return early and situation.state.target is None and not situation.readings.counted


def _silent(situation: Situation) -> tuple[Decision, State]:
    """No demand signal within `holdFor`: nothing true can be said, so nothing is."""
    gone = missing(situation)
    decision = Decision(
        at=situation.at,
        target=None,
        active=True,
        missing=gone,
        note="; ".join(filter(None, (_why_silent(situation), _whose_silence(situation, gone)))),
    )
    state = situation.state if _answered(situation) else _unheld(situation)
    return decision, attrs.evolve(state, target=None)


def _unheld(situation: Situation) -> State:
    """The state of a fleet of which nothing is expected: what is broken later has just begun."""
    marks = {**situation.state.marks, "complete": situation.at}
    return attrs.evolve(situation.state, marks=marks)


def _why_silent(situation: Situation) -> str:
    if _is_turning_up(situation):
        return "the first replicas have just begun to report, and nobody counts them"
    if "answered" not in situation.state.marks:
        return "no demand signal was ever read"
    if _answered(situation):
        return "no signal names a number, and nobody reports how many replicas are wanted"
    return f"no demand signal for {situation.spec.hold_for} s (holdFor)"


def _whose_silence(situation: Situation, gone: Mapping[str, Reason]) -> str:
    """What the source said of the whole workload, where it did, else of each signal."""
    wanted = situation.readings.wanted
    if isinstance(wanted, Gap) and wanted.detail:
        return wanted.detail
    if gone and set(gone.values()) == {Reason.ABSENT}:
        return "the source answers, and has nothing of this workload's: look at its metadata"
    return ", ".join(f"{signal}: {reason}" for signal, reason in gone.items())


def _wake_or_sleep(situation: Situation) -> tuple[Decision, State]:
    """With nothing wanted and nothing running, arrivals, a forecast or an event ask for replicas.

    While who holds the requests cannot be asked, what was answered before stands until `holdFor`.
    """
    if not situation.miscounted:
        situation = attrs.evolve(situation, state=_unheld(situation))
    declared = event.recommend(situation)
    asked = [_arriving(situation), *([declared] if declared.replicas else [])]
    best = max(asked, key=lambda each: each.replicas or 0.0)
    unheard = Signal.ACTIVATION.value in missing(situation) and _woken(situation)
    if unheard and not declared.replicas:
        limit = Limit(by="gap", before=0, after=1, detail=Signal.ACTIVATION.value)
        return _publish(1, "hold", (), (limit,), situation)
    if not best.replicas and forecast.expects(situation):
        asked.append(forecast.recommend(situation))
        return _publish(1, forecast.SIGNAL, asked, (), situation)
    target = ceiling(best.replicas or 0.0)
    return _publish(target, best.signal if target else "asleep", asked, (), situation)


def _arriving(situation: Situation) -> Recommendation:
    """One replica for whoever has arrived; who cannot be asked has no say."""
    signal, threshold = Signal.ACTIVATION.value, situation.spec.activation_threshold
    arrivals = situation.readings.value(Signal.ACTIVATION)
    if arrivals is None:
        return Recommendation(signal=signal, note="nobody says what has arrived")
    return Recommendation(
        signal=signal,
        replicas=1.0 if arrivals > threshold else 0.0,
        formula="activation > threshold",
        terms={"activation": arrivals, "threshold": threshold},
    )


def _woken(situation: Situation) -> bool:
    """It was told to wake, by arrivals seen not longer than `holdFor` ago."""
    heard = situation.state.marks.get(seen(Signal.ACTIVATION))
    fresh = heard is not None and situation.at - heard <= situation.spec.hold_for
    return fresh and bool(situation.state.target)


def _settle(
    fused: Fused, recommendations: tuple[Recommendation, ...], situation: Situation
) -> tuple[Decision, State]:
    """Damp what was fused: windows, objections, policies, gaps and idleness, in this order."""
    situation = attrs.evolve(situation, state=wish(fused, situation=situation))
    windowed, by_window = _windowed(fused, situation=situation)
    if windowed is None:
        return _silent(situation)
    held, by_hold = keep_wanted(windowed, fused=fused, situation=situation)
    target = ceiling(held)
    marks, since = apart_since(target, situation=situation)
    situation = attrs.evolve(situation, state=attrs.evolve(situation.state, marks=marks))
    target, by_policy = within_policies(target, since=since, situation=situation)
    unneeded = ceiling(held) <= 1 and not _expects(situation)
    target, by_life = keep_alive(target, unneeded=unneeded, fused=fused, situation=situation)
    limits = tuple(limit for limit in (by_window, by_hold, by_policy, by_life) if limit)
    return _publish(target, fused.winner, recommendations, limits, situation)


def _expects(situation: Situation) -> bool:
    return forecast.expects(situation) or event.expects(situation)


def _windowed(fused: Fused, *, situation: Situation) -> tuple[float | None, Limit | None]:
    """What is wished for after the windows; what is wanted where nobody wishes."""
    base = situation.supply.base
    if fused.replicas is None:
        remembered = situation.state.target if fused.gaps else None
        if base is None or (remembered is not None and situation.miscounted):
            return remembered, None
        return base, None
    wishes = (*situation.state.recent.get("wishes", ()), (situation.at, fused.replicas))
    value = within_windows(fused.replicas, wishes=wishes, situation=situation)
    limit = moved("stabilization window", ceiling(fused.replicas), ceiling(value))
    return value, limit


def _publish(
    target: int,
    winner: str,
    recommendations: Sequence[Recommendation],
    limits: tuple[Limit, ...],
    situation: Situation,
) -> tuple[Decision, State]:
    served, bounded = serve(target, supply=situation.supply, spec=situation.spec)
    unknown = f"mode {situation.spec.mode}, and how many replicas are wanted is not known"
    decision = Decision(
        at=situation.at,
        target=served,
        active=served is None or served >= 1,
        recommendations=tuple(recommendations),
        winner=winner,
        limits=(*limits, *bounded),
        missing=missing(situation),
        note=unknown if served is None else "",
    )
    return decision, attrs.evolve(situation.state, target=target)
