"""Exposition text to samples. Only lines with names that matter are parsed at all.

The text formats 0.0.4 and 1.0.0 and OpenMetrics differ in comments and in what may follow a value
(a timestamp in one or the other unit, an exemplar), and none of that is read:
https://prometheus.io/docs/instrumenting/exposition_formats/.
"""

import asyncio
import math
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

Labels = tuple[tuple[str, str], ...]
"""Sorted, so that a series is itself again on the next page."""
Page = Mapping[str, Mapping[Labels, float]]
"""Values by name and labels."""

_PIECE = 32 * 1024
"""Bytes looked at before others get their turn: at most a millisecond or two."""
_LONGEST_LINE = 4 * 1024
_MOST_SERIES = 5000
"""A hundred times what an engine has; evaluating them takes about 10 ms."""

# Possessive, so that no line can make the matching go back and try again.
_LINE = re.compile(
    rb"""(?P<name>[^{\s]++)\s*+
         (?:\{(?P<labels>(?:[^"}]|"(?:[^"\\]|\\.)*+")*+)\})?+
         \s*+(?P<value>[0-9A-Za-z.+-]++)
         (?P<rest>\s.*+)?+""",
    re.VERBOSE,
)
_REST = re.compile(rb"\s*+(?:[-+0-9.eE]++\s*+)?+(?:\#.*+)?+")
_LABEL = re.compile(
    r'\s*+(?P<label>[a-zA-Z_]\w*+)\s*+=\s*+"(?P<text>(?:[^"\\]|\\.)*+)"\s*+(?:,|$)', re.ASCII
)
_ESCAPE = re.compile(r"\\(.)")
_PLAIN = {"n": "\n"}


def read_page(body: bytes, *, names: frozenset[str]) -> Page:
    """The samples of `body` that are called one of `names`.

    A line that cannot be read costs that line. Of a series that comes twice the larger counts.
    A page with more than five thousand such series has none: a part of them would be a wrong total.
    """
    page: dict[str, dict[Labels, float]] = {}
    for _ in _reading(body, page, names=names):
        pass
    return page


async def read_page_in_turns(body: bytes, *, names: frozenset[str]) -> Page:
    """As `read_page`; others get their turn after each piece of the page."""
    page: dict[str, dict[Labels, float]] = {}
    for _ in _reading(body, page, names=names):
        await asyncio.sleep(0)
    return page


def _reading(
    body: bytes, page: dict[str, dict[Labels, float]], *, names: frozenset[str]
) -> Iterator[None]:
    """Read `body` into `page`, piece by piece."""
    count = 0
    for piece in _pieces(body):
        for line in _filter(names).findall(piece):
            sample = _sample(line)
            if sample is not None:
                name, labels, value = sample
                series = page.setdefault(name, {})
                count += labels not in series
                series[labels] = _larger(value, series.get(labels))
        if count > _MOST_SERIES:
            page.clear()
            return
        yield


def _pieces(body: bytes) -> Iterator[bytes]:
    """`body` in pieces of whole lines. A last line without an end may be half a number."""
    start, stop = 0, body.rfind(b"\n") + 1
    while start < stop:
        end = body.find(b"\n", start + _PIECE) + 1 or stop
        piece = body[start : min(end, start + _PIECE + _LONGEST_LINE)]
        yield piece[: piece.rfind(b"\n") + 1]
        start = end


def _sample(line: bytes) -> tuple[str, Labels, float] | None:
    match = _LINE.fullmatch(line) if len(line) <= _LONGEST_LINE else None
    if match is None or (match["rest"] and not _REST.fullmatch(match["rest"])):
        return None
    try:
        value = float(match["value"])
    except ValueError:
        return None
    labels = _labels((match["labels"] or b"").decode(errors="replace"))
    return None if labels is None else (match["name"].decode(), labels, value)


@lru_cache(maxsize=8192)
def _labels(text: str) -> Labels | None:
    """The labels between two braces; None where they cannot be read."""
    found: dict[str, str] = {}
    position = 0
    while text[position:].strip():
        match = _LABEL.match(text, position)
        if match is None or match["label"] in found:
            return None
        found[match["label"]] = _unescaped(match["text"])
        position = match.end()
    return tuple(sorted(found.items()))


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda match: _PLAIN.get(match[1], match[1]), text)


def _larger(value: float, other: float | None) -> float:
    """The larger number; NaN only where there is nothing else."""
    if other is None or math.isnan(other):
        return value
    return other if math.isnan(value) else max(value, other)


@lru_cache(maxsize=64)
def _filter(names: frozenset[str]) -> re.Pattern[bytes]:
    either = b"|".join(re.escape(name.encode()) for name in sorted(names, reverse=True))
    return re.compile(rb"^(?:" + either + rb")(?=[{ \t])[^\n]*", re.MULTILINE)
