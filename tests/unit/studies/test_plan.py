"""What is asked in steps or seconds means something for each series."""

import attrs
import numpy as np
import pytest

from forecasting.series import Series
from scaler.config.values import Invalid
from scaler.studies.plan import BANDS, Plan, Span, quantiles, span


def series(*, step: int, size: int) -> Series:
    return Series(start=0, step=step, values=np.ones(size))


@pytest.mark.parametrize(
    ("given", "step", "seconds"),
    [("48", 3_600, 172_800), ("30m", 60, 1_800), ("14d", 600, 1_209_600), ("1m", 3_600, 3_600)],
)
def test_a_bare_number_counts_steps_and_a_duration_seconds(
    given: str, step: int, seconds: int
) -> None:
    assert seconds == span(given).seconds(step=step)


@pytest.mark.parametrize("given", ["0", "-1", "soon", "", "1.5", "0s"])
def test_what_is_no_span_is_refused(given: str) -> None:
    with pytest.raises(Invalid):
        span(given)


@pytest.mark.parametrize(
    ("step", "size", "horizon"),
    [
        (60, 10_080, 3_600),
        (600, 1_008, 3_600),
        (3_600, 144, 21_600),
        (60, 59, 840),
        (60, 2, 60),
    ],
)
def test_the_horizon_is_an_hour_or_six_steps_or_what_a_short_series_bears(
    step: int, size: int, horizon: int
) -> None:
    spec = Plan().forecaster(series(step=step, size=size)).spec

    assert (horizon, horizon) == (spec.horizon, spec.window)


@pytest.mark.parametrize(
    ("step", "every"),
    [(None, 900), ("1m", 60), ("20m", 300), ("1h", 900)],
)
def test_origins_of_the_study_are_among_those_of_the_record(step: str | None, every: int) -> None:
    plan = Plan(step=None if step is None else span(step))

    assert every == plan.forecaster(series(step=60, size=10_080)).spec.record_every


def test_every_option_reaches_the_forecaster() -> None:
    plan = Plan(
        horizon=Span(count=48, in_steps=True),
        window=Span(count=12, in_steps=True),
        input_size=span("7d"),
        refit_every=span("1h"),
        quantile=0.95,
        levels=(0.1, 0.9),
        seasons=(604_800, 86_400),
        timezone="Europe/Berlin",
    )

    made = plan.forecaster(series(step=3_600, size=1_000))

    assert {
        "horizon": 172_800,
        "window": 43_200,
        "memory": 604_800,
        "refit_every": 3_600,
        "quantile": 0.95,
        "levels": (0.1, 0.9, 0.95),
        "seasons": (86_400, 604_800),
    }.items() <= attrs.asdict(made.spec).items()
    assert "Europe/Berlin" == made.calendar.zone


def test_levels_are_central_shares_in_percent() -> None:
    assert (0.025, 0.1, 0.9, 0.975) == quantiles([80, 95])
    assert () == quantiles([])
    assert 0.5 in BANDS
