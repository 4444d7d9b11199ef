"""Dashboards and rules as files: what they say of each other, of the metrics and of the guides."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.frame import encoded
from dashboards.output import BOARDS, HERE, MONITORING, RULES, generated
from dashboards.question import Board, Question
from scaler.telemetry import METRICS

ROOT = HERE.parent
GROUPS = yaml.safe_load(RULES.read_text())["groups"]
EVERY_RULE = [rule for group in GROUPS for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in EVERY_RULE if "alert" in rule}
RECORDS = {rule["record"] for rule in EVERY_RULE if "record" in rule}
TROUBLES = {
    rule["labels"]["trouble"]
    for rule in EVERY_RULE
    if rule.get("record") == "workload:forescale_trouble:active"
}
GUIDE = (ROOT / "docs/guides/alerts.md").read_text()
NAMES = re.compile(r"(?:\w+:)*forescale_\w+(?::\w+)*")

PANELS = [
    pytest.param(question, id=f"{board.uid}-{question.number}")
    for board in BOARDS
    for question in board.questions
]
BY_BOARD = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)


def used(expr: str) -> set[str]:
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in NAMES.findall(expr)}


EXPRESSIONS = [
    *(ask.expr for board in BOARDS for question in board.questions for ask in question.asks),
    *(rule["expr"] for rule in EVERY_RULE),
]


@pytest.mark.parametrize(("path", "text"), generated().items(), ids=lambda it: Path(it).name[:40])
def test_files_are_what_the_code_generates(path: Path, text: str) -> None:
    assert text == path.read_text(), "run `make dashboards` and commit"


@BY_BOARD
def test_json_survives_grafanas_own_types(board: Board) -> None:
    register_default_plugins()
    text = (HERE / f"{board.uid}.json").read_text()
    assert text == encoded(Dashboard.from_json(json.loads(text)))


@BY_BOARD
def test_every_panel_keeps_an_id_of_its_own(board: Board) -> None:
    times = Counter(question.number for question in board.questions)
    assert [] == [number for number, count in times.items() if count > 1]


@BY_BOARD
def test_every_variable_that_is_used_is_there(board: Board) -> None:
    text = (HERE / f"{board.uid}.json").read_text()
    given = {each["name"] for each in json.loads(text)["templating"]["list"]}
    named = set(re.findall(r"\$\{?([a-z]+)", text)) - {"__all"}
    assert set() == named - given


@pytest.mark.parametrize("question", PANELS)
def test_panel_asks_a_question_and_says_what_it_shows(question: Question) -> None:
    assert question.title.endswith("?")
    assert question.says.endswith(".")
    assert all(ask.legend for ask in question.asks) or 1 == len(question.asks)


def test_only_documented_metrics_are_asked_for() -> None:
    table = (ROOT / "docs/reference/metrics.md").read_text()
    documented = set(re.findall(r"^\| `(forescale_\w+)`", table, re.MULTILINE))
    asked = {name for expr in EXPRESSIONS for name in used(expr)}
    assert set() == asked - documented - RECORDS


def test_every_exported_metric_is_asked_for() -> None:
    asked = {name for expr in EXPRESSIONS for name in used(expr)}
    assert set() == {metric.name for metric in METRICS} - asked


def test_every_alert_has_a_section_in_the_guide_and_names_it() -> None:
    sections = set(re.findall(r"^### (\w+)$", GUIDE, re.MULTILINE))
    assert sections == set(ALERTS)
    links = {name: rule["annotations"]["runbook"] for name, rule in ALERTS.items()}
    assert links == {name: f"docs/guides/alerts.md#{name.lower()}" for name in ALERTS}


def test_every_section_says_what_it_means_what_to_look_at_and_what_to_do() -> None:
    for section in GUIDE.split("\n### ")[1:]:
        assert ["Means", "Look at", "Do"] == re.findall(
            r"^\*([A-Z][a-z ]+)\*: ", section, re.MULTILINE
        )


def test_every_trouble_is_explained_and_has_an_alert() -> None:
    alerting = "\n".join(rule["expr"] for rule in ALERTS.values())
    for trouble in TROUBLES:
        assert f"`{trouble}`" in GUIDE
        assert f'trouble="{trouble}"' in alerting or f"forescale_{trouble}:" in alerting


def test_component_delivers_every_dashboard_and_rule() -> None:
    component = yaml.safe_load((HERE / "kustomization.yaml").read_text())
    files = [file for each in component["configMapGenerator"] for file in each["files"]]
    assert sorted(path.name for path in HERE.glob("*.json")) == sorted(files)
    assert {"grafana_dashboard": "1"} == component["generatorOptions"]["labels"]
    monitoring = yaml.safe_load((MONITORING / "kustomization.yaml").read_text())
    assert ["prometheusrule.yaml"] == monitoring["resources"]
    assert HERE == (MONITORING / monitoring["components"][0]).resolve()
