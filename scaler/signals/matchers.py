"""PromQL label matchers: read from text, written back in one form, and applied to labels."""

import re
from collections.abc import Iterable, Mapping

import attrs

from scaler.errors import ConfigError, Problem

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\t": r"\t", "\r": r"\r"})
_MATCHER = re.compile(
    r"""\s*(?P<label>[a-zA-Z_][a-zA-Z0-9_]*)\s*(?P<op>=~|!~|!=|=)\s*
        (?:"(?P<double>(?:[^"\\\n]|\\.)*)"|'(?P<single>(?:[^'\\\n]|\\.)*)'|`(?P<raw>[^`]*)`)
        \s*(?P<end>,|$)""",
    re.VERBOSE,
)
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'"}


@attrs.frozen
class Matcher:
    """One condition on a label. A label that is not there has the empty value."""

    label: str
    op: str
    value: str

    def __str__(self) -> str:
        return f"{self.label}{self.op}{quote(self.value)}"

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether a series with `labels` meets the condition."""
        given = labels.get(self.label, "")
        if self.op in ("=", "!="):
            return (given == self.value) == (self.op == "=")
        return (re.fullmatch(self.value, given) is not None) == (self.op == "=~")


def quote(text: str) -> str:
    """`text` as a PromQL string literal."""
    return '"' + text.translate(_ESCAPES) + '"'


def literal(text: str) -> str:
    """A regular expression that matches exactly `text`, in RE2 and in Python."""
    return re.escape(text).replace("\\-", "-")


def one_of(label: str, values: Iterable[str]) -> Matcher:
    """The condition that `label` has one of `values`.

    A plain alternation is one that Prometheus looks up in its index, without trying every value.
    """
    distinct = sorted(set(values))
    if len(distinct) == 1:
        return Matcher(label, "=", distinct[0])
    return Matcher(label, "=~", "|".join(map(literal, distinct)))


def parse(text: str) -> tuple[Matcher, ...]:
    """The matchers in `text`, as between the braces of a selector, with or without the braces.

    Raises:
        ConfigError: it is not a list of matchers; says where it stops being one.
    """
    inner = text.strip()
    if inner.startswith("{") and inner.endswith("}"):
        inner = inner[1:-1]
    inner = inner.strip().removesuffix(",")
    found = []
    position = 0
    while position < len(inner):
        match = _MATCHER.match(inner, position)
        if match is None:
            raise ConfigError(_problem(text, at=inner[position:]))
        found.append(Matcher(match["label"], match["op"], _value(match)))
        position = match.end()
    return tuple(found)


def _problem(text: str, *, at: str) -> Problem:
    rule = 'must be a list of label matchers such as cluster="a",job=~"b|c"'
    return Problem(path="matchers", rule=rule, value=text, hint=f"cannot be read from {at!r} on")


def _value(match: re.Match[str]) -> str:
    if match["raw"] is not None:
        return match["raw"]
    quoted = match["double"] if match["double"] is not None else match["single"]
    return re.sub(r"\\(.)", lambda escape: _PLAIN.get(escape[1], escape[0]), quoted or "")
