"""Forecasts as CSV: one row for each series, origin and time, as statsforecast lays them out."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from forecasting.evaluation import Backtest
from forecasting.forecast import Forecast
from scaler.studies.backtests import Account
from scaler.studies.times import iso
from scaler.studies.traces import Trace


def write_backtest(accounts: Sequence[Account], *, file: TextIO) -> None:
    """Write what was forecast from every origin, and what came.

    `cutoff` is the last time that was known, `maximum` and `bound` are of the origin's window.
    """
    levels = accounts[0].result.forecaster.spec.levels
    bands = [f"q{level:g}" for level in levels]
    header = ["unique_id", "cutoff", "ds", "y", "forecast", "reactive", *bands, "maximum", "bound"]
    _write(header, (row for account in accounts for row in _origins(account)), file=file)


def write_forecast(found: Iterable[tuple[Trace, Forecast]], *, file: TextIO) -> None:
    """Write forecasts, one row for each series and time."""
    pairs = list(found)
    header = ["unique_id", "ds", "forecast", *(f"q{level:g}" for level in pairs[0][1].levels)]
    _write(header, (row for pair in pairs for row in _path(*pair)), file=file)


def _write(header: Sequence[str], rows: Iterable[Sequence[object]], *, file: TextIO) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)


def _origins(account: Account) -> Iterator[list[object]]:
    trace, result = account.trace, account.result
    step = trace.series.step
    for origin, time in enumerate(result.times):
        at = int(time) + trace.shift
        for place, knot in enumerate(result.knots):
            ds = iso(at + (int(knot) - 1) * step)
            yield [trace.name, iso(at - step), ds, *_numbers(result, origin=origin, place=place)]


def _numbers(result: Backtest, *, origin: int, place: int) -> list[str]:
    values = (
        result.actual[origin, place],
        result.paths[0, origin, place],
        result.paths[1, origin, place],
        *result.bands[:, origin, place],
        result.peaks[origin],
        result.bounds[0, origin],
    )
    return [_cell(value) for value in values]


def _path(trace: Trace, forecast: Forecast) -> Iterator[list[object]]:
    for place, value in enumerate(forecast.path):
        ds = iso(forecast.at + trace.shift + place * forecast.step)
        yield [trace.name, ds, _cell(value), *map(_cell, forecast.bands[:, place])]


def _cell(value: float) -> str:
    """Six digits; nothing where nothing is known."""
    return f"{value:.6g}" if value == value else ""  # noqa: PLR0124 - NaN is not itself
