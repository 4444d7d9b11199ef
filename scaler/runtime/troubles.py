"""Whose source stopped answering, and whose answers again: said once, at the change."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import structlog

from scaler.errors import Defect
from scaler.runtime.fold import Fold

log = structlog.get_logger()


@contextmanager
def reported(folds: Sequence[Fold]) -> Iterator[None]:
    """Log what changes meanwhile in the troubles of `folds`; those alike are one line."""
    before = {fold: fold.trouble for fold in folds}
    yield
    for error, failed in _alike(fold for fold in folds if not before[fold]).items():
        log.warning("source_failed", error=error, **_whom(failed))
    for fold in folds:
        if isinstance(fold.trouble, Defect) and str(fold.trouble) != str(before[fold]):
            cause = fold.trouble.__cause__
            log.error("workload_failed", workload=str(fold.workload.key), exc_info=cause)
    if recovered := [fold for fold in folds if before[fold] and not fold.trouble]:
        log.info("source_recovered", **_whom(recovered))


def _alike(folds: Iterable[Fold]) -> dict[str, list[Fold]]:
    """Those whose source gives them trouble, by its text."""
    found: dict[str, list[Fold]] = defaultdict(list)
    for fold in folds:
        if fold.trouble and not isinstance(fold.trouble, Defect):
            found[str(fold.trouble)].append(fold)
    return found


def _whom(folds: Sequence[Fold]) -> dict[str, object]:
    """The first of them, and how many more there are."""
    others = {"others": len(folds) - 1} if len(folds) > 1 else {}
    return {"workload": str(folds[0].workload.key), **others}
