"""What an evaluation looks like: fans, error by horizon, calibration, what was chosen when."""

from itertools import pairwise

import numpy as np

from forecasting.arrays import FloatArray, IntArray
from scaler.studies.backtests import Account
from scaler.studies.chart import Chart, dates, thin
from scaler.studies.svg import Axis, Frame, scale
from scaler.studies.times import length

_FANS = 24
_BINS = 90
_MODELS = 5


def fans(account: Account) -> Chart:
    """Return forecasts from the last origins that do not overlap, over what came."""
    result, series = account.result, account.trace.series
    origins = _apart(result.times, seconds=int(result.knots[-1]) * series.step)
    first = series.index(int(result.times[origins[0]]) - int(result.knots[-1]) * series.step)
    last = series.index(int(result.times[origins[-1]])) + int(result.knots[-1])
    shown = series.slice(first, last)
    times, values = thin(shown.times().astype(np.float64), shown.values)
    low, high = result.bands[0][origins], result.bands[-1][origins]
    top = float(np.nanmax([np.nanmax(values, initial=0.0), np.nanmax(_bounded(high), initial=0.0)]))
    frame = Frame(x=dates(shown.start, shown.end, shift=account.trace.shift), y=scale(0.0, top))
    marks = [
        mark
        for place, origin in enumerate(origins)
        for mark in (
            frame.area(
                _ahead(account, origin), low[place], np.minimum(high[place], top), style="band"
            ),
            frame.line(_ahead(account, origin), result.paths[0, origin], style="line forecast"),
        )
    ]
    levels = result.forecaster.spec.levels
    return Chart(
        title="Forecasts and what came",
        note=f"The last {origins.size} origins one horizon apart; the band reaches from"
        f" {levels[0]:g} to {levels[-1]:g}.",
        drawing=frame.drawing(
            [*marks, frame.line(times, values, style="line actual")], title="Forecasts, what came"
        ),
        legend=(("actual", "what came"), ("forecast", "forecast"), ("bandkey", "band")),
    )


def _bounded(values: FloatArray) -> FloatArray:
    """Return values without the few that would leave no room for the others."""
    return np.minimum(values, 2.0 * np.nanquantile(values, 0.9))


def _apart(times: IntArray, *, seconds: int) -> IntArray:
    """Return the last origins at least so far apart, in order."""
    chosen = [times.size - 1]
    for place in range(times.size - 2, -1, -1):
        if len(chosen) < _FANS and times[chosen[-1]] - times[place] >= seconds:
            chosen.append(place)
    return np.array(chosen[::-1], dtype=np.int64)


def _ahead(account: Account, origin: int) -> FloatArray:
    result = account.result
    steps = (result.knots - 1) * account.trace.series.step
    return np.asarray(result.times[origin] + steps, dtype=np.float64)


def errors(account: Account) -> Chart:
    """Return the error by horizon, beside reactive and the best candidate in hindsight."""
    result = account.result
    hours = result.knots.astype(np.float64) * account.trace.series.step
    best = min(account.rivals, key=lambda rival: np.nan_to_num(rival.score.mase, nan=np.inf))
    drawn = {"forecast": 0, "reactive": 1, "best": result.index(best.name)}
    scaled = {name: _error(account, index) for name, index in drawn.items()}
    top = max(float(np.nanmax(line, initial=0.0)) for line in scaled.values())
    frame = Frame(x=_lengths(hours), y=scale(0.0, top))
    order = ("best", "reactive", "forecast")
    return Chart(
        title="Error by horizon",
        note="Mean absolute error; 1 is the seasonal naive error before the first origin (MASE)."
        if account.result.absolute_scale > 0
        else "Mean absolute error, in the unit of the series.",
        drawing=frame.drawing(
            [frame.line(hours, scaled[name], style=f"line {name}") for name in order],
            title="Error by horizon",
        ),
        legend=(
            ("forecast", "forecast"),
            ("reactive", "reactive"),
            ("best", f"{best.name}, the best candidate in hindsight"),
        ),
    )


def _error(account: Account, index: int) -> FloatArray:
    result = account.result
    error = np.abs(result.paths[index] - result.actual)
    known = np.isfinite(error)
    count = known.sum(axis=0)
    total = np.where(known, error, 0.0).sum(axis=0)
    mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    scaling = result.absolute_scale if result.absolute_scale > 0 else 1.0
    return np.asarray(mean / scaling)


def calibration(account: Account) -> Chart:
    """Return what share came below each quantile, against what was promised."""
    spec = account.result.forecaster.spec
    ends = np.array([0.0, 1.0])
    ticks = [(value, f"{value:.0%}") for value in (0.0, 0.25, 0.5, 0.75, 1.0)]
    axis = Axis(low=0.0, high=1.0, ticks=ticks)
    frame = Frame(x=axis, y=axis)
    marks = [
        frame.line(ends, ends, style="line reactive"),
        frame.line(np.array(spec.levels), np.array(account.observed), style="line forecast"),
        frame.dots(spec.levels, account.observed, style="forecast"),
        frame.dots([spec.quantile], [account.maximum.coverage], style="actual"),
    ]
    return Chart(
        title="Calibration",
        note="Promised quantile across, share of values within it upwards; on the diagonal,"
        " what was promised was held. Many equal values, such as zeros, lift the low end.",
        drawing=frame.drawing(marks, title="Calibration"),
        legend=(
            ("forecast", "quantiles of each step"),
            ("actual", f"maximum of {length(spec.window)}"),
            ("reactive", "perfect"),
        ),
    )


def chosen(account: Account) -> Chart:
    """Return the part of each candidate in the forecast over time."""
    result = account.result
    order = [int(place) for place in np.argsort(-result.weights.mean(axis=1), kind="stable")]
    few, rest = order[:_MODELS], order[_MODELS:]
    parts = np.vstack([result.weights[few], result.weights[rest].sum(axis=0)])
    edges = np.unique(np.linspace(0, result.times.size, _BINS + 1).astype(int))
    parts = np.stack([parts[:, a:b].mean(axis=1) for a, b in pairwise(edges)], 1)
    times = np.append(result.times[edges[:-1]], result.times[-1]).astype(np.float64)
    tops = np.cumsum(np.column_stack([parts, parts[:, -1]]), axis=0)
    lows = np.vstack([np.zeros(times.size), tops[:-1]])
    share = Axis(low=0.0, high=1.0, ticks=[(0.0, "0%"), (0.5, "50%"), (1.0, "100%")])
    frame = Frame(x=dates(int(times[0]), int(times[-1]) + 1, shift=account.trace.shift), y=share)
    names = [*(result.names[1 + place] for place in few), "others"]
    return Chart(
        title="What was chosen when",
        note=f"Parts in the forecast, mean over the window; without skill it is reactive alone"
        f" ({1 - account.gate:.0%} of the origins).",
        drawing=frame.drawing(
            [
                frame.area(times, low, top, style=f"part{place}")
                for place, (low, top) in enumerate(zip(lows, tops, strict=True))
            ],
            title="What was chosen when",
        ),
        legend=tuple((f"part{place}", name) for place, name in enumerate(names)),
    )


def _lengths(seconds: FloatArray) -> Axis:
    places = np.unique(np.linspace(0, seconds.size - 1, 4).round().astype(int))
    wide = [places[0], *(at for at in places[1:] if seconds[at] - seconds[0] > seconds[-1] / 8)]
    ticks = [(float(seconds[at]), length(float(seconds[at]))) for at in wide]
    high = float(seconds[-1]) if seconds.size > 1 else float(seconds[0]) + 1.0
    return Axis(low=float(seconds[0]), high=high, ticks=ticks)
