"""When knowledge is learned, and from which history: aligned, so that everybody knows the same."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import attrs

from scaler.config.workload import Workload
from scaler.errors import Defect, ForescaleError
from scaler.policy import learn
from scaler.policy.model import Knowledge, Readings
from scaler.policy.spec import Vote
from scaler.runtime.apart import read_apart
from scaler.runtime.declared import occasions
from scaler.runtime.fold import Fold
from scaler.runtime.forecasts.refreshing import Refreshing
from scaler.runtime.history import History
from scaler.runtime.turns import Turn

KEPT = 3
"""Epochs kept for each workload: ticks that are folded again may lie before the newest. All that
were learned together are kept, for the long memory of a first sight that is folded with them."""


class LeadTimes(Protocol):
    """Who knows how long replicas take until they are ready."""

    async def __call__(self, workloads: Sequence[Workload], *, at: int) -> Mapping[Workload, int]:
        """What was seen of it up to `at`, in seconds, of whom anything was seen."""
        ...


async def _nobody_looked(workloads: Sequence[Workload], *, at: int) -> Mapping[Workload, int]:
    return {}


Taught = Mapping[int, Mapping[Workload, int]]
"""Lead times that were seen, by epoch."""


@attrs.frozen(kw_only=True)
class Learning:
    """Epochs of knowledge, in seconds.

    What is learned up to an epoch counts from `grace` after it: time to read a day of history for
    every workload without haste, and for late samples to arrive.
    """

    every: int = 3600
    lookback: int = learn.LOOKBACK
    step: int = learn.STEP
    grace: int = 300
    refreshing: Refreshing | None = None
    """When demand is forecast; None where it is not."""
    lead_times: LeadTimes = _nobody_looked
    """Who sees replicas start."""

    def epoch(self, at: float) -> int:
        """The epoch whose knowledge counts at `at`."""
        counted = int(at) - self.grace
        return counted - counted % self.every

    def coming(self, now: float) -> int:
        """The newest epoch whose samples have come in: its knowledge counts now or soon."""
        over = int(now) - self.grace // 2
        return over - over % self.every

    def lessons(self, epochs: Iterable[int]) -> range:
        """The ticks that the knowledge of these epochs is learned from."""
        wanted = list(epochs)
        return range(min(wanted) - self.lookback, max(wanted), self.step)


async def teach(
    folds: Sequence[Fold], *, epochs: Sequence[int], history: History, learning: Learning
) -> None:
    """Learn what these epochs teach about each workload, in one read.

    Raises:
        SignalError: the source gave no answer.
    """
    ticks = learning.lessons(epochs)
    answered = await read_apart(history, [_lean(fold.workload) for fold in folds], ticks)
    taught = {epoch: await _seen(folds, at=epoch, learning=learning) for epoch in epochs}
    turn = Turn()
    for fold in folds:
        past = answered.get(fold.workload)
        if isinstance(past, ForescaleError):
            fold.trouble = past
        elif past is not None:
            _learned(fold, past, taught=taught, learning=learning)
        if turn.over:
            await turn.rest()


def _lean(workload: Workload) -> Workload:
    """The same without what nothing is learned from: of a day of it, GPUs cost the most."""
    spec = attrs.evolve(workload.spec, utilization=Vote.OFF)
    watch = attrs.evolve(workload.watch, activation_query=None, activation_endpoints=())
    return attrs.evolve(workload, spec=spec, watch=watch)


async def _seen(folds: Sequence[Fold], *, at: int, learning: Learning) -> Mapping[Workload, int]:
    """The lead times that were seen, of those whose users gave none."""
    unknown = [fold.workload for fold in folds if fold.workload.spec.lead_time is None]
    return await learning.lead_times(unknown, at=at) if unknown else {}


def _learned(fold: Fold, past: Sequence[Readings], *, taught: Taught, learning: Learning) -> None:
    """Learn; who cannot has the defect for its trouble, and others go on."""
    try:
        _learn(fold, past, taught=taught, learning=learning)
    except Exception as error:  # noqa: BLE001 - one workload is not the others' trouble
        fold.trouble = Defect(error)


def _learn(fold: Fold, past: Sequence[Readings], *, taught: Taught, learning: Learning) -> None:
    for epoch, seen in taught.items():
        lessons = [r for r in past if epoch - learning.lookback <= r.at < epoch]
        known = learn.learn(lessons, spec=fold.workload.spec, at=epoch)
        known = attrs.evolve(known, declared=occasions(fold.workload, at=epoch))
        fold.known[epoch] = _timed(known, workload=fold.workload, seen=seen.get(fold.workload))
    for old in sorted(fold.known)[: -max(KEPT, len(taught))]:
        del fold.known[old]


def _timed(known: Knowledge, *, workload: Workload, seen: int | None) -> Knowledge:
    """With the lead time that was seen, if one was."""
    if seen is None:
        return known
    return attrs.evolve(known, lead_time=min(max(seen, 1), workload.spec.lead_time_max))
