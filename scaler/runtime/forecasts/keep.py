"""Bases on the disk: everything learned up to a time, in files that only this process writes."""

import pickle
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from forecasting.forecaster import Fitted
from scaler.policy.model import Foreseen
from scaler.runtime.forecasts.folder import SUFFIX, bases, path_of

KEPT = 2
"""Bases of a workload: after a refit, what came just before it may be asked for again."""

_FORMAT = ("forescale-base-1", np.__version__)
_SAID = ".said"
_OLD = 35 * 86_400
"""Seconds after which a file that nobody has written to belongs to nobody."""


Asked = tuple[object, ...]
"""What was asked of a history."""


class Keep:
    """A folder of bases and of what was said from them. It is trusted as the program itself is.

    Where nothing can be written, as on a full disk, nothing is kept, and is learned again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._last: tuple[Path, Fitted] | None = None
        with suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def bases(self, name: str) -> list[int]:
        """When the bases kept under a name were learned, oldest first."""
        return bases(self._folder, name)

    def base(self, name: str, *, at: int) -> Fitted | None:
        """What was learned at that time; None where it is not kept or cannot be read."""
        path = path_of(self._folder, name, base=at)
        # A job asks for the same one several times, and reading it is most of a small job.
        if self._last is None or self._last[0] != path:
            found = _read(path)
            self._last = (path, found) if isinstance(found, Fitted) else None
        return self._last[1] if self._last else None

    def keep(self, name: str, fitted: Fitted, *, at: int) -> None:
        """Keep what was learned, and drop what is older than the one before it."""
        path = path_of(self._folder, name, base=at)
        _write(path, fitted)
        self._last = (path, fitted)
        for old in self.bases(name)[:-KEPT]:
            path_of(self._folder, name, base=old).unlink(missing_ok=True)

    def said(self, name: str, *, asked: Asked) -> dict[int, Foreseen]:
        """Forecasts by refresh, as they were last kept; none where another was asked for."""
        found = _read(self._folder / f"{name}{_SAID}")
        if not isinstance(found, tuple) or found[0] != asked:
            return {}
        said: dict[int, Foreseen] = found[1]
        return said

    def say(self, name: str, said: dict[int, Foreseen], *, asked: Asked) -> None:
        """Keep these forecasts instead of those before."""
        _write(self._folder / f"{name}{_SAID}", (asked, said))

    def sweep(self, *, now: float) -> None:
        """Remove files of workloads that are long gone, and of other versions."""
        oldest, versions = now - _OLD, self._folder.parent
        for path in (*versions.glob(f"*/*{SUFFIX}"), *versions.glob(f"*/*{_SAID}")):
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)


def _write(path: Path, content: object) -> None:
    """Write beside it and rename: a reader finds the old or the new one, whole."""
    beside = path.with_suffix(".new")
    body = pickle.dumps((_FORMAT, content), protocol=pickle.HIGHEST_PROTOCOL)
    with suppress(OSError):
        beside.write_bytes(zlib.compress(body, level=1))
        beside.replace(path)


def _read(path: Path) -> Any:
    try:
        kept, content = pickle.loads(zlib.decompress(path.read_bytes()))  # noqa: S301 - our own file, see `Keep`
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is learned anew
        return None
    return content if kept == _FORMAT else None
