"""Formulas of recommendations with their numbers put in, for whoever does the sum by hand."""

import re
from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")


def by_hand(formula: str, terms: Mapping[str, float]) -> str:
    """A formula with its terms' numbers in place of their names."""
    return _NAME.sub(lambda name: f"{terms[name[0]]:.6g}" if name[0] in terms else name[0], formula)


def names(formula: str) -> frozenset[str]:
    """The names that a formula is over."""
    return frozenset(_NAME.findall(formula))
