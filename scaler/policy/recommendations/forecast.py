"""The highest demand ahead, before it arrives: a forecast raises, and never lowers."""

from collections.abc import Iterator, Mapping
from math import isfinite

import attrs

from scaler.policy.model import Belief, Foreseen, Recommendation
from scaler.policy.situation import Situation

SIGNAL = "forecast"

FORMULA = "min(bound, (1 + max_extra) * usual) / capacity"

CALIBRATED = "demand * min(calibrated, 1 + max_extra) / capacity"

EXPECTED = 0.1
"""Share of a replica that the likely demand must fill to wake a fleet, or to keep it awake."""

_SILENT: Mapping[Belief, str] = {
    Belief.COLD: "too little history to judge a forecast by",
    Belief.NO_DATA: "nothing was measured in the last day",
    Belief.AWAITED: "not back yet: nothing is lowered until it is",
}


def recommend(situation: Situation) -> Recommendation:
    """Divide the bound of what is ahead by capacity; the quantile is all the headroom there is.

    A forecast that is only observed says in its note what it would have asked for.
    """
    forecast = situation.knowledge.forecast
    if forecast is None:
        return Recommendation(signal=SIGNAL)
    asked = _asked(forecast, situation=situation)
    if forecast.used:
        return asked
    would = "" if asked.replicas is None else f"would ask for {asked.replicas:.4g}; "
    note = f"observed, not used: {would}{asked.note}"
    return attrs.evolve(asked, replicas=None, holds=False, formula="", note=note)


def expects(situation: Situation) -> bool:
    """Whether a forecast that has proved itself says that work will probably come."""
    forecast, capacity = situation.knowledge.forecast, situation.capacity
    if forecast is None or not forecast.used or forecast.belief is not Belief.SKILL:
        return False
    likely = _number(forecast.likely)
    return likely is not None and likely > (EXPECTED * capacity.value if capacity else 0.0)


def only_raises(asked: Recommendation, *, situation: Situation) -> Recommendation:
    """Where demand is not measured, what is only foreseen must be no reason for fewer replicas."""
    base = situation.supply.base
    below = asked.replicas is not None and (base is None or asked.replicas < base)
    if situation.demand.rate is None and below:
        return attrs.evolve(asked, replicas=None, formula="", note=f"{asked.note}; no more is due")
    return asked


def work_of_a_replica(situation: Situation) -> float | None:
    """Work per second of a replica; one that is only known from below orders nothing."""
    capacity = situation.capacity
    return None if capacity is None or capacity.lower_bound else capacity.value


def _asked(forecast: Foreseen, *, situation: Situation) -> Recommendation:
    if forecast.belief in _SILENT:
        holds = forecast.belief is Belief.AWAITED
        return Recommendation(signal=SIGNAL, holds=holds, note=_SILENT[forecast.belief])
    ahead = forecast.belief in {Belief.SKILL, Belief.NO_SKILL}
    asked = (_ahead if ahead else _from_present)(forecast, situation=situation)
    return only_raises(asked, situation=situation)


def _ahead(forecast: Foreseen, *, situation: Situation) -> Recommendation:
    bound, usual = _number(forecast.bound), _number(forecast.usual)
    if bound is None or usual is None:
        failed = attrs.evolve(forecast, belief=Belief.FAILED, note="its bound is no number")
        return _from_present(failed, situation=situation)
    unit = work_of_a_replica(situation)
    if unit is None:
        return Recommendation(signal=SIGNAL, note="capacity is not known yet")
    most = (1 + forecast.max_extra) * usual
    terms = {
        "bound": bound,
        "max_extra": forecast.max_extra,
        "usual": usual,
        "capacity": unit,
        "window": forecast.window,
        "at": forecast.at,
    }
    limited = ["limited by forecastMaxExtra"] if bound > most else []
    return Recommendation(
        signal=SIGNAL,
        replicas=min(bound, most) / unit,
        formula=FORMULA,
        terms=terms,
        note="; ".join([*limited, _why(forecast), *_besides(forecast)]),
    )


def _why(forecast: Foreseen) -> str:
    if forecast.belief is Belief.NO_SKILL:
        return "no skill: demand as it is with calibrated headroom"
    names = ", ".join(name for name, _ in forecast.chosen)
    return f"skill {forecast.skill or 0.0:.2g} over the present, by {names}"


def _besides(forecast: Foreseen) -> Iterator[str]:
    if forecast.multiplier != 1.0:
        yield f"{forecast.multiplier:g} times the usual, as declared"
    if forecast.note:
        yield forecast.note


def _from_present(forecast: Foreseen, *, situation: Situation) -> Recommendation:
    """Demand as it is, with the headroom that has been enough while there was no skill."""
    why = f"{forecast.belief.value}: {forecast.note}" if forecast.note else forecast.belief.value
    headroom, rate, unit = (
        _number(forecast.headroom),
        situation.demand.rate,
        work_of_a_replica(situation),
    )
    if headroom is None or rate is None or unit is None:
        return Recommendation(signal=SIGNAL, note=why)
    terms = {
        "demand": rate,
        "calibrated": headroom,
        "max_extra": forecast.max_extra,
        "capacity": unit,
    }
    return Recommendation(
        signal=SIGNAL,
        replicas=rate * min(headroom, 1 + forecast.max_extra) / unit,
        formula=CALIBRATED,
        terms=terms,
        note=f"{why}; demand as it is with calibrated headroom",
    )


def _number(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) and value >= 0 else None
