"""The figures of an evaluation by name: for the document, for gates, for comparison."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence

import attrs
import numpy as np

from forecasting.metrics import mean
from scaler.config.values import Invalid, nearest
from scaler.studies.backtests import Account

NAMES = (
    "skill",
    "mase",
    "smape",
    "wape",
    "rmsse",
    "bias",
    "pinball",
    "coverage",
    "maximum_coverage",
    "maximum_pinball",
)

_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_GATE = re.compile(r"\s*([a-z_]+)\s*(<=|>=|<|>)\s*([+-]?[0-9]+(?:\.[0-9]+)?)\s*")


def figures(account: Account) -> dict[str, float]:
    """Return the figures over the whole horizon; NaN where one cannot be told."""
    spans = account.result.spans
    return attrs.asdict(account.overall) | {
        "pinball": mean(np.array([at.pinball for at in account.horizons]), weights=spans),
        "coverage": mean(np.array([at.coverage for at in account.horizons]), weights=spans),
        "maximum_coverage": account.maximum.coverage,
        "maximum_pinball": account.maximum.pinball,
    }


@attrs.frozen(kw_only=True)
class Gate:
    """A condition that makes a run fail: a figure beyond a limit."""

    text: str
    name: str
    operator: str
    limit: float

    def fails(self, account: Account) -> bool:
        """Whether the condition is true; a figure that is unknown passes no gate."""
        value = figures(account)[self.name]
        return value != value or _OPERATORS[self.operator](value, self.limit)  # noqa: PLR0124 - NaN

    def told(self, account: Account) -> str:
        """Return one line for a series that fails."""
        value = figures(account)[self.name]
        return f"{account.trace.name}: {self.name} is {value:.4g}, which fails on {self.text!r}"


def gate(given: str) -> Gate:
    """Return the condition in `skill<0.05`.

    Raises:
        Invalid: it is none, or there is no figure of that name.
    """
    found = _GATE.fullmatch(given)
    if found is None:
        raise Invalid("must be a figure, < <= > or >=, and a number, as in 'skill<0.05'")
    name, compared, limit = found.groups()
    if name not in NAMES:
        hint = nearest(name, NAMES) or f"there are {', '.join(NAMES)}"
        raise Invalid(f"has no figure {name!r}", hint=hint)
    return Gate(text=given.strip(), name=name, operator=compared, limit=float(limit))


def failures(accounts: Sequence[Account], gates: Sequence[Gate]) -> list[str]:
    """Return one line for each series and gate that is true."""
    return [gate.told(each) for gate in gates for each in accounts if gate.fails(each)]
