"""Everything a recommendation may look at, and the raise on evidence that several share."""

from math import ceil

import attrs

from scaler.policy.demand import Demand, Supply
from scaler.policy.model import Capacity, Knowledge, Readings, Recommendation, State
from scaler.policy.spec import Spec
from scaler.policy.window import asof

HELPED = 0.9
"""More replicas helped if the evidence fell below this share of what it was at the order."""

STEP_SHARE = 0.1
"""A step is one replica, or this share of the fleet where that is more."""


@attrs.frozen(kw_only=True)
class Situation:
    """One tick: what was read and remembered, and what follows for demand and supply."""

    readings: Readings
    knowledge: Knowledge
    state: State
    spec: Spec
    supply: Supply
    demand: Demand

    @property
    def at(self) -> int:
        """The tick."""
        return self.readings.at

    @property
    def capacity(self) -> Capacity | None:
        """Work per second of one replica inside its objective, if known."""
        return self.knowledge.capacity


@attrs.frozen(kw_only=True)
class Evidence:
    """A run of ticks over a limit: `run` names it, `value` is what it shows now."""

    run: str
    value: float
    sustained: int


def step_up(base: float) -> int:
    """Replicas in one step from `base`."""
    return max(1, ceil(STEP_SHARE * base - 1e-6))


def raise_on(evidence: Evidence, *, situation: Situation) -> Recommendation:
    """One step once sustained, a second if the first one helped, then no more.

    Latency and utilization are no proportions: twice the latency does not want twice the replicas.
    A raise is given one lead time to show effect. Where it shows none, capacity is not the problem
    (one huge prompt, a slow dependency), and the raise expires with a note that says so.
    """
    since = _run_start(evidence, situation=situation)
    if since is None or situation.at - since < evidence.sustained:
        return Recommendation(signal=evidence.run)
    base = asof(situation.state.recent.get("wanted", ()), at=since)
    base = situation.supply.base if base is None else base
    if base is None:
        return Recommendation(signal=evidence.run, note="unknown how many replicas are wanted")
    steps = _steps(evidence, since=since, situation=situation)
    if steps == 0:
        return Recommendation(signal=evidence.run, note="not_capacity: more replicas did not help")
    return Recommendation(
        signal=evidence.run,
        replicas=base + steps * step_up(base),
        formula="wanted_when_it_began + steps * step",
        terms={"wanted_when_it_began": base, "steps": steps, "step": step_up(base)},
    )


def _run_start(evidence: Evidence, *, situation: Situation) -> int | None:
    """When the run began, but no longer ago than the fold remembers."""
    began = situation.state.marks.get(evidence.run)
    if began is None:
        return None
    oldest = situation.at - evidence.sustained - 2 * situation.knowledge.lead_time
    return max(began, oldest)


def _steps(evidence: Evidence, *, since: int, situation: Situation) -> int:
    asked = since + evidence.sustained
    if situation.at < asked + situation.knowledge.lead_time:
        return 1
    then = asof(situation.state.recent.get(evidence.run, ()), at=since)
    helped = then is not None and evidence.value <= HELPED * then
    return 2 if helped else 0
