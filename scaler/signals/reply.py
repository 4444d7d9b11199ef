"""A Prometheus' answer to a range query, from bytes to series. Nothing is guessed or filled in.

What is not exactly an answer of the documented form is refused whole: a shape that is read past
would look like signals that are absent, and absence has consequences.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs
import orjson

LONGEST_EXCERPT = 300
"""Characters that a message quotes of an answer."""
_MOST_WARNINGS = 20


@attrs.frozen
class Series:
    """One series of an answer: its values by Unix second."""

    labels: Mapping[str, str]
    values: Mapping[int, float]


@attrs.frozen(kw_only=True)
class Reply:
    """A good answer whose series are still to be read."""

    warnings: tuple[str, ...]
    result: Sequence[Any]

    def series(self) -> Iterator[Series]:
        """Series by series, so that others may have their turn in between.

        Raises:
            ValueError: one of them is not what a range query answers.
        """
        return map(_series, self.result)


def read_reply(body: bytes) -> Reply:
    """The answer in `body`.

    Raises:
        ValueError: it is none, or says that the query failed; the message quotes it.
    """
    document = orjson.loads(body)
    if not isinstance(document, dict) or document.get("status") != "success":
        raise ValueError(complaint(body))
    match document:
        case {"data": {"resultType": "matrix", "result": list(result)}}:
            warnings = document.get("warnings")
            return Reply(warnings=_texts(warnings), result=result)
        case _:
            raise ValueError(f"no matrix: {excerpt(body)}")


def complaint(body: bytes) -> str:
    """Why Prometheus says that it did not answer."""
    try:
        document = orjson.loads(body)
        return f"{document['errorType']}: {document['error']}"[:LONGEST_EXCERPT]
    except (KeyError, TypeError, ValueError):
        return excerpt(body)


def excerpt(body: bytes) -> str:
    """The beginning of an answer, for people."""
    return body[:LONGEST_EXCERPT].decode(errors="replace")


def _texts(raw: object) -> tuple[str, ...]:
    """Warnings, each shortened; whatever else stands in their place is none."""
    given = raw if isinstance(raw, list) else []
    return tuple(text[:LONGEST_EXCERPT] for text in given[:_MOST_WARNINGS] if isinstance(text, str))


def _series(raw: Any) -> Series:
    try:
        # A native histogram has no values; the queries here ask for none.
        labels = {label: _text(text) for label, text in raw["metric"].items()}
        return Series(labels, _values(raw.get("values") or ()))
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as failure:
        raise ValueError(f"no series of a matrix, {failure}") from failure


def _values(points: Sequence[Any]) -> Mapping[int, float]:
    """Values by time. Each check is made of all of them at once: a restart reads a million."""
    if not points:
        return {}
    times, texts = zip(*points, strict=True)
    if not {*map(type, times)} <= {int, float}:
        raise TypeError("a time is no number")
    if {*map(type, texts)} != {str}:
        raise TypeError("a value is no text")
    # Python reads more as a number than Prometheus writes: 1_000, and the digits of any script.
    written = "".join(texts)
    if "_" in written or not written.isascii():
        raise ValueError("a value is no number")
    return dict(zip(map(int, times), map(float, texts), strict=True))


def _text(raw: object) -> str:
    if not isinstance(raw, str):
        raise TypeError("a label is no text")
    return raw
