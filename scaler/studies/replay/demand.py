"""A trace's demand at the size of a fleet: how many requests come when, the same for everybody."""

import attrs
import numpy as np

from forecasting.arrays import FloatArray, IntArray
from forecasting.series import Series
from scaler.errors import ConfigError, Problem
from scaler.studies.plan import Span
from scaler.studies.traces import Trace

STEP = 5
"""Seconds of the fluid's step; a multiple of it is between two scrapes and two syncs."""

GRID = 60
"""Stretches begin and end on whole minutes."""

_LEAST = 600


@attrs.frozen(kw_only=True)
class Stretch:
    """What is asked for: the `last` part of the trace, after a `warm_up` that is not scored.

    The highest demand of what is scored is what `peak` replicas bear.
    """

    last: Span
    warm_up: int
    peak: float
    seed: int


@attrs.frozen(kw_only=True, eq=False)
class Demand:
    """Requests per second, and the requests that came of them. Times are Unix seconds."""

    trace: Trace
    oldest: int
    """Before this nothing is known."""
    first: int
    """The world begins; what came before is history."""
    start: int
    """What comes from here on is scored."""
    stop: int
    knots: FloatArray
    rates: FloatArray
    """Requests per second at the knots, in straight lines between them."""
    arrivals: FloatArray
    """Requests in each step from `first` on: Poisson, so a trace's own bursts within its step are
    not in it."""
    past: FloatArray
    """Requests per second in each minute from `oldest` to `first`; NaN where nothing is known."""
    missing: float
    """Share of what is scored that the trace does not say, where straight lines stand in."""

    def rate(self, times: FloatArray) -> FloatArray:
        """Return the requests per second at some times."""
        return np.asarray(np.interp(times, self.knots, self.rates))

    def rate_at(self, at: float) -> float:
        """Return the requests per second at one time."""
        return float(np.interp(at, self.knots, self.rates))

    def past_at(self, at: int) -> float | None:
        """Return what was counted before the world began, or last; None where nobody knows."""
        place = min((at - self.oldest) // GRID, self.past.size - 1)
        if place < 0 or np.isnan(self.past[place]):
            return None
        return float(self.past[place])

    def times(self) -> FloatArray:
        """Return the middle of each step from `first` on."""
        return self.first + STEP * (np.arange(self.arrivals.size, dtype=np.float64) + 0.5)


def demand(trace: Trace, *, stretch: Stretch, capacity: float) -> Demand:
    """Scale a trace to a fleet whose replicas bear `capacity` requests per second.

    Raises:
        ConfigError: it is too short, or nothing arrives in the part that is asked for.
    """
    series = trace.series
    stop = series.end - series.end % GRID
    oldest = series.start + -series.start % GRID
    wanted = min(stretch.last.seconds(step=series.step), stop - oldest)
    # A trace that is replayed whole needs its own beginning to warm up.
    start = max(stop - wanted, oldest + min(stretch.warm_up, (stop - oldest) // 4))
    start += -start % GRID
    if stop - start < _LEAST:
        raise _wrong(trace, f"is {series.end - series.start} s long, and needs 20 min at least")
    first = max(oldest, start - stretch.warm_up)
    known = np.isfinite(series.values)
    knots = (series.times() + series.step / 2)[known].astype(np.float64)
    values = series.values[known]
    scored = np.interp(np.arange(start, stop, STEP) + STEP / 2, knots, values)
    if not scored.max() > 0:
        raise _wrong(trace, f"has nothing but zeros in its last {stop - start} s")
    rates = np.maximum(values, 0.0) * stretch.peak * capacity / scored.max()
    middle = np.arange(first, stop, STEP) + STEP / 2
    draw = np.random.default_rng(stretch.seed)
    part = series.since(start)
    return Demand(
        trace=trace,
        oldest=oldest,
        first=first,
        start=start,
        stop=stop,
        knots=knots,
        rates=rates,
        arrivals=draw.poisson(STEP * np.interp(middle, knots, rates)).astype(np.float64),
        past=_past(series, times=np.arange(oldest, first, GRID), rates=(knots, rates), draw=draw),
        missing=float(np.mean(~np.isfinite(part.values))) if len(part) else 0.0,
    )


def _past(
    series: Series,
    *,
    times: IntArray,
    rates: tuple[FloatArray, FloatArray],
    draw: np.random.Generator,
) -> FloatArray:
    counts = draw.poisson(GRID * np.interp(times + GRID / 2, *rates)) / GRID
    counts[np.isnan(series.values[(times - series.start) // series.step])] = np.nan
    return np.asarray(counts, dtype=np.float64)


def _wrong(trace: Trace, rule: str) -> ConfigError:
    return ConfigError(Problem(path=trace.name, rule=rule))
