"""When knowledge is learned, and from which history: aligned, so that everybody knows the same."""

from collections.abc import Callable, Iterable, Sequence

import attrs

from scaler.config.workload import Workload
from scaler.errors import Defect, ForescaleError
from scaler.policy import learn
from scaler.policy.model import Knowledge, Readings
from scaler.runtime.apart import read_apart
from scaler.runtime.fold import Fold
from scaler.runtime.forecasts.refreshing import Refreshing
from scaler.runtime.history import History

KEPT = 3
"""Epochs kept for each workload: ticks that are folded again may lie before the newest. All that
were learned together are kept, for the long memory of a first sight that is folded with them."""


LeadTimes = Callable[[Workload], int | None]
"""How long a workload's replicas were seen to take until ready, in seconds; None without any."""


def _nobody_looked(workload: Workload) -> int | None:
    return None


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
    answered = await read_apart(history, [fold.workload for fold in folds], ticks)
    for fold in folds:
        past = answered.get(fold.workload)
        if isinstance(past, ForescaleError):
            fold.trouble = past
        elif past is not None:
            _learned(fold, past, epochs=epochs, learning=learning)


def _learned(
    fold: Fold, past: Sequence[Readings], *, epochs: Sequence[int], learning: Learning
) -> None:
    """Learn; who cannot has the defect for its trouble, and others go on."""
    try:
        _learn(fold, past, epochs=epochs, learning=learning)
    except Exception as error:  # noqa: BLE001 - one workload is not the others' trouble
        fold.trouble = Defect(error)


def _learn(
    fold: Fold, past: Sequence[Readings], *, epochs: Sequence[int], learning: Learning
) -> None:
    for epoch in epochs:
        lessons = [r for r in past if epoch - learning.lookback <= r.at < epoch]
        known = learn.learn(lessons, spec=fold.workload.spec, at=epoch)
        fold.known[epoch] = _timed(known, workload=fold.workload, learning=learning)
    for old in sorted(fold.known)[: -max(KEPT, len(epochs))]:
        del fold.known[old]


def _timed(known: Knowledge, *, workload: Workload, learning: Learning) -> Knowledge:
    """With the lead time that was seen, where the user gave none."""
    seen = learning.lead_times(workload)
    if seen is None or workload.spec.lead_time is not None:
        return known
    return attrs.evolve(known, lead_time=min(max(seen, 1), workload.spec.lead_time_max))
