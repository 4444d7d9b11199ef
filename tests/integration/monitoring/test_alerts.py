"""The rules on an hour of series for each situation, evaluated by Prometheus' own tool."""

import json
import subprocess
from pathlib import Path

import pytest

from dashboards.fleet import FLEET
from dashboards.output import RULES
from tests.integration.monitoring.filled import filled, question
from tests.integration.monitoring.situations import RIGHT, WRONG, Situation
from tests.tools.servers import need
from tests.unit.dashboards.test_boards import ALERTS

pytestmark = pytest.mark.integration

LATER = "45m"
SOON = "11m"
"""A minute after what is wrong has begun, where it does not begin with the hour."""
FIRING = 'count by (alertname) (ALERTS{alertstate="firing"})'


def seen() -> str:
    """Whether the first screen of *Fleet* shows that something is wrong."""
    trouble, service, asked, scalers = (
        filled(question(FLEET, number).expr) for number in (1, 19, 2, 3)
    )
    several, none = f"count({scalers}) > 1", f"absent({scalers})"
    return f"group(({trouble}) or ({service}) or ({asked} >= 60) or ({several}) or ({none}))"


def promtool(*args: str) -> str:
    """What it says; it fails where an expectation is not met."""
    command = [str(need("prometheus")["promtool"]), *args]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


def case(name: str, situation: Situation) -> dict[str, object]:
    fires = sorted(situation.fires)
    expected = [{"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in fires]
    wrong = {"expr": seen(), "eval_time": SOON, "exp_samples": [{"labels": "{}", "value": 1}]}
    return {
        "name": name,
        "interval": "15s",
        "input_series": [
            {"series": series, "values": values} for series, values in situation.series.items()
        ],
        "promql_expr_test": [
            {"expr": f"({FIRING}) > bool 0", "eval_time": LATER, "exp_samples": expected},
            *([wrong] if fires else []),
        ],
    }


def test_rules_are_valid() -> None:
    assert "SUCCESS" in promtool("check", "rules", "--lint=all", "--lint-fatal", str(RULES))


def test_incidents_are_on_the_first_screen_and_alert_and_nothing_else_does(tmp_path: Path) -> None:
    cases = [case(name, situation) for name, situation in {**WRONG, **RIGHT}.items()]
    file = tmp_path / "situations.json"
    seldom = tmp_path / "seldom.yaml"
    # An hour at four evaluations a minute, 33 times, would take seconds of nothing new.
    seldom.write_text(RULES.read_text().replace("interval: 15s", "interval: 1m"))
    document = {"rule_files": [str(seldom)], "evaluation_interval": "1m", "tests": cases}
    file.write_text(json.dumps(document))
    promtool("test", "rules", str(file))


def test_every_alert_fires_in_some_situation() -> None:
    assert set(ALERTS) == set().union(*(situation.fires for situation in WRONG.values()))
