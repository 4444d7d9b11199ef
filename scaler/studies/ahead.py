"""What a forecast looks like: what came before it, its fan, and the bound of the maximum."""

import numpy as np

from forecasting.forecast import Forecast
from forecasting.prepared import DAY
from scaler.studies.chart import Chart, dates, thin
from scaler.studies.svg import Frame, scale
from scaler.studies.times import length
from scaler.studies.traces import Trace

_BEFORE = 4
"""Horizons of history that are shown, a day at the least."""


def ahead(trace: Trace, forecast: Forecast) -> Chart:
    """Return what came last, the forecast that follows, and the bound of its maximum."""
    horizon = forecast.path.size * forecast.step
    shown = trace.series.since(forecast.at - max(_BEFORE * horizon, DAY))
    times, values = thin(shown.times().astype(np.float64), shown.values)
    following = forecast.at + forecast.step * np.arange(forecast.path.size, dtype=np.float64)
    known = np.concatenate((values, forecast.path, forecast.bands.ravel(), [forecast.bound]))
    top = float(np.nanmax(known, initial=0.0))
    frame = Frame(x=dates(shown.start, forecast.at + horizon, shift=trace.shift), y=scale(0.0, top))
    window = np.array([forecast.at, forecast.at + forecast.window], dtype=np.float64)
    levels = forecast.levels
    fans = [
        frame.area(following, forecast.bands[low], forecast.bands[-1 - low], style="band")
        for low in range(len(levels) // 2)
        if np.isfinite(forecast.bands[[low, -1 - low]]).all()
    ]
    return Chart(
        title="What came, and what follows",
        note=f"Bands of the quantiles {', '.join(f'{level:g}' for level in levels)}; the maximum"
        f" of the next {length(forecast.window)} stays within the bound with probability"
        f" {forecast.quantile:g}.",
        drawing=frame.drawing(
            [
                *fans,
                frame.line(times, values, style="line actual"),
                frame.line(following, forecast.path, style="line forecast"),
                frame.line(window, np.full(2, forecast.bound), style="line bound"),
            ],
            title="What came, and what follows",
        ),
        legend=(
            ("actual", "what came"),
            ("forecast", "forecast"),
            ("bandkey", "bands"),
            ("bound", "bound of the maximum"),
        ),
    )
