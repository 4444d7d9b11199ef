"""Bring workloads up to a time. Start, first sight, tick, recovery and clock jump: all one call."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import attrs

from scaler.errors import Defect, ForescaleError, SignalError
from scaler.runtime.apart import read_apart
from scaler.runtime.fold import Fold, Progress
from scaler.runtime.history import Answer, History
from scaler.runtime.knowledge import Learning, teach
from scaler.runtime.turns import Turn

TOGETHER = 50
"""Workloads in one read: `histogram_quantile` takes twice the time over larger groups."""

AT_ONCE = 4
"""Reads under way at the same time: a source that everybody needs is not to be flooded."""


async def advance(
    folds: Sequence[Fold], *, history: History, to: float, settle: int, learning: Learning
) -> Sequence[Progress]:
    """Read what each fold is missing up to `to`, fold it, and say how far each one came.

    Answers are settled once they are `settle` seconds old; what is younger is read and folded
    again next time. A fold whose source gave no answer stays where it is, with its `trouble`.
    """
    turn = Turn()
    for fold in folds:
        fold.rewind(to)
        if turn.over:
            await turn.rest()
    gate = asyncio.Semaphore(AT_ONCE)

    async def group(members: Sequence[Fold]) -> Sequence[Progress]:
        async with gate:
            try:
                await _prepare(members, history=history, to=to, learning=learning)
                return await _advance(
                    members, history=history, to=to, settle=settle, learning=learning
                )
            except SignalError as error:
                for fold in members:
                    fold.trouble = error
                return ()

    groups = [part for alike in _by_ticks(folds, to=to).values() for part in _parts(alike)]
    progress = await asyncio.gather(*map(group, groups))
    return [one for some in progress for one in some]


async def _prepare(
    folds: Sequence[Fold], *, history: History, to: float, learning: Learning
) -> None:
    """Learn, for those who had no time to, what counted at any tick that will be folded."""
    ignorant = [fold for fold in folds if _is_ignorant(fold, to=to, learning=learning)]
    if not ignorant:
        return
    newest = learning.epoch(to)
    oldest = min(learning.epoch(fold.ticks(to).start) for fold in ignorant)
    epochs = range(oldest, newest + 1, learning.every)
    await teach(ignorant, epochs=epochs, history=history, learning=learning)


def _is_ignorant(fold: Fold, *, to: float, learning: Learning) -> bool:
    """It knows nothing yet, or was away all the time in which it would have learned what counts."""
    newest = learning.epoch(to)
    if not fold.known or newest in fold.known:
        return not fold.known
    return learning.coming(fold.ticks(to).start) < newest


async def _advance(
    folds: Sequence[Fold], *, history: History, to: float, settle: int, learning: Learning
) -> Sequence[Progress]:
    progress = []
    for ticks, members in _by_ticks(folds, to=to).items():
        answered = await read_apart(history, [fold.workload for fold in members], ticks)
        folding = _Folding(settle_at=int(to) - settle, learning=learning, turn=Turn())
        for fold in members:
            one = await _folded(fold, answered.get(fold.workload), folding)
            progress.extend([one] if one else [])
    return progress


@attrs.frozen(kw_only=True)
class _Folding:
    """What is the same for all that are folded together."""

    settle_at: int
    learning: Learning
    turn: Turn


async def _folded(fold: Fold, answer: Answer | None, folding: _Folding) -> Progress | None:
    """How far it came; a fold that fails has the defect for its trouble, and others go on."""
    try:
        return await _fold(fold, answer, folding)
    except Exception as error:  # noqa: BLE001 - one workload is not the others' trouble
        fold.trouble = Defect(error)
        return None


async def _fold(fold: Fold, answer: Answer | None, folding: _Folding) -> Progress | None:
    if isinstance(answer, ForescaleError):
        fold.trouble = answer
        return None
    known = [
        (reading, fold.counting(folding.learning.epoch(reading.at), at=reading.at))
        for reading in answer or ()
    ]
    lessons = [(reading, knowledge) for reading, knowledge in known if knowledge is not None]
    if not lessons:
        return None
    fold.trouble = None
    return await fold.fold(lessons, settle_at=folding.settle_at, turn=folding.turn)


def _by_ticks(folds: Iterable[Fold], *, to: float) -> Mapping[range, Sequence[Fold]]:
    """Folds that miss the same ticks; those that miss none are up to date."""
    groups: dict[range, list[Fold]] = defaultdict(list)
    for fold in folds:
        ticks = fold.ticks(to)
        if ticks:
            groups[ticks].append(fold)
    return groups


def _parts(folds: Sequence[Fold]) -> Iterable[Sequence[Fold]]:
    return (folds[start : start + TOGETHER] for start in range(0, len(folds), TOGETHER))
