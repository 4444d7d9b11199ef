"""Numbers, times and names as people read them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum

from scaler.policy.spec import ScalingPolicy

_THOUSAND = 1000
_SHORT = 0.1
"""Seconds below which milliseconds are easier to read."""


def number(value: float) -> str:
    """Four digits that count: `12,345`, `6.25`, `0.0312`."""
    # What rounds to a thousand with four digits is one.
    if abs(value) >= _THOUSAND - 0.05:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def duration(seconds: float) -> str:
    """A span in Go's style, as the configuration takes it: `1h30m`, `45s`, `250ms`."""
    if 0 < seconds < _SHORT:
        return f"{number(seconds * _THOUSAND)}ms"
    if seconds != int(seconds):
        return f"{number(seconds)}s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "m"), (rest, "s"))
    return "".join(f"{value}{unit}" for value, unit in parts if value) or "0s"


def age(seconds: int) -> str:
    """How old: exact while it is young, in one unit."""
    minute, hour, day = 60, 3600, 86400
    if seconds < 2 * minute:
        return f"{max(0, seconds)} s"
    if seconds < 2 * hour:
        return f"{seconds // minute} min"
    if seconds < 2 * day:
        return f"{seconds // hour} h"
    return f"{seconds // day} days"


def ago(seconds: int) -> str:
    """How long since: `12 s ago`."""
    return f"{age(seconds)} ago"


def when(at: int) -> str:
    """A time in UTC for people: `2023-11-14 22:13:30 UTC`."""
    return f"{_utc(at):%Y-%m-%d %H:%M:%S} UTC"


def stamp(at: int) -> str:
    """A time in UTC for machines, in RFC 3339."""
    return f"{_utc(at):%Y-%m-%dT%H:%M:%SZ}"


def clock(at: int) -> str:
    """The time of day in UTC: `22:13`."""
    return f"{_utc(at):%H:%M}"


def plural(count: float, noun: str) -> str:
    """`1 replica`, `2 replicas`."""
    return f"{number(count)} {noun}" if count == 1 else f"{number(count)} {noun}s"


_SIGNALS: Mapping[str, tuple[str, float, str]] = {
    "running": ("requests", 1, ""),
    "waiting": ("requests", 1, ""),
    "tokens": ("tokens/s", 1, ""),
    "requests": ("requests/s", 1, ""),
    "rejected": ("requests/s", 1, ""),
    "utilization": ("%", 100, "of the GPU, mean"),
    "cache": ("%", 100, "of the KV cache, mean"),
    "activation": ("requests", 1, "at whoever holds them"),
    "wanted": ("replicas", 1, "the scale target's spec.replicas"),
    "ready": ("replicas", 1, ""),
    "stuck": ("replicas", 1, "will not come up by themselves"),
    "reporting": ("replicas", 1, "whose metrics are in the sums"),
}


def quantity(name: str, value: float) -> str:
    """A reading's value with its unit."""
    if name == "latency":
        return duration(value)
    unit, factor, _ = _SIGNALS.get(name, ("", 1, ""))
    shown = number(value * factor)
    return f"{shown}{unit}" if unit == "%" else f"{shown} {unit}".rstrip()


def meaning(name: str) -> str:
    """What a reading is about, where its name and unit do not say so."""
    return _SIGNALS.get(name, ("", 1, ""))[2]


_DURATIONS = frozenset(
    {
        "step",
        "drain_within",
        "objective",
        "utilization_high_for",
        "utilization_low_for",
        "lead_time",
        "lead_time_max",
        "scale_up_window",
        "scale_down_window",
        "idle_after",
        "stale_after",
        "hold_for",
    }
)


def setting(name: str, value: object) -> str:
    """A field of the spec as its owner would write it."""
    match value:
        case None:
            return "learned" if name in {"prior", "lead_time"} else "auto"
        case bool():
            return "true" if value else "false"
        case StrEnum():
            return value.value
        case tuple():
            return ",".join(_policy(each) for each in value) or "none"
        case int() | float():
            return duration(value) if name in _DURATIONS else number(value)
        case _:
            return str(value)


def _policy(policy: ScalingPolicy) -> str:
    return f"{policy.amount}{'%' if policy.percent else ''}/{duration(policy.period)}"


def _utc(at: int) -> datetime:
    return datetime.fromtimestamp(at, tz=UTC)
