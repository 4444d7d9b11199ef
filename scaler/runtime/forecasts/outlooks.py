"""What forecasts have said of one workload, and which of them counts at a tick."""

from collections.abc import Iterable

import attrs

from scaler.config.workload import ForecastUse, Workload
from scaler.policy.engine import memory
from scaler.policy.learn import prior_lead_time
from scaler.policy.model import Belief, Foreseen, Knowledge
from scaler.runtime.forecasts.refreshing import Refreshing

_TOLD = 8
"""Kept for ticks that are folded again: a few refreshes, by as many epochs."""


@attrs.frozen(kw_only=True, eq=False)
class _Merged:
    knowledge: Knowledge
    foreseen: Foreseen | None
    belief: Belief
    result: Knowledge


@attrs.define(eq=False)
class Outlooks:
    """Mutable, owned by the fold; written by whoever forecasts.

    `failure` is why there is no newer forecast, as far as that is known. Until the first forecast
    or failure all is `provisional`: nothing counts as settled. `arrived` is set by a forecast that
    ends this, until the fold has been made anew with it.
    """

    workload: Workload
    refreshing: Refreshing
    failure: str = ""
    provisional: bool = True
    arrived: bool = False
    _known: dict[int, Foreseen] = attrs.field(factory=dict)
    _told: dict[tuple[int, int, Belief], _Merged] = attrs.field(factory=dict)
    _phase: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Remember the phase: every tick asks for it."""
        self._phase = self.refreshing.phase(self.workload)

    @property
    def back(self) -> int:
        """Seconds of refreshes that the fold looks back on."""
        spec, refreshing = self.workload.spec, self.refreshing
        return memory(spec, prior_lead_time(spec)) + refreshing.grace + refreshing.every

    def take(self, foreseen: Iterable[Foreseen]) -> None:
        """Keep these; a failure is over."""
        self._known |= {each.at: each for each in foreseen}
        self.arrived |= self.provisional
        self.provisional = False
        self.failure = ""
        oldest = max(self._known, default=0) - self.back
        self._known = {at: each for at, each in self._known.items() if at >= oldest}

    def fail(self, why: str) -> None:
        """Say that there is no newer forecast, and why."""
        self.failure = why
        self.provisional = False

    def upon(self, knowledge: Knowledge, *, at: int) -> Knowledge:
        """`knowledge` with the forecast that counts at `at`; the same object for the same two."""
        refresh = self._counting(at)
        foreseen = None if refresh is None else self._known[refresh]
        belief = self._belief(foreseen, at=at)
        key = (knowledge.at, refresh or 0, belief)
        told = self._told.get(key)
        if told is None or told.knowledge is not knowledge or told.foreseen is not foreseen:
            told = self._told[key] = self._merged(knowledge, foreseen, belief)
            for old in list(self._told)[:-_TOLD]:
                del self._told[old]
        return told.result

    def _counting(self, at: int) -> int | None:
        """The refresh whose forecast counts at `at`; None where there is none."""
        counting = self.refreshing.last(at - self.refreshing.grace, phase=self._phase)
        if counting in self._known:
            return counting
        return max((each for each in self._known if each <= counting), default=None)

    def _belief(self, foreseen: Foreseen | None, *, at: int) -> Belief:
        if foreseen is None:
            return Belief.FAILED if self.failure else Belief.AWAITED
        if not self.refreshing.is_stale(foreseen.at, at=at):
            return foreseen.belief
        return Belief.FAILED if self.failure else Belief.STALE

    def _merged(self, knowledge: Knowledge, foreseen: Foreseen | None, belief: Belief) -> _Merged:
        told = foreseen
        if foreseen is None or belief is not foreseen.belief:
            used = self.workload.forecasting.use is ForecastUse.ENABLED
            before = foreseen or Foreseen(at=knowledge.at, belief=belief, used=used)
            told = attrs.evolve(before, belief=belief, bound=None, note=self.failure)
        outlook = told.bound if told else None
        return _Merged(
            knowledge=knowledge,
            foreseen=foreseen,
            belief=belief,
            result=attrs.evolve(knowledge, outlook=outlook, forecast=told),
        )


def outlooks_for(workload: Workload, *, refreshing: Refreshing | None) -> Outlooks | None:
    """A place for the forecasts of a workload; None where none are wanted."""
    if refreshing is None or workload.forecasting.use is ForecastUse.DISABLED:
        return None
    return Outlooks(workload=workload, refreshing=refreshing)
