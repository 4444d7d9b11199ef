"""What a panel is made from: a question, how it is asked in PromQL, and how its answer reads."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import attrs

Steps = Sequence[tuple[float | None, str]]
"""From which value on which color; the first has none."""

CALM: Steps = ((None, "green"),)
ANY_IS_BAD: Steps = ((None, "green"), (1, "red"))
PLAIN: Steps = ((None, "text"),)


class Look(StrEnum):
    """How an answer is drawn. All of them exist since Grafana 9."""

    LINES = "lines"
    STACK = "stack"
    NUMBER = "number"
    STATES = "states"
    TABLE = "table"


@attrs.frozen(kw_only=True)
class Ask:
    """One query. `legend` names its series, or its column in a table.

    `empty` says when a healthy system has no answer, as the end of a sentence; a query without it
    always has one.
    """

    expr: str
    legend: str
    empty: str = ""


@attrs.frozen(kw_only=True)
class Line:
    """How one series differs from the others: by color, dashes, filled down to another one."""

    color: str
    dashed: bool = False
    down_to: str = ""
    width: int = 2


@attrs.frozen(kw_only=True)
class Question:
    """One panel. `number` is its id for ever: links and diffs rely on it; `width` is out of 24.

    `units` and `columns` are of a table: the unit of a column, and what labels are called there.
    """

    number: int
    title: str
    says: str
    asks: Sequence[Ask]
    look: Look = Look.LINES
    unit: str = "short"
    width: int = 12
    steps: Steps = PLAIN
    decimals: int | None = None
    lines: Mapping[str, Line] = attrs.field(factory=dict)
    units: Mapping[str, str] = attrs.field(factory=dict)
    columns: Mapping[str, str] = attrs.field(factory=dict)
    names: bool = False
    """A number's label is what it says, and the value does not matter."""
    least: float | None = 0.0
    most: float | None = None
    nothing: str = "-"
    """What is shown where there is no answer."""
    opens_workload: bool = False

    @property
    def description(self) -> str:
        """What it shows, and when it may be empty."""
        reasons = dict.fromkeys(ask.empty for ask in self.asks if ask.empty)
        return " ".join([self.says, *(f"Empty {reason}." for reason in reasons)])


@attrs.frozen(kw_only=True)
class Row:
    """Panels side by side. `height` is in Grafana's units of 30 pixels and a gap."""

    height: int
    questions: Sequence[Question]


@attrs.frozen(kw_only=True)
class Board:
    """One dashboard: who reads it and what for, from the most urgent question to the least."""

    uid: str
    title: str
    description: str
    rows: Sequence[Row]
    one: bool
    """It is about one workload, and not about those that are chosen."""
    since: str = "now-3h"
    until: str = "now"
    annotated: bool = False

    @property
    def questions(self) -> Sequence[Question]:
        """All of them, in reading order."""
        return [question for row in self.rows for question in row.questions]
