"""The fold of one workload as it stands: what is settled, and what is known."""

from collections.abc import Sequence

import attrs

from scaler.config.workload import Workload
from scaler.errors import ForescaleError
from scaler.policy.engine import decide, memory, start
from scaler.policy.learn import prior_lead_time
from scaler.policy.model import Decision, Knowledge, Readings, State
from scaler.runtime.board import Published
from scaler.runtime.forecasts.outlooks import Outlooks
from scaler.runtime.grid import phase
from scaler.runtime.turns import Turn


@attrs.frozen(kw_only=True)
class Progress:
    """One advance: what to publish now, and the decisions that will not change any more."""

    published: Published
    settled: tuple[Decision, ...]


@attrs.frozen(kw_only=True, eq=False)
class _Step:
    """One tick folded: what it was folded from, and what came of it."""

    readings: Readings
    knowledge: Knowledge
    before: State
    decision: Decision
    after: State

    def repeats(self, readings: Readings, knowledge: Knowledge, before: State) -> bool:
        """Whether folding these would come to the same, because they are the same."""
        same = self.before is before and self.knowledge is knowledge
        return same and self.readings == readings


@attrs.define(eq=False)
class Fold:
    """Mutable, owned by the loop.

    `known` maps an epoch to what was learned up to it; `trouble` is why the newest read failed.
    `outlooks` are the forecasts, None where nothing is forecast.
    What is not settled yet is read again each time, and most of it has not changed: `_tail` spares
    folding that again.
    """

    workload: Workload
    settled: State | None = None
    trouble: ForescaleError | None = None
    known: dict[int, Knowledge] = attrs.field(factory=dict)
    outlooks: Outlooks | None = None
    _tail: dict[int, _Step] = attrs.field(factory=dict)
    _phase: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Remember the phase: every tick asks for it several times."""
        self._phase = phase(self.workload)

    def last_tick(self, at: float) -> int:
        """The newest tick that is not after `at`."""
        return int(at) - (int(at) - self._phase) % self.workload.spec.step

    def knowledge(self, epoch: int) -> Knowledge | None:
        """What was learned up to `epoch`; where that failed, the newest from before."""
        if epoch in self.known:
            return self.known[epoch]
        earlier = [known for known in self.known if known <= epoch]
        return self.known[max(earlier)] if earlier else None

    def counting(self, epoch: int, *, at: int) -> Knowledge | None:
        """What counts at `at`: what was learned up to `epoch`, and what was forecast since."""
        knowledge = self.knowledge(epoch)
        if knowledge is None or self.outlooks is None:
            return knowledge
        return self.outlooks.upon(knowledge, at=at)

    def rewind(self, to: float) -> None:
        """Start over, as at first sight, where what is known lies in the future of `to`.

        A clock set back by no more than a step changes nothing: it will soon have caught up. The
        first forecast after a start says what counted at ticks that were folded without it: then
        they are folded anew.
        """
        if self.outlooks is not None and self.outlooks.arrived:
            self.outlooks.arrived = False
            self.settled = None
            self._tail = {}
        spec = self.workload.spec
        ahead = 0 if self.settled is None else self.settled.at - self.last_tick(to)
        if ahead > spec.step or max(self.known, default=0) > to:
            self.settled = None
            self.known = {}
            self._tail = {}

    def ticks(self, to: float) -> range:
        """The ticks to fold to come from what is settled to `to`; all of the memory at first.

        A clock that jumped further than the memory reaches starts over, which is the same.
        """
        spec = self.workload.spec
        newest = self.last_tick(to)
        if self.settled is not None and newest - self.settled.at <= spec.hold_for:
            # Every memory is longer; this is what thousands ask in one second, tick after tick.
            return range(self.settled.at + spec.step, newest + 1, spec.step)
        lead_times = [knowledge.lead_time for knowledge in self.known.values()]
        lead_time = max(lead_times, default=prior_lead_time(spec))
        oldest = newest - memory(spec, lead_time) // spec.step * spec.step
        first = oldest if self.settled is None else max(oldest, self.settled.at + spec.step)
        return range(first, newest + 1, spec.step)

    async def fold(
        self, lessons: Sequence[tuple[Readings, Knowledge]], *, settle_at: int, turn: Turn
    ) -> Progress:
        """Fold consecutive ticks (one at least) and keep the state at the last that is settled.

        A memory of an hour takes 15 ms: others have their turn between any two ticks. A forecast
        that comes meanwhile counts next time.
        """
        provisional = self.outlooks is not None and self.outlooks.provisional
        state, settled = self._before(lessons[0][0].at), self.settled
        decisions: list[Decision] = []
        tail: dict[int, _Step] = {}
        for readings, knowledge in lessons:
            step = self._step(readings, knowledge, state)
            state = step.after
            decisions.append(step.decision)
            if readings.at <= settle_at:
                settled = state
            else:
                tail[readings.at] = step
            if turn.over:
                await turn.rest()
        self.settled, self._tail = settled, tail
        newest, knowledge = lessons[-1]
        published = Published(
            workload=self.workload, decision=decisions[-1], readings=newest, knowledge=knowledge
        )
        told = () if provisional else decisions
        final = tuple(decision for decision in told if decision.at <= settle_at)
        return Progress(published=published, settled=final)

    def _step(self, readings: Readings, knowledge: Knowledge, before: State) -> _Step:
        known = self._tail.get(readings.at)
        if known is not None and known.repeats(readings, knowledge, before):
            return known
        spec = self.workload.spec
        decision, after = decide(readings=readings, knowledge=knowledge, state=before, spec=spec)
        return _Step(
            readings=readings,
            knowledge=knowledge,
            before=before,
            decision=decision,
            after=after,
        )

    def _before(self, tick: int) -> State:
        spec = self.workload.spec
        if self.settled is not None and self.settled.at == tick - spec.step:
            return self.settled
        return start(spec, tick)
