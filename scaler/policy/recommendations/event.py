"""What was declared for the time until a replica that is ordered now serves: it only raises."""

from collections.abc import Iterator, Mapping

import attrs

from scaler.policy.model import Belief, Knowledge, Recommendation
from scaler.policy.occasion import Occasion
from scaler.policy.recommendations import forecast
from scaler.policy.situation import Situation

SIGNAL = "event"

MARGIN = 60
"""Seconds on top of the lead time: KEDA asks every 30 s unless told otherwise, the HPA every 15."""

DECLARED = "declared_replicas"
MINIMUM = "minimum / (headroom * capacity)"
TIMES = "demand * times / (headroom * capacity)"


@attrs.frozen(kw_only=True)
class _Ask:
    """One way in which what is declared asks for replicas."""

    formula: str
    terms: Mapping[str, float]
    replicas: float


def recommend(situation: Situation) -> Recommendation:
    """Ask for the most that any event declares until a replica that is ordered now serves.

    A multiplier is the forecast's business, which knows what would be usual then. Where it has no
    say, present demand is multiplied, until the event begins and demand itself says.
    """
    counting = strengths(situation.knowledge, at=situation.at)
    if not counting:
        return Recommendation(signal=SIGNAL)
    asks = list(_asks(counting, situation=situation))
    names = ", ".join(dict.fromkeys(occasion.name for occasion, _ in counting))
    note = f"declared: {names}{_unsaid(counting, asks, situation=situation)}"
    if not asks:
        return Recommendation(signal=SIGNAL, note=note)
    formulas = [ask.formula for ask in asks]
    asked = Recommendation(
        signal=SIGNAL,
        replicas=max(ask.replicas for ask in asks),
        formula=formulas[0] if len(formulas) == 1 else f"max({', '.join(formulas)})",
        terms={name: value for ask in asks for name, value in ask.terms.items()},
        note=note,
    )
    return forecast.only_raises(asked, situation=situation)


def expects(situation: Situation) -> bool:
    """Whether something that is declared asks for a replica."""
    return bool(situation.knowledge.declared and recommend(situation).replicas)


def strengths(knowledge: Knowledge, *, at: int) -> tuple[tuple[Occasion, float], ...]:
    """What was declared that counts at `at`, and how far: 1, or less on its ramps."""
    last = at + knowledge.lead_time + MARGIN
    counting = ((occasion, occasion.strength(at, last)) for occasion in knowledge.declared)
    return tuple((occasion, strength) for occasion, strength in counting if strength > 0)


def _asks(counting: tuple[tuple[Occasion, float], ...], *, situation: Situation) -> Iterator[_Ask]:
    replicas = max(strength * occasion.replicas for occasion, strength in counting)
    if replicas:
        yield _Ask(formula=DECLARED, terms={DECLARED: replicas}, replicas=replicas)
    minimum = max(strength * occasion.minimum for occasion, strength in counting)
    capacity = forecast.work_of_a_replica(situation)
    if capacity is None:
        if minimum:
            yield _Ask(formula="1", terms={}, replicas=1.0)
        return
    planned = {"headroom": situation.spec.headroom, "capacity": capacity}
    unit = situation.spec.headroom * capacity
    if minimum:
        terms = {"minimum": minimum, **planned}
        yield _Ask(formula=MINIMUM, terms=terms, replicas=minimum / unit)
    times, demand = _times(counting, situation=situation), situation.demand.rate
    if times > 1.0 and demand:
        terms = {"demand": demand, "times": times, **planned}
        yield _Ask(formula=TIMES, terms=terms, replicas=demand * times / unit)


def _times(counting: tuple[tuple[Occasion, float], ...], *, situation: Situation) -> float:
    """Times present demand, which has some of what is declared in it already."""
    if _is_forecast(situation):
        return 1.0
    ahead = max(_factor(occasion, strength) for occasion, strength in counting)
    at = situation.at
    now = max(_factor(occasion, occasion.strength(at, at)) for occasion, _ in counting)
    return ahead / now


def _factor(occasion: Occasion, strength: float) -> float:
    return max(1.0, 1.0 + (occasion.multiplier - 1.0) * strength)


def _is_forecast(situation: Situation) -> bool:
    told = situation.knowledge.forecast
    believed = told is not None and told.belief in {Belief.SKILL, Belief.NO_SKILL}
    return believed and forecast.recommend(situation).replicas is not None


def _unsaid(
    counting: tuple[tuple[Occasion, float], ...], asks: list[_Ask], *, situation: Situation
) -> str:
    """Why what is declared asks for nothing, or for less than it says."""
    work = any(occasion.minimum or occasion.multiplier > 1.0 for occasion, _ in counting)
    if work and forecast.work_of_a_replica(situation) is None:
        return "; capacity is not known yet, so that work orders one replica at most"
    return "" if asks else "; nothing on top of what is forecast or measured"
