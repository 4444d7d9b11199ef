"""What a study was run with is a file that the service takes."""

from pathlib import Path

import attrs
import pytest

from forecasting.bootstrap import Interval
from scaler.config.calendars import Event
from scaler.config.load import load
from scaler.config.understand import understand
from scaler.studies.backtests import Account
from scaler.studies.plan import Plan
from scaler.studies.profile import settings


@pytest.mark.parametrize(("low", "forecast"), [(0.1, "enabled"), (-0.1, "observe")])
def test_the_service_takes_the_settings_as_they_are(
    account: Account, tmp_path: Path, *, low: float, forecast: str
) -> None:
    path = tmp_path / "forescale.yaml"
    plan = Plan(quantile=0.95, seasons=(86_400, 43_200), timezone="Europe/Berlin")
    one = attrs.evolve(account, skill=Interval(low=low, high=0.5))
    path.write_text(settings([one], plan=plan))

    profile = load(path, environ={}).profiles["forecast"]

    assert {
        "forecast": forecast,
        "forecastQuantile": "0.95",
        "season": "day,43200s",
        "timezone": "Europe/Berlin",
    } == dict(profile.metadata)


def test_what_was_declared_is_a_calendar_of_the_settings(account: Account, tmp_path: Path) -> None:
    path = tmp_path / "forescale.yaml"
    sale = Event(name="sale", start=1_795_766_400, end=1_795_777_200, every=604_800, multiplier=2.5)
    plan = Plan(timezone="Europe/Berlin", events=(sale,), holidays=("DE-BY",))
    path.write_text(settings([account], plan=plan))
    source = {"FORESCALE_PROMETHEUS_URL": "http://prometheus:9090"}

    found = understand("a", "b", {"engine": "vllm"}, settings=load(path, environ=source))

    assert plan.events == found.forecasting.events
    assert ("DE-BY",) == found.forecasting.holidays
