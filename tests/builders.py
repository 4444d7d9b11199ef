"""Values with defaults, for tests that care about one field."""

from collections.abc import Mapping

from scaler.policy.model import (
    Capacity,
    Gap,
    Knowledge,
    Reading,
    Readings,
    Reason,
    Sample,
    Signal,
)

STEP = 15
LEAD_TIME = 300
EPOCH = 1_700_000_010
"""A tick on the 15 s grid."""

ABSENT = Gap(reason=Reason.ABSENT)


def ticks(count: int, *, first: int = EPOCH) -> range:
    return range(first, first + count * STEP, STEP)


def knowledge(
    *,
    capacity: Capacity | float | None = 1000.0,
    tokens_per_request: float | None = 1000.0,
    lead_time: int = LEAD_TIME,
) -> Knowledge:
    known = Capacity(value=capacity) if isinstance(capacity, float) else capacity
    return Knowledge(
        at=EPOCH, capacity=known, tokens_per_request=tokens_per_request, lead_time=lead_time
    )


def reading(value: float | Reading | None, *, at: int = EPOCH) -> Reading:
    if isinstance(value, int | float):
        return Sample(value=float(value), at=at)
    return value or ABSENT


def readings(
    at: int = EPOCH,
    *,
    wanted: float | Reading | None = 4,
    ready: float | Reading | None = 4,
    stuck: float | Reading | None = 0,
    reporting: float | Reading | None = 4,
    counted: bool = True,
    **signals: float | Reading | None,
) -> Readings:
    """A quiet fleet of four; name signals to change them, with None for an absent one."""
    quiet: Mapping[str, float | Reading | None] = {
        "running": 2.0,
        "waiting": 0.0,
        "tokens": 2000.0,
        "requests": 2.0,
        "latency": 0.3,
        "utilization": 0.5,
        "cache": 0.2,
    }
    values = {**quiet, **signals}
    return Readings(
        at=at,
        signals={Signal(name): reading(value, at=at) for name, value in values.items()},
        wanted=reading(wanted, at=at),
        ready=reading(ready, at=at),
        stuck=reading(stuck, at=at),
        reporting=reading(reporting, at=at),
        counted=counted,
    )
