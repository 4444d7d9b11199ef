"""Rolling-origin evaluation: what would have been forecast from past origins, and what came.

L. J. Tashman, "Out-of-sample tests of forecasting accuracy", 2000. One pass serves all origins,
since every row of a record depends only on what was known at its origin; `looks_ahead` proves it
on the data at hand.
"""

import attrs
import numpy as np

from forecasting.arrays import BoolArray, FloatArray, IntArray
from forecasting.forecaster import Fitted, Forecaster
from forecasting.metrics import seasonal_scales
from forecasting.series import Series
from forecasting.verdict import bands_at

COMBINED = "forecast"


@attrs.frozen(kw_only=True, eq=False)
class Backtest:
    """Forecasts from many origins and what came; all in the unit of the series."""

    forecaster: Forecaster
    names: tuple[str, ...]
    """The combination first, then the candidates; the second is the reactive baseline."""

    times: IntArray
    """Unix seconds of the origins, ascending."""

    knots: IntArray
    """Horizons in steps."""

    paths: FloatArray
    """Shape (names, origins, knots); where a candidate is silent, the baseline speaks for it."""

    actual: FloatArray
    """Shape (origins, knots)."""

    bands: FloatArray
    """Quantiles of the combination at the spec's levels, shape (levels, origins, knots)."""

    peaks: FloatArray
    """The maximum that came in the window, shape (origins,)."""

    bounds: FloatArray
    """Upper bounds of that maximum at the spec's quantile, shape (names, origins)."""

    weights: FloatArray
    """Part of each candidate in the combination, mean over the window, shape (candidates,
    origins)."""

    skilled: BoolArray
    """Whether the gate was open, shape (origins,)."""

    absolute_scale: float
    """Mean absolute error of the seasonal naive forecast before the first origin: the unit of
    MASE."""

    squared_scale: float

    def index(self, name: str) -> int:
        """Return the position of a candidate, or of the combination.

        Raises:
            ValueError: there is none of that name.
        """
        if name not in self.names:
            raise ValueError(f"no candidate {name!r} among {', '.join(self.names)}")
        return self.names.index(name)

    @property
    def spans(self) -> FloatArray:
        """How many steps each knot stands for: the weights of a mean over the horizon."""
        edges = np.concatenate(
            ([0.5], (self.knots[1:] + self.knots[:-1]) / 2, [self.knots[-1] + 0.5])
        )
        return np.diff(edges)


def backtest(
    series: Series,
    *,
    forecaster: Forecaster,
    since: int | None = None,
    step: int | None = None,
    windows: int | None = None,
) -> Backtest:
    """Return the forecasts from origins up to one horizon before the end.

    Args:
        series: the whole history.
        forecaster: what is evaluated; it learns only from what lies before each origin.
        since: Unix seconds of the first origin; by default after a third of the series.
        step: seconds between origins, rounded up to the record's; counted back from the last one.
        windows: how many origins, the last ones; all by default.

    Raises:
        ValueError: no origin is left.
    """
    fitted = forecaster.fit(series, since=series.start)
    rows = _rows(fitted, since=since, step=step, windows=windows)
    if rows.size == 0:
        raise ValueError(
            f"{len(series)} values leave no origin for horizon {fitted.rules.knots[-1]}"
        )
    return _evaluated(fitted, rows)


def _rows(fitted: Fitted, *, since: int | None, step: int | None, windows: int | None) -> IntArray:
    series, times = fitted.series, fitted.track.times
    first = series.start + (series.end - series.start) // 3 if since is None else since
    last = series.end - int(fitted.rules.knots[-1]) * series.step
    rows = np.flatnonzero((times >= first) & (times <= last) & (times > series.start))
    stride = -(-(step or fitted.every) // fitted.every)
    return np.asarray(rows[::-1][::stride][:windows][::-1], dtype=np.int64)


def _evaluated(fitted: Fitted, rows: IntArray) -> Backtest:
    track, verdict, rules, spec = fitted.track, fitted.verdict, fitted.rules, fitted.forecaster.spec
    reactive = track.paths[rules.baseline]
    paths = np.concatenate(
        (verdict.path[None], np.where(np.isnan(track.paths), reactive, track.paths))
    )
    bounds = verdict.candidate_bounds
    silent = np.where(np.isnan(bounds), bounds[rules.baseline], bounds)
    bands = [
        bands_at(
            track, verdict, row=int(row), path=verdict.path[row], rules=rules, levels=spec.levels
        )
        for row in rows
    ]
    before = fitted.series.before(int(track.times[rows[0]]))
    season = max(round(spec.seasons[0] / before.step), 1) if spec.seasons else 1
    absolute, squared = seasonal_scales(before, season=season)
    weights = np.where(verdict.skilled, rules.in_window(verdict.weights), 0.0)
    weights[rules.baseline] += ~verdict.skilled
    return Backtest(
        forecaster=fitted.forecaster,
        names=(COMBINED, *fitted.names),
        times=track.times[rows],
        knots=rules.knots,
        paths=paths[:, rows],
        actual=track.actual[rows],
        bands=np.stack(bands, axis=1),
        peaks=track.peak[rows],
        bounds=np.concatenate((verdict.bound[None], silent))[:, rows],
        weights=weights[:, rows],
        skilled=verdict.skilled[rows],
        absolute_scale=absolute,
        squared_scale=squared,
    )


def looks_ahead(series: Series, *, forecaster: Forecaster, at: int, seed: int) -> bool:
    """Return whether shuffling the values after *at* changes a forecast made until then.

    True is a defect: it means that a forecast depends on the future.
    """
    first = series.index(at)
    order = np.concatenate(
        (np.arange(first), first + np.random.default_rng(seed).permutation(len(series) - first))
    )
    shuffled = Series(
        start=series.start,
        step=series.step,
        values=series.values[order],
        censored=series.censored[order],
    )
    one, other = (
        _known_at(forecaster.fit(each, since=each.start), at) for each in (series, shuffled)
    )
    return not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(one, other, strict=True))


def _known_at(fitted: Fitted, at: int) -> tuple[FloatArray, ...]:
    rows = fitted.track.times <= at
    verdict = fitted.verdict
    return (
        fitted.track.paths[:, rows],
        verdict.path[rows],
        verdict.bound[rows],
        verdict.weights[:, rows],
    )
