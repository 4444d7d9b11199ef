"""Whether a forecaster still understands its series: for alerts and for explanations."""

import attrs
import numpy as np

from forecasting.arrays import root
from forecasting.drift import coverage_lost, last_change
from forecasting.forecaster import Fitted
from forecasting.verdict import coverage


@attrs.frozen(kw_only=True)
class Health:
    """What the record says about the present."""

    coverage: float
    """Share of the last record's maxima within their bound; NaN without a record."""

    coverage_lost: bool
    """It is lower than chance explains, for now: margins widen by themselves."""

    changed_at: int | None
    """Unix seconds at which the errors last changed their level, None if they did not."""


def health(fitted: Fitted) -> Health:
    """Return the state of a forecaster, from errors at the end of its window."""
    rules, track = fitted.rules, fitted.track
    held = coverage(track, fitted.verdict, rules=rules)
    knot = int(np.flatnonzero(rules.knots <= rules.window)[-1])
    # Forecasts that overlap err alike; one window apart, their errors are nearly independent.
    apart = max(-(-rules.window * rules.step // fitted.every), 1)
    errors = root(track.actual[::apart, knot]) - root(fitted.verdict.path[::apart, knot])
    change = last_change(errors)
    return Health(
        coverage=held,
        coverage_lost=coverage_lost(
            coverage=held,
            quantile=rules.adaptation.quantile,
            origins=int(np.isfinite(track.peak[-rules.record // fitted.every :]).sum()),
        ),
        changed_at=None if change is None else int(track.times[::apart][change.begins]),
    )
