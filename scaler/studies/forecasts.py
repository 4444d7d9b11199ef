"""The forecast of a trace from its end."""

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from forecasting.forecast import Forecast
from scaler.studies.plan import Plan
from scaler.studies.times import iso
from scaler.studies.traces import Trace

SCHEMA = "forescale.forecast/1"
"""Changes when a key goes or means something else; keys may come."""


def forecast(trace: Trace, *, plan: Plan) -> Forecast:
    """Return what follows after the end of a trace."""
    made = plan.forecaster(trace.series).fit(trace.series).predict()
    # Demand is never negative, which the forecaster does not know.
    return attrs.evolve(made, bands=np.maximum(made.bands, 0.0))


def document(found: Sequence[tuple[Trace, Forecast]], *, plan: Plan) -> dict[str, Any]:
    """Return the forecasts; what cannot be told is null."""
    return {
        "schema": SCHEMA,
        "options": plan.told(),
        "series": [_series(trace, made) for trace, made in found],
    }


def _series(trace: Trace, made: Forecast) -> dict[str, Any]:
    return {
        "name": trace.name,
        "start": iso(made.at + trace.shift),
        "step_seconds": made.step,
        "forecast": made.path.tolist(),
        "bands": [
            {"quantile": level, "values": band.tolist()}
            for level, band in zip(made.levels, made.bands, strict=True)
        ],
        "window_seconds": made.window,
        "maximum": made.peak,
        "quantile": made.quantile,
        "bound": made.bound,
        "chosen": [attrs.asdict(each) for each in made.chosen],
        "skill": made.skill,
        "coverage": made.coverage,
        "reason": made.reason.value,
    }
