"""Every query on a real Prometheus that scrapes the service under the demo's load.

Beside it is scraped what the service says of workloads to which everything happens: there, queries
have answers that a healthy system leaves empty.
"""

import json
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from dashboards.output import BOARDS, HERE, RULES
from tests.integration.monitoring.eventful import exported
from tests.integration.monitoring.filled import filled
from tests.integration.prometheus import prometheus, scrape_config
from tests.patience import PATIENCE
from tests.unit.dashboards.test_boards import EVERY_RULE

pytestmark = pytest.mark.integration

"""Seconds for what should take ten: machines are busy."""
LOOKBACK = 30
SOON = re.compile(r"\[(1d:1m|7d:5m)\]")

Asked = Mapping[str, str]
"""Panel and query to what is asked, of where it must have an answer."""


def every_query() -> Asked:
    return {
        f"{board.uid} {question.number}, {ask.legend}": asked(
            ask.expr, of="eventful" if ask.empty else "demo"
        )
        for board in BOARDS
        for question in board.questions
        for ask in question.asks
    }


def every_variable() -> Asked:
    found = {}
    for board in BOARDS:
        document = json.loads((HERE / f"{board.uid}.json").read_text())
        for variable in document["templating"]["list"]:
            if variable["type"] == "query":
                name, _, rest = variable["query"]["query"].partition("(")
                inside = rest.rpartition(", " if name == "label_values" else ")")[0]
                found[f"{board.uid} ${variable['name']}"] = asked(inside, of="demo")
        for annotation in document["annotations"].get("list", []):
            found[f"{board.uid} {annotation['name']}"] = asked(annotation["expr"], of="demo")
    return found


def asked(expr: str, *, of: str) -> str:
    """As Grafana would send it on a day that lasts seconds."""
    short = SOON.sub("[1m:1s]", expr)
    return filled(short, cluster=of, __rate_interval="10s", lead="2")


@contextmanager
def demo() -> Iterator[str]:
    """Run the demo, and give the address of what the service exports."""
    command = [sys.executable, "-m", "scaler", "demo", "--for", "10m", "--speed", "60"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            said = (re.search(r"http://([\d.:]+)", line) for line in process.stdout)
            yield f"{next(found[1] for found in said if found)}/metrics"
        finally:
            process.kill()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("prometheus")
    often = folder / "rules.yaml"
    often.write_text(RULES.read_text().replace("interval: 15s", "interval: 1s"))
    with demo() as running, exported() as other:
        targets = {
            running: {"cluster": "demo", "instance": "a"},
            other: {"cluster": "eventful", "instance": "b"},
        }
        config = {**json.loads(scrape_config(targets)), "rule_files": [str(often)]}
        with prometheus(folder, config=json.dumps(config)) as address:
            yield address


def ask(server: str, path: str, **given: object) -> Any:
    body = urllib.parse.urlencode(given).encode()
    with urllib.request.urlopen(f"{server}/api/v1/{path}", data=body or None) as answer:  # noqa: S310
        return json.load(answer)["data"]


def is_answered(server: str, expr: str, *, now: float) -> bool:
    """It has had an answer within the last seconds."""
    given = {"query": expr, "start": now - LOOKBACK, "end": now, "step": 1}
    return bool(ask(server, "query_range", **given)["result"])


def test_every_query_has_an_answer(server: str) -> None:
    left: Asked = {**every_query(), **every_variable()}
    until = time.perf_counter() + PATIENCE
    while left and time.perf_counter() < until:
        time.sleep(1.0)
        now, _ = ask(server, "query", query="time()")["result"]
        left = {name: expr for name, expr in left.items() if not is_answered(server, expr, now=now)}
    assert {} == left


def test_every_rule_is_evaluated_without_an_error(server: str) -> None:
    groups = ask(server, "rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(EVERY_RULE) == len(rules)
    assert [] == [rule for rule in rules if rule["health"] == "err"]
