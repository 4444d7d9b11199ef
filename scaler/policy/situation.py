"""Everything a recommendation may look at, and the raise on evidence that several share."""

from math import ceil

import attrs

from scaler.policy.counting import lost
from scaler.policy.demand import Demand, Supply
from scaler.policy.model import Capacity, Knowledge, Readings, Recommendation, State
from scaler.policy.remember import episode, last, sustained
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
    def miscounted(self) -> bool:
        """Whether replicas are no longer counted by whoever did."""
        return lost(self.readings, state=self.state, spec=self.spec) is not None

    @property
    def capacity(self) -> Capacity | None:
        """Work per second of one replica inside its objective, if known."""
        return self.knowledge.capacity


@attrs.frozen(kw_only=True)
class Evidence:
    """A run of ticks over a limit: `run` names it, `value` is what it shows now.

    `proof` says that it cannot go on for want of anything but replicas.
    """

    run: str
    value: float
    proof: bool = False


def step_up(base: float) -> int:
    """Replicas in one step from `base`."""
    return max(1, ceil(STEP_SHARE * base - 1e-6))


def raise_on(evidence: Evidence, *, situation: Situation) -> Recommendation:
    """One step once sustained, a second if the first one helped, then no more.

    Latency and utilization are no proportions: twice the latency does not want twice the replicas.
    A raise is given one lead time to show effect. Where it shows none, capacity is not the problem
    (one huge prompt, a slow dependency), and the raise expires with a note that says so. Proof does
    not expire: it asks for one more step in each lead time.
    """
    asked = _asked(evidence, situation=situation)
    if asked is None:
        return Recommendation(signal=evidence.run)
    began = asked - sustained(evidence.run, spec=situation.spec)
    if evidence.proof:
        # Lead times of the clock: everyone counts the same ones, whenever the run began.
        began = max(began, situation.at - situation.at % max(1, situation.knowledge.lead_time))
    base = asof(situation.state.recent.get("wanted", ()), at=began)
    base = situation.supply.base if base is None else base
    if base is None:
        return Recommendation(signal=evidence.run, note="unknown how many replicas are wanted")
    steps = _steps(evidence, asked=asked, began=began, situation=situation)
    if steps == 0:
        return Recommendation(signal=evidence.run, note=_why_expired(situation))
    return Recommendation(
        signal=evidence.run,
        replicas=base + steps * step_up(base),
        formula="wanted_when_it_began + steps * step",
        terms={"wanted_when_it_began": base, "steps": steps, "step": step_up(base)},
    )


def _why_expired(situation: Situation) -> str:
    if situation.supply.pending or situation.supply.stuck:
        return "replicas that were ordered have not come up"
    return "not_capacity: more replicas did not help"


def _asked(evidence: Evidence, *, situation: Situation) -> int | None:
    """When the raise was first asked for, but no longer ago than the fold remembers.

    None while the run is not sustained.
    """
    marks, name = situation.state.marks, episode(evidence.run)
    if marks.get(last(name)) != situation.at:
        return None
    return max(marks[name], situation.at - 2 * situation.knowledge.lead_time)


def _steps(evidence: Evidence, *, asked: int, began: int, situation: Situation) -> int:
    if evidence.proof or situation.at < asked + situation.knowledge.lead_time:
        return 1
    then = asof(situation.state.recent.get(evidence.run, ()), at=began)
    helped = then is not None and evidence.value <= HELPED * then
    return 2 if helped else 0
