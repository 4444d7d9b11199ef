"""Times and durations for people and for files."""

from datetime import UTC, datetime

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def iso(seconds: int) -> str:
    """Return a time as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def length(seconds: float) -> str:
    """Return a duration in the largest unit that leaves no fraction: `90 min`, `2 d`."""
    unit, name = next(
        ((unit, name) for unit, name in _UNITS if seconds >= unit and seconds % unit == 0), (1, "s")
    )
    return f"{seconds / unit:g} {name}"
