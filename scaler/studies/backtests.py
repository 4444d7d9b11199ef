"""Rolling-origin evaluation of a trace: what one process measures, and how many share the work."""

import math
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, as_completed
from typing import Protocol

import attrs
import numpy as np

from forecasting.arrays import IntArray
from forecasting.bootstrap import Interval, coverage_interval, skill_interval
from forecasting.evaluation import Backtest, backtest, looks_ahead
from forecasting.forecaster import Forecaster
from forecasting.scores import Calibration, Score, band_coverage, band_pinball, calibration, score
from forecasting.series import Series
from scaler.errors import ConfigError, Problem
from scaler.studies.plan import Plan
from scaler.studies.traces import Trace


@attrs.frozen(kw_only=True)
class AtHorizon:
    """The combination's figures at one horizon."""

    seconds: int
    score: Score
    pinball: float
    """Of the band at the plan's quantile, in the unit of the series."""

    coverage: float
    """Share of values within that band."""


@attrs.frozen(kw_only=True)
class Rival:
    """A candidate of the pool by itself."""

    name: str
    score: Score
    maximum: Calibration
    share: float
    """Mean weight in the combination."""


@attrs.frozen(kw_only=True)
class Cost:
    """Seconds for the whole history, once."""

    fit: float
    predict: float


@attrs.frozen(kw_only=True, eq=False)
class Measured:
    """What takes its time; everything else of an account follows from it."""

    result: Backtest
    looks_ahead: bool | None
    """Whether a forecast changed when the future was scrambled; None where that was not tried."""

    cost: Cost


@attrs.frozen(kw_only=True, eq=False)
class Account:
    """One series' evaluation."""

    trace: Trace
    result: Backtest
    overall: Score
    skill: Interval
    maximum: Calibration
    """Of the window's maximum."""

    maximum_coverage: Interval
    horizons: tuple[AtHorizon, ...]
    rivals: tuple[Rival, ...]
    gate: float
    """Share of the origins at which the forecast had skill, so that it was used."""

    observed: tuple[float, ...]
    """Share of values within each of the spec's quantiles, over the horizon."""

    looks_ahead: bool | None
    cost: Cost


def measure(trace: Trace, *, plan: Plan) -> Account:
    """Return the evaluation of one trace.

    Raises:
        ConfigError: it is too short for the horizon.
    """
    series, forecaster = trace.series, plan.forecaster(trace.series)
    try:
        result = backtest(
            series, forecaster=forecaster, step=plan.stride(series), windows=plan.windows
        )
    except ValueError as error:
        hint = "a shorter --horizon, or more history"
        raise ConfigError(Problem(path=trace.name, rule=str(error), hint=hint)) from error
    # Demand is never negative, which the forecaster does not know.
    result = attrs.evolve(result, bands=np.maximum(result.bands, 0.0))
    measured = Measured(
        result=result,
        looks_ahead=_looks_ahead(trace, result, origins=plan.causal_origins),
        cost=_cost(series, forecaster),
    )
    return accounted(trace, measured)


def accounted(trace: Trace, measured: Measured) -> Account:
    """Return the evaluation that follows from what was measured on a trace."""
    result = measured.result
    return Account(
        trace=trace,
        result=result,
        overall=score(result),
        skill=skill_interval(result),
        maximum=calibration(result),
        maximum_coverage=coverage_interval(result),
        horizons=_horizons(result, step=trace.series.step),
        rivals=_rivals(result),
        gate=float(result.skilled.mean()),
        observed=tuple((band_coverage(result) @ result.spans / result.spans.sum()).tolist()),
        looks_ahead=measured.looks_ahead,
        cost=measured.cost,
    )


def _horizons(result: Backtest, *, step: int) -> tuple[AtHorizon, ...]:
    spec = result.forecaster.spec
    level = spec.levels.index(spec.quantile)
    coverage, loss = band_coverage(result)[level], band_pinball(result)[level]
    return tuple(
        AtHorizon(
            seconds=int(knot) * step,
            score=score(result, knots=result.knots == knot),
            pinball=float(loss[place]),
            coverage=float(coverage[place]),
        )
        for place, knot in enumerate(result.knots)
    )


def _rivals(result: Backtest) -> tuple[Rival, ...]:
    return tuple(
        Rival(
            name=name,
            score=score(result, name=name),
            maximum=calibration(result, name=name),
            share=float(weights.mean()),
        )
        for name, weights in zip(result.names[1:], result.weights, strict=True)
    )


def _looks_ahead(trace: Trace, result: Backtest, *, origins: int) -> bool | None:
    if origins == 0:
        return None
    return any(
        looks_ahead(trace.series, forecaster=result.forecaster, at=int(at), seed=number)
        for number, at in enumerate(_spread(result.times, count=origins))
    )


def _spread(times: IntArray, *, count: int) -> IntArray:
    """Return so many of the times, at equal distances and away from both ends."""
    parts = min(count, times.size)
    return times[[(2 * part + 1) * times.size // (2 * parts) for part in range(parts)]]


def _cost(series: Series, forecaster: Forecaster) -> Cost:
    started = time.perf_counter()
    fitted = forecaster.fit(series)
    learned = time.perf_counter()
    fitted.predict()
    return Cost(fit=learned - started, predict=time.perf_counter() - learned)


class Known(Protocol):
    """Remembers evaluations of earlier runs."""

    def account(self, trace: Trace, *, plan: Plan) -> Account | None:
        """Return what was found; None where nothing was."""
        ...

    def keep(self, account: Account, *, plan: Plan) -> None:
        """Remember an evaluation."""
        ...


def resumed(
    found: Sequence[Trace], *, plan: Plan, executor: Executor, known: Known
) -> Iterator[tuple[int, Account]]:
    """Yield what `run` yields, but do not measure what is known; what is new becomes known.

    Raises:
        ConfigError: as `run` does.
    """
    left: dict[int, Trace] = {}
    for at, trace in enumerate(found):
        account = known.account(trace, plan=plan)
        if account is None:
            left[at] = trace
        else:
            yield at, account
    places = list(left)
    for at, account in run(list(left.values()), plan=plan, executor=executor):
        known.keep(account, plan=plan)
        yield places[at], account


def run(found: Sequence[Trace], *, plan: Plan, executor: Executor) -> Iterator[tuple[int, Account]]:
    """Yield the place of each trace and its evaluation, as they are ready.

    Raises:
        ConfigError: a trace is too short; what has not begun is given up.
    """
    places = {executor.submit(measure, trace, plan=plan): at for at, trace in enumerate(found)}
    try:
        for future in as_completed(places):
            yield places[future], future.result()
    finally:
        for future in places:
            future.cancel()


def mean_ratio(accounts: Sequence[Account]) -> float:
    """Return the geometric mean over series of the error against reactive; NaN of nothing."""
    ratios = [1.0 - account.overall.skill for account in accounts]
    known = [math.log(ratio) for ratio in ratios if ratio > 0]
    return math.exp(sum(known) / len(known)) if known else math.nan
