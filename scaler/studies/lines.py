"""Evaluations and forecasts as lines of text, the same on a terminal and in a pipe."""

from collections.abc import Iterator, Sequence

import numpy as np

from forecasting.forecast import Forecast
from scaler.studies.backtests import Account, AtHorizon, mean_ratio
from scaler.studies.document import Change
from scaler.studies.figures import NAMES, figures
from scaler.studies.times import iso, length
from scaler.studies.traces import Trace

_ROWS = 6
"""Horizons that a table shows; the document has all."""

_SHOWN = ("mase", "smape", "wape", "rmsse", "bias", "skill", "pinball", "coverage")
_TITLES = ("MASE", "sMAPE", "WAPE", "RMSSE", "bias", "skill", "pinball", "coverage")


def account_lines(account: Account) -> Iterator[str]:
    """Yield what there is to say of one series."""
    trace, result = account.trace, account.result
    spec = result.forecaster.spec
    yield (
        f"{trace.name}: {len(trace.series)} values, one in {length(trace.series.step)};"
        f" {result.times.size} origins from {iso(int(result.times[0]) + trace.shift)}"
        f" to {iso(int(result.times[-1]) + trace.shift)}"
    )
    yield from aligned(table_rows(account))
    yield (
        f"skill against reactive {number(account.overall.skill)}"
        f" [{number(account.skill.low)}, {number(account.skill.high)}];"
        f" forecast used at {account.gate:.0%} of the origins"
    )
    yield (
        f"maximum of {length(spec.window)} at {spec.quantile:g}: coverage"
        f" {number(account.maximum.coverage)} [{number(account.maximum_coverage.low)},"
        f" {number(account.maximum_coverage.high)}], pinball {number(account.maximum.pinball)},"
        f" bound {account.maximum.excess:+.0%} on average"
    )
    best = min(account.rivals, key=lambda rival: _last(rival.score.mase))
    yield f"best candidate in hindsight: {best.name}, MASE {number(best.score.mase)}"
    yield f"fit {account.cost.fit:.3f} s, predict {account.cost.predict:.3f} s{_causal(account)}"


def table_rows(account: Account) -> list[list[str]]:
    """Return the table by horizon, its titles first and the whole horizon last."""
    rows = [[length(at.seconds), *_row(_at(at))] for at in _few(account.horizons)]
    return [["horizon", *_TITLES], *rows, ["all", *_row(figures(account))]]


def _at(at: AtHorizon) -> dict[str, float]:
    own = {"pinball": at.pinball, "coverage": at.coverage}
    return own | {name: getattr(at.score, name) for name in _SHOWN[:6]}


def _row(values: dict[str, float]) -> list[str]:
    return [number(values[name]) for name in _SHOWN]


def _few(horizons: Sequence[AtHorizon]) -> list[AtHorizon]:
    places = np.unique(np.linspace(0, len(horizons) - 1, _ROWS).round().astype(int))
    return [horizons[place] for place in places]


def _last(value: float) -> float:
    return np.inf if np.isnan(value) else value


def number(value: float) -> str:
    """Three digits after the point while they tell something; a dash for what cannot be told."""
    if np.isnan(value):
        return "-"
    return f"{value:.3f}" if abs(value) < 100 else f"{value:,.0f}"  # noqa: PLR2004 - three digits


def _causal(account: Account) -> str:
    if account.looks_ahead is None:
        return ""
    if account.looks_ahead:
        return "; NOT CAUSAL: forecasts changed when the future was scrambled"
    return "; forecasts stay equal when the future is scrambled"


def summary_lines(accounts: Sequence[Account]) -> Iterator[str]:
    """Yield one row for each series and the mean over them; nothing of one series."""
    if len(accounts) == 1:
        return
    titles = ["series", "origins", "MASE", "skill", "95 %", "used", "maximum's coverage"]
    rows = [
        [
            account.trace.name,
            str(account.result.times.size),
            number(account.overall.mase),
            number(account.overall.skill),
            f"[{number(account.skill.low)}, {number(account.skill.high)}]",
            f"{account.gate:.0%}",
            number(account.maximum.coverage),
        ]
        for account in accounts
    ]
    yield from aligned([titles, *rows])
    yield f"error against reactive, geometric mean over series: {number(mean_ratio(accounts))}"


def change_lines(changes: Sequence[Change]) -> Iterator[str]:
    """Yield then, now and the difference of what changed."""
    moved = [each for each in changes if number(each.before) != number(each.after)]
    if not changes:
        yield "no series is in both runs"
    elif not moved:
        yield f"none of {len(changes) // len(NAMES)} series changed since the earlier run"
    else:
        rows = [
            [
                each.series,
                each.figure,
                number(each.before),
                number(each.after),
                number(each.after - each.before),
            ]
            for each in moved
        ]
        yield from aligned([["series", "figure", "before", "now", "change"], *rows])


def forecast_lines(trace: Trace, forecast: Forecast) -> Iterator[str]:
    """Yield a forecast, step by step."""
    yield (
        f"{trace.name}: {len(trace.series)} values, one in {length(trace.series.step)};"
        f" {forecast.reason.value}, skill {number(forecast.skill)},"
        f" by {', '.join(f'{each.name} {each.weight:.0%}' for each in forecast.chosen)}"
    )
    yield from aligned(forecast_rows(trace, forecast))
    yield (
        f"maximum of the next {length(forecast.window)}: {number(forecast.peak)},"
        f" at most {number(forecast.bound)} with probability {forecast.quantile:g}"
    )


def forecast_rows(trace: Trace, forecast: Forecast) -> list[list[str]]:
    """Return the table of a forecast by time, its titles first."""
    times = [
        iso(forecast.at + trace.shift + place * forecast.step)
        for place in range(forecast.path.size)
    ]
    rows = [
        [at, number(value), *map(number, bands)]
        for at, value, bands in zip(times, forecast.path, forecast.bands.T, strict=True)
    ]
    return [["time", "forecast", *(f"q{level:g}" for level in forecast.levels)], *rows]


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows with the first column to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        yield "  ".join([first.ljust(widths[0]), *cells])
