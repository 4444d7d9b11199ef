"""Cells to times and numbers. An empty cell is missing, never zero."""

import math
from datetime import UTC, datetime, timedelta

import attrs

from scaler.config.values import Invalid

_MISSING = {"", "nan", "null", "none", "na", "n/a"}
_LAST = 32_503_680_000
"""The year 3000: beyond it, someone wrote milliseconds."""


@attrs.frozen(kw_only=True)
class Stamp:
    """A time as it was written."""

    seconds: int
    """Of the Unix epoch, or of whatever the file counts from."""

    offset: timedelta | None
    """From UTC as it was written; None where the file says nothing, which is UTC."""


def stamp(cell: object) -> Stamp:
    """Return the time in a cell: seconds, or ISO 8601.

    Raises:
        Invalid: it is neither.
    """
    if isinstance(cell, datetime):
        return _moment(cell)
    text = str(cell).strip() if cell is not None else ""
    seconds = _seconds(text)
    if seconds is not None:
        if abs(seconds) > _LAST:
            raise Invalid("must be seconds", hint="are these milliseconds?")
        return Stamp(seconds=math.floor(seconds), offset=None)
    try:
        return _moment(datetime.fromisoformat(text))
    except ValueError:
        raise Invalid("must be a time, in seconds or as 2026-01-31T13:05:00Z") from None


def _moment(moment: datetime) -> Stamp:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return Stamp(seconds=math.floor(aware.timestamp()), offset=moment.utcoffset())


def _seconds(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in text else None


def is_missing(cell: object) -> bool:
    """Whether a cell says that nothing was measured."""
    return cell is None or str(cell).strip().lower() in _MISSING


def number(cell: object) -> float:
    """Return the number in a cell, NaN where nothing was measured.

    Raises:
        Invalid: it is no number, or below zero, which demand never is.
    """
    if is_missing(cell):
        return math.nan
    value = None if isinstance(cell, bool) else _seconds(str(cell).strip())
    if value is None:
        raise Invalid("must be a number")
    if value < 0:
        raise Invalid("must not be negative")
    return value
