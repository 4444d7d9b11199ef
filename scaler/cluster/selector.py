"""Label selectors in Kubernetes' whole grammar, as objects and queries write them. Pure.

`a=b`, `a==b`, `a!=b`, `a in (b, c)`, `a notin (b, c)`, `a`, `!a`, `a > 1`, `a < 1`, with commas
between them. Kubernetes documentation, "Labels and Selectors"; the comparisons are those that
selectors of nodes have.
"""

import re
from collections.abc import Callable, Mapping, Sequence

import attrs

Labels = Mapping[str, str]

_TOKEN = re.compile(r"\s*(!=|==|[=!,()<>]|[^\s!=,()<>]+)")
_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_PREFIX = re.compile(
    r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
)
_END = ""
_EQUAL = frozenset({"=", "=="})
_SETS = frozenset({"in", "notin"})
_ORDERS = frozenset({"<", ">"})


@attrs.frozen(kw_only=True)
class Requirement:
    """What one label must be like. A label that is not there meets `!=`, `notin` and `!`."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def met_by(self, labels: Labels) -> bool:
        """Whether these labels are like that."""
        return _MEETS[self.operator](labels.get(self.key), self.values)


def _orders(value: str | None, values: frozenset[str], *, sign: int) -> bool:
    (bound,) = values
    return _is_whole(value) and sign * int(value or "") > sign * int(bound)


_MEETS: Mapping[str, Callable[[str | None, frozenset[str]], bool]] = {
    "in": lambda value, values: value in values,
    "notin": lambda value, values: value not in values,
    "exists": lambda value, _: value is not None,
    "!": lambda value, _: value is None,
    ">": lambda value, values: _orders(value, values, sign=1),
    "<": lambda value, values: _orders(value, values, sign=-1),
}


@attrs.frozen(kw_only=True)
class Selector:
    """Requirements that all must be met; without any, everything is selected."""

    requirements: tuple[Requirement, ...] = ()

    def selects(self, labels: Labels) -> bool:
        """Whether these labels meet every requirement."""
        return all(each.met_by(labels) for each in self.requirements)

    def only(self, key: str) -> str | None:
        """The one value that the label `key` can have; None where it may have others."""
        for each in self.requirements:
            if (each.key, each.operator) == (key, "in") and len(each.values) == 1:
                return next(iter(each.values))
        return None


def parse(text: str) -> Selector:
    """The selector that is written down as `text`.

    Raises:
        ValueError: it is written in no form of Kubernetes; the message says where that shows.
    """
    reader = _Reader([match[1] for match in _TOKEN.finditer(text.strip())])
    if reader.next == _END:
        return Selector()
    found = [reader.requirement()]
    while reader.next != _END:
        reader.expect(",")
        found.append(reader.requirement())
    return Selector(requirements=tuple(found))


class _Reader:
    """Reads tokens from left to right; `next` is the first that is not read yet."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._left = [*tokens, _END]

    @property
    def next(self) -> str:
        return self._left[0]

    def take(self) -> str:
        return self._left.pop(0) if len(self._left) > 1 else _END

    def expect(self, token: str) -> None:
        found = self.take()
        if found != token:
            raise ValueError(f"{token!r} was expected in a label selector, got {found!r}")

    def requirement(self) -> Requirement:
        if self.next == "!":
            self.take()
            return Requirement(key=_key(self.take()), operator="!")
        key, operator = _key(self.take()), self.next
        if operator in {",", _END}:
            return Requirement(key=key, operator="exists")
        self.take()
        return self._compared(key, operator)

    def _compared(self, key: str, operator: str) -> Requirement:
        if operator in _SETS:
            return Requirement(key=key, operator=operator, values=self._set())
        if operator in _EQUAL or operator == "!=":
            values = frozenset({self._value()})
            return Requirement(
                key=key, operator="notin" if operator == "!=" else "in", values=values
            )
        if operator in _ORDERS:
            bound = self._value()
            if not _is_whole(bound):
                raise ValueError(f"a whole number must follow {operator!r}, got {bound!r}")
            return Requirement(key=key, operator=operator, values=frozenset({bound}))
        raise ValueError(f"{operator!r} is no operator of a label selector")

    def _set(self) -> frozenset[str]:
        self.expect("(")
        if self.next == ")":
            raise ValueError("a set of a label selector must not be empty")
        found = [self._value()]
        while self.next == ",":
            self.take()
            found.append(self._value())
        self.expect(")")
        return frozenset(found)

    def _value(self) -> str:
        """A value, which may be nothing at all."""
        if self.next in {",", ")", _END}:
            return ""
        found = self.take()
        if not _NAME.fullmatch(found):
            raise ValueError(f"{found!r} is no value of a label")
        return found


def _key(text: str) -> str:
    prefix, slash, name = text.rpartition("/")
    if not _NAME.fullmatch(name) or (slash and not _PREFIX.fullmatch(prefix)):
        raise ValueError(f"{text!r} is no name of a label")
    return text


def _is_whole(text: str | None) -> bool:
    return text is not None and re.fullmatch(r"-?[0-9]{1,18}", text) is not None
