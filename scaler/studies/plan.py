"""What is asked of a study, in steps or seconds, and what it means for one series."""

from collections.abc import Iterable
from math import gcd
from typing import Any

import attrs

from forecasting.calendar import Calendar, holidays_around
from forecasting.forecast import ForecastSpec
from forecasting.forecaster import Forecaster
from forecasting.prepared import DAY, WEEK
from forecasting.series import Series
from scaler.config.calendars import Event
from scaler.config.values import integer, whole_seconds
from scaler.runtime.declared import event

_HOUR = 3_600
_COARSE_STEPS = 6
_LEAST_PARTS = 4
"""A short series is forecast over a quarter of its length."""

_RECORD_EVERY = ForecastSpec().record_every
BANDS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
"""Quantiles that show calibration."""


@attrs.frozen(kw_only=True)
class Span:
    """A length of time: so many steps of the series, or so many seconds."""

    count: int = attrs.field(validator=attrs.validators.gt(0))
    in_steps: bool

    def seconds(self, *, step: int) -> int:
        """Return the length for a series of this step, in whole steps, at least one."""
        return step * (self.count if self.in_steps else max(round(self.count / step), 1))


def span(given: str) -> Span:
    """Return `48` as steps and `30m` as a duration; days may be written `14d`.

    Raises:
        Invalid: it is neither.
    """
    text = given.strip()
    if text.isdigit():
        return Span(count=integer(low=1)(text), in_steps=True)
    if text.endswith("d") and text[:-1].isdigit():
        text = f"{24 * int(text[:-1])}h"
    return Span(count=whole_seconds(low=1, high=10 * 366 * DAY)(text), in_steps=False)


@attrs.frozen(kw_only=True)
class Plan:
    """What is asked; None is the default for each series."""

    horizon: Span | None = None
    """How far to forecast: an hour, or six steps of a series whose step is an hour or more."""

    window: Span | None = None
    """What the bound of the maximum looks ahead; the horizon."""

    step: Span | None = None
    """Between origins: 15 min, or a step where that is more."""

    windows: int | None = None
    """How many origins, the last ones; all."""

    input_size: Span | None = None
    """History that coefficients are learned from: 28 days."""

    refit_every: Span | None = None
    quantile: float = 0.9
    levels: tuple[float, ...] = BANDS
    """Quantiles of the bands."""

    seasons: tuple[int, ...] = (DAY, WEEK)
    """Seconds."""

    timezone: str = "UTC"
    events: tuple[Event, ...] = ()
    holidays: tuple[str, ...] = ()
    """Whose public holidays are like Sundays: `DE`, `DE-BY`."""

    causal_origins: int = 2
    """At how many origins the future is scrambled, to see that forecasts stay equal."""

    def told(self) -> dict[str, Any]:
        """Return it for a document."""
        return attrs.asdict(self)

    def forecaster(self, series: Series) -> Forecaster:
        """Return the forecaster for one series."""
        default = ForecastSpec()
        horizon = self._horizon(series)
        window = _seconds(self.window, series, default=horizon)
        spec = attrs.evolve(
            default,
            horizon=horizon,
            window=min(window, horizon),
            quantile=self.quantile,
            levels=tuple(sorted({*self.levels, self.quantile})),
            seasons=tuple(sorted(set(self.seasons))),
            memory=_seconds(self.input_size, series, default=default.memory),
            refit_every=_seconds(self.refit_every, series, default=default.refit_every),
            record_every=self._record_every(series),
        )
        return Forecaster(spec=spec, calendar=self._calendar(series))

    def _calendar(self, series: Series) -> Calendar:
        days = holidays_around(self.holidays, first=series.start, last=series.end)
        events = tuple(event(each) for each in self.events)
        return Calendar(zone=self.timezone, events=events, holidays=days)

    def stride(self, series: Series) -> int | None:
        """Return the seconds between origins; None for each of the record's."""
        return None if self.step is None else self.step.seconds(step=series.step)

    def _horizon(self, series: Series) -> int:
        if self.horizon is not None:
            return self.horizon.seconds(step=series.step)
        usual = _HOUR if series.step < _HOUR else _COARSE_STEPS * series.step
        return max(min(usual, len(series) // _LEAST_PARTS * series.step), series.step)

    def _record_every(self, series: Series) -> int:
        """Return the seconds between the record's origins, which those of the study fall on."""
        usual = series.step if series.end - series.start < DAY else _RECORD_EVERY
        stride = self.stride(series)
        return usual if stride is None else max(gcd(stride, usual), series.step)


def _seconds(given: Span | None, series: Series, *, default: int) -> int:
    return default if given is None else given.seconds(step=series.step)


def quantiles(levels: Iterable[float]) -> tuple[float, ...]:
    """Return the two quantiles that bound each central share, given in percent: 80 is 0.1, 0.9."""
    halves = (level / 200.0 for level in levels)
    return tuple(sorted({round(0.5 + side * half, 6) for half in halves for side in (-1, 1)}))
