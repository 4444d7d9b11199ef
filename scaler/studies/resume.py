"""Evaluations that were finished, so that a run that was ended goes on where it was."""

from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from forecasting.evaluation import Backtest
from scaler.runtime.archive import Kept, read, write
from scaler.studies.backtests import Account, Cost, Measured, accounted
from scaler.studies.plan import Plan
from scaler.studies.traces import Trace

_SCHEMA = "forescale-account/1"
_FORMAT = f"{version('forescale')}/{np.__version__}"
_NUMBERS = ("absolute_scale", "squared_scale")


class Finished:
    """A folder with a file for each series and plan; what cannot be read is measured again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def account(self, trace: Trace, *, plan: Plan) -> Account | None:
        """Return what was found about a series under a plan; None where nothing was."""
        kept = read(self._path(trace, plan))
        if kept is None or kept.document.get("schema") != _SCHEMA:
            return None
        try:
            return accounted(trace, _measured(kept, trace=trace, plan=plan))
        except (KeyError, ValueError, TypeError, IndexError):
            return None

    def keep(self, account: Account, *, plan: Plan) -> None:
        """Write down what was found, whole or not at all."""
        result = account.result
        document = {
            "schema": _SCHEMA,
            "names": result.names,
            "looks_ahead": account.looks_ahead,
            "cost": attrs.asdict(account.cost),
        }
        write(self._path(account.trace, plan), Kept(document=document, arrays=_arrays(result)))

    def _path(self, trace: Trace, plan: Plan) -> Path:
        series = trace.series
        asked = (_FORMAT, trace.name, trace.shift, series.start, series.step, plan)
        digest = sha256(repr(asked).encode())
        digest.update(series.values.tobytes() + series.censored.tobytes())
        return self._folder / f"{digest.hexdigest()[:32]}.account"


def _arrays(result: Backtest) -> Mapping[str, NDArray[Any]]:
    fields = attrs.asdict(result, recurse=False)
    # JSON has no NaN, so numbers are arrays as well.
    return {
        name: np.asarray(each)
        for name, each in fields.items()
        if isinstance(each, np.ndarray) or name in _NUMBERS
    }


def _measured(kept: Kept, *, trace: Trace, plan: Plan) -> Measured:
    said = kept.document
    fields: dict[str, Any] = {
        name: float(each) if name in _NUMBERS else each for name, each in kept.arrays.items()
    }
    names = tuple(said["names"])
    result = Backtest(forecaster=plan.forecaster(trace.series), names=names, **fields)
    return Measured(result=result, looks_ahead=said["looks_ahead"], cost=Cost(**said["cost"]))
