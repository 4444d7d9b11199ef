"""The days before the demo: what a service that watched them would have kept."""

import asyncio
from pathlib import Path

from scaler.config.settings import Settings
from scaler.config.understand import understand
from scaler.demo.scene import DAY, FIRST_REPLICAS, TOKENS_PER_REQUEST
from scaler.policy.model import Readings, Sample, Signal
from scaler.signals.compact import encode
from scaler.signals.memory import Kept
from scaler.signals.store import Store
from scaler.signals.stored import StoredReadings, identity
from scaler.simulation.traffic import Shape

DAYS = 4
STEP = 60
"""Seconds between two readings, each of which looks back on as many."""

_BEARABLE = 1.9
"""Requests per second that a replica served in those days: planned for, and never too much."""
_SECONDS = 10


class Unmetered:
    """Counts nothing: these questions are nobody's."""

    def observe(self, source: str, seconds: float, error: str | None) -> None:
        """Forget it."""


async def remember(folder: Path, *, asked: Settings, shape: Shape, until: int) -> None:
    """Write the days up to `until` into the embedded history: every request served, none waiting.

    Raises:
        ConfigError: the folder cannot be used.
    """
    (declared,) = asked.workloads
    workload = understand(declared.namespace, declared.name, declared.metadata, settings=asked)
    who = identity(workload)
    store = Store(folder, meter=Unmetered())
    stored = StoredReadings(store)
    ticks = range(until - int(DAYS * DAY), until, STEP)
    kept = [Kept(tick, encode(_readings(tick, rate=_rate(shape, tick)))) for tick in ticks]
    await asyncio.gather(*(stored.keep(who, each) for each in kept))
    await store.close()


def _rate(shape: Shape, at: int) -> float:
    """The mean over the last minute, as a rate of a counter has it."""
    seconds = range(at - STEP, at, _SECONDS)
    return sum(map(shape, seconds)) / len(seconds)


def _readings(at: int, *, rate: float) -> Readings:
    replicas = max(FIRST_REPLICAS, -int(-rate // _BEARABLE))
    signals = {
        Signal.RUNNING: 10.0 * rate,
        Signal.WAITING: 0.0,
        Signal.TOKENS: rate * TOKENS_PER_REQUEST,
        Signal.REQUESTS: rate,
        Signal.REJECTED: 0.0,
        Signal.LATENCY: 0.3,
        Signal.UTILIZATION: 0.6,
        Signal.CACHE: 0.3,
        Signal.ACTIVATION: 0.0,
    }
    count = Sample(value=replicas, at=at)
    return Readings(
        at=at,
        signals={name: Sample(value=value, at=at) for name, value in signals.items()},
        wanted=count,
        ready=count,
        stuck=Sample(value=0.0, at=at),
        reporting=count,
    )
