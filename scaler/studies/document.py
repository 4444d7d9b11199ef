"""An evaluation as one JSON document, and what changed since an earlier one."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import orjson

from forecasting.bootstrap import Interval
from scaler.studies.backtests import Account, AtHorizon, Rival, mean_ratio
from scaler.studies.figures import NAMES, figures
from scaler.studies.plan import Plan
from scaler.studies.rows import wrong
from scaler.studies.times import iso

SCHEMA = "forescale.backtest/1"
"""Changes when a key goes or means something else; keys may come."""


@attrs.frozen(kw_only=True)
class Change:
    """One figure of one series, then and now; NaN where it could not be told."""

    series: str
    figure: str
    before: float
    after: float


def document(
    accounts: Sequence[Account], *, plan: Plan, moved: Sequence[Change] | None = None
) -> dict[str, Any]:
    """Return the whole run, with what changed since an earlier one; what is unknown is null."""
    compared = {} if moved is None else {"changes": [attrs.asdict(each) for each in moved]}
    return compared | {
        "schema": SCHEMA,
        "options": plan.told(),
        "mean_error_ratio": mean_ratio(accounts),
        "series": [_series(account) for account in accounts],
    }


def _series(account: Account) -> dict[str, Any]:
    trace, result = account.trace, account.result
    spec = result.forecaster.spec
    return {
        "name": trace.name,
        "start": iso(trace.series.start + trace.shift),
        "end": iso(trace.series.end + trace.shift),
        "step_seconds": trace.series.step,
        "values": len(trace.series),
        "horizon_seconds": int(result.knots[-1]) * trace.series.step,
        "window_seconds": spec.window,
        "quantile": spec.quantile,
        "origins": int(result.times.size),
        "first_origin": iso(int(result.times[0]) + trace.shift),
        "last_origin": iso(int(result.times[-1]) + trace.shift),
        **figures(account),
        "skill_interval": _pair(account.skill),
        "maximum_coverage_interval": _pair(account.maximum_coverage),
        "maximum_excess": account.maximum.excess,
        "gate_open": account.gate,
        "looks_ahead": account.looks_ahead,
        "fit_seconds": account.cost.fit,
        "predict_seconds": account.cost.predict,
        "horizons": [_horizon(each) for each in account.horizons],
        "candidates": [_candidate(each) for each in account.rivals],
        "calibration": [
            {"quantile": level, "observed": share}
            for level, share in zip(spec.levels, account.observed, strict=True)
        ],
    }


def _pair(interval: Interval) -> list[float]:
    return [interval.low, interval.high]


def _horizon(at: AtHorizon) -> dict[str, Any]:
    own = {"seconds": at.seconds, "pinball": at.pinball, "coverage": at.coverage}
    return own | attrs.asdict(at.score)


def _candidate(rival: Rival) -> dict[str, Any]:
    maximum = {f"maximum_{name}": value for name, value in attrs.asdict(rival.maximum).items()}
    return {"name": rival.name, "share": rival.share, **attrs.asdict(rival.score), **maximum}


def earlier(path: Path) -> Mapping[str, Mapping[str, Any]]:
    """Return the series of an earlier document by name.

    Raises:
        ConfigError: the file is no such document.
    """
    try:
        found = orjson.loads(path.read_bytes())
    except OSError as error:
        raise wrong(str(path), f"cannot be read: {error.strerror}") from error
    except orjson.JSONDecodeError as error:
        raise wrong(str(path), "must be the JSON of an earlier backtest") from error
    schema = found.get("schema") if isinstance(found, dict) else None
    if schema != SCHEMA:
        raise wrong(str(path), f"must be of schema {SCHEMA}", value=str(schema))
    return {each["name"]: each for each in found["series"]}


def changes(accounts: Sequence[Account], *, since: Mapping[str, Mapping[str, Any]]) -> list[Change]:
    """Return every figure of the series that are in both runs."""
    return [
        Change(
            series=account.trace.name,
            figure=name,
            before=math.nan if (before := then.get(name)) is None else float(before),
            after=figures(account)[name],
        )
        for account in accounts
        if (then := since.get(account.trace.name)) is not None
        for name in NAMES
    ]
