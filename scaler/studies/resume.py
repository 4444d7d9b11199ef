"""Evaluations that were finished, so that a run that was ended goes on where it was."""

import pickle
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import numpy as np

from scaler.studies.backtests import Account
from scaler.studies.plan import Plan
from scaler.studies.traces import Trace

_FORMAT = f"{version('forescale')}/{np.__version__}"


class Finished:
    """A folder with a file for each series and plan. It is trusted as the program itself is."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def account(self, trace: Trace, *, plan: Plan) -> Account | None:
        """Return what was found about a series under a plan; None where nothing was."""
        try:
            found = pickle.loads(self._path(trace, plan).read_bytes())  # noqa: S301 - see `Finished`
        except Exception:  # noqa: BLE001 - whatever is wrong with it, it is measured again
            return None
        return found if isinstance(found, Account) else None

    def keep(self, account: Account, *, plan: Plan) -> None:
        """Write down what was found, whole or not at all."""
        path = self._path(account.trace, plan)
        beside = path.with_suffix(".new")
        beside.write_bytes(pickle.dumps(account))
        beside.replace(path)

    def _path(self, trace: Trace, plan: Plan) -> Path:
        series = trace.series
        asked = (_FORMAT, trace.name, trace.shift, series.start, series.step, plan)
        digest = sha256(repr(asked).encode())
        digest.update(series.values.tobytes() + series.censored.tobytes())
        return self._folder / f"{digest.hexdigest()[:32]}.account"
