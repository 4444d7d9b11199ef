"""Queries of dashboards as Grafana would send them."""

import re
from collections.abc import Mapping

from dashboards.question import Ask, Board

DEFAULTS = {
    "cluster": ".*",
    "namespace": ".*",
    "workload": ".*",
    "lead": "15",
    "price": "2.5",
    "__rate_interval": "1m",
}


def filled(expr: str, **chosen: str) -> str:
    """A query with its variables replaced."""
    values: Mapping[str, str] = {**DEFAULTS, **chosen}
    return re.sub(r"\$\{?(\w+)\}?", lambda found: values[found[1]], expr)


def question(board: Board, number: int) -> Ask:
    """The first query of a panel."""
    return next(each for each in board.questions if each.number == number).asks[0]
