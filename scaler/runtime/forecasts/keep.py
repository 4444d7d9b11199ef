"""Bases on the disk: everything learned up to a time, in files that only this process writes."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from forecasting.forecaster import Fitted, Forecaster
from forecasting.series import Series
from scaler.policy.model import Belief, Foreseen
from scaler.runtime.archive import Kept, read, write
from scaler.runtime.forecasts.folder import SUFFIX, bases, path_of

KEPT = 2
"""Bases of a workload: after a refit, what came just before it may be asked for again."""

_BASE = "forescale-base/2"
_FORECASTS = "forescale-forecasts/2"
_SERIES = ("values", "censored")
_SAID = ".said"
_OLD = 35 * 86_400
"""Seconds after which a file that nobody has written to belongs to nobody."""


@attrs.frozen(kw_only=True, eq=False)
class _Base:
    """A file as it was read: of which history, and what was learned from it by whom."""

    path: Path
    series: Series
    learned: Mapping[str, Any]
    by: str


class Keep:
    """A folder of bases and of what was said from them.

    Where nothing can be written, as on a full disk, nothing is kept; what cannot be read is not
    there. Either is learned again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # A job asks for the same ones several times, and reading them is most of a small job.
        self._base: _Base | None = None
        self._fitted: tuple[_Base, Fitted] | None = None
        with suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def bases(self, name: str) -> list[int]:
        """When the bases kept under a name were learned, oldest first."""
        return bases(self._folder, name)

    def series(self, name: str, *, at: int) -> Series | None:
        """The history that a base was learned from; None where it is not kept."""
        base = self._read(path_of(self._folder, name, base=at))
        return base.series if base else None

    def base(self, name: str, *, at: int, forecaster: Forecaster, series: Series) -> Fitted | None:
        """What this forecaster learned from this history; None where that is not kept."""
        base = self._read(path_of(self._folder, name, base=at))
        if base is None or base.by != _mark(forecaster) or base.series != series:
            return None
        if self._fitted is None or self._fitted[0] is not base:
            try:
                self._fitted = base, forecaster.restore(series, learned=base.learned)
            except (KeyError, ValueError, TypeError):
                return None
        return self._fitted[1]

    def keep(self, name: str, fitted: Fitted, *, at: int) -> None:
        """Keep what was learned, and drop what is older than the one before it."""
        path, series = path_of(self._folder, name, base=at), fitted.series
        base = _Base(
            path=path, series=series, learned=fitted.learned(), by=_mark(fitted.forecaster)
        )
        document = {"schema": _BASE, "by": base.by, "start": series.start, "step": series.step}
        own = {f"series/{name}": getattr(series, name) for name in _SERIES}
        with suppress(OSError):
            write(path, Kept(document=document, arrays={**base.learned, **own}))
        self._base, self._fitted = base, (base, fitted)
        for old in self.bases(name)[:-KEPT]:
            path_of(self._folder, name, base=old).unlink(missing_ok=True)

    def said(self, name: str, *, asked: str) -> dict[int, Foreseen]:
        """Forecasts by refresh, as they were last kept; none where another was asked for."""
        found = read(self._folder / f"{name}{_SAID}")
        if found is None or (found.document.get("schema"), found.document.get("asked")) != (
            _FORECASTS,
            asked,
        ):
            return {}
        try:
            return {each.at: each for each in map(_foreseen, found.document["said"])}
        except (KeyError, ValueError, TypeError):
            return {}

    def say(self, name: str, said: Iterable[Foreseen], *, asked: str) -> None:
        """Keep these forecasts instead of those before."""
        document = {
            "schema": _FORECASTS,
            "asked": asked,
            "said": [attrs.asdict(each) for each in said],
        }
        with suppress(OSError):
            write(self._folder / f"{name}{_SAID}", Kept(document=document))

    def sweep(self, *, now: float) -> None:
        """Remove files of workloads that are long gone, and of other versions."""
        oldest, versions = now - _OLD, self._folder.parent
        for path in (*versions.glob(f"*/*{SUFFIX}"), *versions.glob(f"*/*{_SAID}")):
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)

    def _read(self, path: Path) -> _Base | None:
        if self._base is None or self._base.path != path:
            self._base = _base(path)
        return self._base


def _base(path: Path) -> _Base | None:
    found = read(path)
    if found is None or found.document.get("schema") != _BASE:
        return None
    arrays, document = dict(found.arrays), found.document
    try:
        values, censored = (arrays.pop(f"series/{name}") for name in _SERIES)
        series = Series(
            start=document["start"], step=document["step"], values=values, censored=censored
        )
    except (KeyError, ValueError, TypeError):
        return None
    return _Base(path=path, series=series, learned=arrays, by=document["by"])


def _mark(forecaster: Forecaster) -> str:
    """Who learned: whatever makes another forecaster, and the library of its sums, as text."""
    return repr((forecaster, np.__version__))


def _foreseen(document: Mapping[str, Any]) -> Foreseen:
    chosen = tuple((str(name), float(part)) for name, part in document["chosen"])
    belief = Belief(document["belief"])
    return Foreseen(**{**document, "belief": belief, "chosen": chosen})
