"""What a study was run with is a file that the service takes."""

from pathlib import Path

import attrs
import pytest

from forecasting.bootstrap import Interval
from scaler.config.load import load
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
