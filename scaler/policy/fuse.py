"""Many recommendations to one: the largest raises, and lowering needs every voice."""

from collections.abc import Sequence

import attrs

from scaler.policy.model import BENIGN, Gap, Reason, Recommendation, Signal
from scaler.policy.remember import seen, work_signal
from scaler.policy.situation import Situation, step_up
from scaler.policy.spec import Vote

MOST_REPLICAS = 1e6
"""No fleet has more; a wild sample must not make a number that no integer field carries."""


BROKEN = frozenset({Reason.MALFORMED, Reason.AMBIGUOUS})
"""Gaps of a signal that is there, and says nothing that can be used."""

WANTED = "wanted"
"""What is missing where whoever counted replicas no longer does."""


@attrs.frozen(kw_only=True)
class Fused:
    """`replicas` is None where no signal names a number. `held_by` says who forbids scale-in.

    `blind` says that a signal is gone, so that what the others wish is only a guess.
    """

    replicas: float | None
    winner: str
    held_by: tuple[str, ...]
    gaps: tuple[str, ...]
    complete: bool
    blind: bool


def fuse(recommendations: Sequence[Recommendation], *, situation: Situation) -> Fused:
    """The largest recommendation, and everyone who forbids going below what is wanted.

    Where nobody names a number but somebody agrees to less, and nobody objects, it is one step
    less. `gaps` are the signals whose absence holds the target until `holdFor` is over.
    """
    named = [r for r in recommendations if r.replicas is not None]
    best = max(named, key=lambda r: r.replicas or 0.0, default=None)
    wish = best.replicas if best else _less(recommendations, situation)
    lost = _lost(situation)
    unsure = (*lost, *_unripe(situation))
    return Fused(
        replicas=None if wish is None else min(wish, MOST_REPLICAS),
        winner=best.signal if best else "hold" if wish is None else "agreement",
        held_by=_holders(recommendations, situation),
        gaps=_holding(unsure, situation=situation),
        complete=not unsure,
        blind=bool(_holding(lost, situation=situation)),
    )


def _holders(recommendations: Sequence[Recommendation], situation: Situation) -> tuple[str, ...]:
    """Who forbids going below what is wanted; too few reporting pods do as well."""
    partial = () if situation.supply.complete else ("reporting",)
    return (*(r.signal for r in recommendations if r.holds), *partial)


def _less(recommendations: Sequence[Recommendation], situation: Situation) -> float | None:
    base = situation.supply.base
    if base is None or not any(r.agrees for r in recommendations):
        return None
    return max(0.0, base - step_up(base))


def missing(situation: Situation) -> dict[str, Reason]:
    """Every signal that was asked for and is not there, with the reason."""
    gone = {
        signal.value: reading.reason
        for signal, reading in situation.readings.signals.items()
        if isinstance(reading, Gap) and reading.reason not in BENIGN
    }
    if situation.miscounted:
        gone[WANTED] = Reason.ABSENT
    return gone


def voters(situation: Situation) -> tuple[Signal, ...]:
    """The signals without which scale-in is not safe under this spec."""
    spec = situation.spec
    optional = (
        (Signal.LATENCY, spec.latency is not Vote.OFF),
        (Signal.UTILIZATION, spec.utilization is Vote.RAISE),
    )
    return (
        work_signal(spec),
        Signal.WAITING,
        Signal.CACHE,
        Signal.REJECTED,
        *(signal for signal, votes in optional if votes),
    )


def _lost(situation: Situation) -> tuple[str, ...]:
    """Voters that are gone, and were well not longer than `holdFor` ago.

    A signal that was never there in that time is absent, and holds nothing back.
    """
    marks, oldest = situation.state.marks, situation.at - situation.spec.hold_for
    gone = missing(situation)
    silent = tuple(
        signal.value
        for signal in voters(situation)
        if gone.get(signal.value) in BROKEN
        or (signal.value in gone and marks.get(seen(signal), oldest - 1) >= oldest)
    )
    return (*silent, *((WANTED,) if situation.miscounted else ()))


def _unripe(situation: Situation) -> tuple[str, ...]:
    """The measure of work, so new that its rate looks back on more than there is, and is low."""
    resumed = situation.state.marks.get("resumed")
    young = resumed is not None and situation.at - resumed < situation.spec.stale_after
    return (f"new {work_signal(situation.spec)}",) if young else ()


def _holding(unsure: tuple[str, ...], *, situation: Situation) -> tuple[str, ...]:
    """`unsure`, unless that has gone on for `holdFor`: signals may take turns in being gone."""
    oldest = situation.at - situation.spec.hold_for
    return unsure if situation.state.marks.get("complete", oldest - 1) >= oldest else ()
