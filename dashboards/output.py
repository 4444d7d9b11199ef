"""What is generated, and where it stands: dashboards, and the rules as an operator's object."""

from collections.abc import Mapping
from pathlib import Path

import yaml

from dashboards.fleet import FLEET
from dashboards.forecast import FORECAST
from dashboards.frame import text_of
from dashboards.question import Board
from dashboards.workload import WORKLOAD

BOARDS: tuple[Board, ...] = (FLEET, WORKLOAD, FORECAST)
HERE = Path(__file__).parent
MONITORING = HERE.parent / "manifests" / "components" / "monitoring"
RULES = MONITORING / "forescale.rules.yaml"
OBJECT = MONITORING / "prometheusrule.yaml"
WRITTEN = "# Written by `make dashboards` from forescale.rules.yaml.\n"


def generated() -> Mapping[Path, str]:
    """Return every generated file with its text."""
    boards = {HERE / f"{board.uid}.json": text_of(board) for board in BOARDS}
    return {**boards, OBJECT: _object(RULES.read_text())}


def _object(rules: str) -> str:
    """Return the rules as a PrometheusRule, which Prometheus' operator reads."""
    document = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "forescale"},
        "spec": yaml.safe_load(rules),
    }
    return WRITTEN + yaml.safe_dump(document, sort_keys=False, width=100)
