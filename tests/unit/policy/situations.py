"""The same fold as in the service, for tests that look at one step of it."""

from collections.abc import Sequence
from typing import Any

from scaler.policy.demand import demand, supply
from scaler.policy.engine import decide, start
from scaler.policy.model import Decision, Knowledge, Readings, Recommendation, State
from scaler.policy.remember import remember
from scaler.policy.situation import Situation
from scaler.policy.spec import Spec
from tests.builders import STEP, knowledge, readings, ticks


def lasting(count: int, **fields: Any) -> list[Readings]:
    """`count` ticks with the same readings."""
    return [readings(at, **fields) for at in ticks(count)]


def then(before: Sequence[Readings], count: int = 1, **fields: Any) -> list[Readings]:
    """`before`, and `count` ticks with other readings behind it."""
    later = ticks(count, first=before[-1].at + STEP)
    return [*before, *(readings(at, **fields) for at in later)]


def fold(
    history: Sequence[Readings],
    *,
    spec: Spec | None = None,
    known: Knowledge | None = None,
    state: State | None = None,
) -> tuple[list[Decision], State]:
    """Every decision on `history`, and the state behind it."""
    spec, known = spec or Spec(), known or knowledge()
    state = state or start(spec, history[0].at)
    decisions = []
    for one in history:
        decision, state = decide(readings=one, knowledge=known, state=state, spec=spec)
        decisions.append(decision)
    return decisions, state


def decided(
    history: Sequence[Readings], *, spec: Spec | None = None, known: Knowledge | None = None
) -> Decision:
    """The decision on the last tick."""
    return fold(history, spec=spec, known=known)[0][-1]


def situation(
    history: Sequence[Readings], *, spec: Spec | None = None, known: Knowledge | None = None
) -> Situation:
    """What the recommendations see at the last tick."""
    spec, known, newest = spec or Spec(), known or knowledge(), history[-1]
    before = fold(history[:-1], spec=spec, known=known)[1] if history[1:] else None
    state = before or start(spec, newest.at)
    state = remember(newest, knowledge=known, state=state, spec=spec)
    counted = supply(newest, state=state, spec=spec, lead_time=known.lead_time)
    return Situation(
        readings=newest,
        knowledge=known,
        state=state,
        spec=spec,
        supply=counted,
        demand=demand(newest, supply=counted, knowledge=known, state=state, spec=spec),
    )


def of(decision: Decision, signal: str) -> Recommendation:
    """What `signal` recommends in `decision`."""
    return next(r for r in decision.recommendations if r.signal == signal)
