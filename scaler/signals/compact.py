"""Readings as bytes, some three hundred of them: what is kept of every tick.

A JSON list: signals by name, then wanted, ready, stuck and reporting. A sample is `[value, age]`,
without the age where it is 0; a gap is `[reason, detail]`, without the detail where it is empty.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from scaler.errors import SignalMalformed
from scaler.policy.model import Gap, Reading, Readings, Reason, Sample, Signal

NOBODY = Gap(reason=Reason.NO_HISTORY, detail="nobody was watching")


def encode(readings: Readings) -> bytes:
    """`readings`, but for their tick."""
    at = readings.at
    counts = (readings.wanted, readings.ready, readings.stuck, readings.reporting)
    signals = {signal.value: _packed(each, at=at) for signal, each in readings.signals.items()}
    return orjson.dumps([signals, *(_packed(count, at=at) for count in counts)])


def decode(body: bytes, *, taken: int, at: int, signals: Sequence[Signal]) -> Readings:
    """Readings taken at one tick, as they count `at` another, with exactly these `signals`.

    Raises:
        SignalMalformed: these are no encoded readings.
    """
    try:
        found, *counts = orjson.loads(body)
        wanted, ready, stuck, reporting = (_unpacked(each, at=taken) for each in counts)
        return Readings(
            at=at,
            signals={signal: _signal(found, signal, at=taken) for signal in signals},
            wanted=wanted,
            ready=ready,
            stuck=stuck,
            reporting=reporting,
        )
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        raise SignalMalformed(f"the embedded history at {taken} cannot be read: {error}") from error


def nothing(at: int, signals: Sequence[Signal]) -> Readings:
    """Readings of a tick that nobody watched."""
    return Readings(
        at=at,
        signals=dict.fromkeys(signals, NOBODY),
        wanted=NOBODY,
        ready=NOBODY,
        stuck=NOBODY,
        reporting=NOBODY,
    )


def _signal(found: Mapping[str, Any], signal: Signal, *, at: int) -> Reading:
    return _unpacked(found[signal.value], at=at) if signal.value in found else NOBODY


def _packed(reading: Reading, *, at: int) -> list[float | str]:
    if isinstance(reading, Gap):
        return [reading.reason.value, reading.detail] if reading.detail else [reading.reason.value]
    age = at - reading.at
    return [reading.value, age] if age else [reading.value]


def _unpacked(packed: list[Any], *, at: int) -> Reading:
    first, *more = packed
    if isinstance(first, str):
        return Gap(reason=Reason(first), detail=more[0] if more else "")
    return Sample(value=float(first), at=at - (more[0] if more else 0))
