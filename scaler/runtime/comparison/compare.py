"""Reads the past again, hour by hour, and folds it as if the fleet had been ours."""

from collections import deque
from collections.abc import Iterator, Sequence

import attrs

from scaler.config.workload import Workload
from scaler.errors import ForescaleError, SignalUnavailable
from scaler.policy import learn
from scaler.policy.engine import memory
from scaler.policy.model import Knowledge, Readings
from scaler.runtime.comparison.account import Account, Comparison
from scaler.runtime.comparison.alternative import Alternative
from scaler.runtime.grid import last_tick
from scaler.runtime.history import History
from scaler.runtime.knowledge import Learning
from scaler.runtime.turns import Turn


@attrs.define(kw_only=True)
class _Lessons:
    """Knowledge of hour after hour, each learned from the day before it, as the service does."""

    workload: Workload
    history: History
    learning: Learning
    _past: deque[Readings] = attrs.field(factory=deque)
    _end: int | None = None
    _epoch: int | None = None
    _known: Knowledge | None = None

    async def at(self, at: int) -> Knowledge:
        """What counted at `at`; times must not go back."""
        epoch = self.learning.epoch(at)
        if self._known is None or epoch != self._epoch:
            await self._read(epoch)
            spec = self.workload.spec
            self._known = learn.learn(list(self._past), spec=spec, at=epoch)
            self._epoch = epoch
        return self._known

    async def _read(self, epoch: int) -> None:
        oldest = epoch - self.learning.lookback
        ticks = range(max(oldest, self._end or oldest), epoch, self.learning.step)
        self._past.extend(await _answered(self.history, self.workload, ticks))
        self._end = epoch
        while self._past and self._past[0].at < oldest:
            self._past.popleft()


async def compare(
    workload: Workload, *, history: History, learning: Learning, start: int, stop: int
) -> Comparison:
    """Compare what `workload` would have asked for from `start` to `stop` with what was there.

    The fold is warm by then: it begins as long before as it remembers.

    Raises:
        ForescaleError: its source gave no answer.
    """
    spec = workload.spec
    lessons = _Lessons(workload=workload, history=history, learning=learning)
    alternative = Alternative(spec=spec)
    account = Account(spec=spec, start=start, stop=stop)
    before = memory(spec, learn.prior_lead_time(spec))
    first = last_tick(workload, at=start - before)
    for ticks in _hours(range(first, stop, spec.step), size=learning.every // spec.step):
        answer = await _answered(history, workload, ticks)
        turn = Turn()
        for readings in answer:
            knowledge = await lessons.at(readings.at)
            step = alternative.step(readings, knowledge=knowledge)
            if readings.at >= start:
                account.enter(step, readings, knowledge=knowledge)
            if turn.over:
                await turn.rest()
    return account.close()


def _hours(ticks: range, *, size: int) -> Iterator[range]:
    return (ticks[place : place + size] for place in range(0, len(ticks), max(1, size)))


async def _answered(history: History, workload: Workload, ticks: range) -> Sequence[Readings]:
    if not ticks:
        return ()
    answer = (await history.read([workload], ticks)).get(workload)
    if isinstance(answer, ForescaleError):
        raise answer
    if answer is None:
        raise SignalUnavailable(f"{workload.key}: its source left it out")
    return answer
