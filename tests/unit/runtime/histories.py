"""A history that is a function of the tick, and a clock that is the event loop's."""

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence

from scaler.config.workload import Workload
from scaler.errors import ForescaleError, SignalUnavailable
from scaler.policy.model import Readings
from scaler.runtime.history import Answer
from tests.builders import EPOCH, readings

Told = Callable[[int, int], Readings]
"""Readings of a tick, as they are known at a time."""


def wave(tick: int, known_at: int) -> Readings:
    """Traffic that goes up and down within the hour, on a fleet that follows it."""
    share = 0.5 + 0.5 * math.sin(tick / 600)
    wanted = 4 + round(3 * share)
    return readings(
        tick,
        wanted=wanted,
        ready=wanted,
        reporting=wanted,
        tokens=1000.0 + 5000.0 * share,
        requests=1.0 + 5.0 * share,
        waiting=float(round(12 * share)) if share > 0.8 else 0.0,
        latency=0.5 + share,
    )


class FakeHistory:
    """Tells what it is told to. `failing` raises, `broken` fails single workloads by name.

    Everybody waits `takes` seconds, and as long as the slowest of those in `slow`, by name.
    """

    def __init__(self, told: Told = wave, *, now: Callable[[], float] | None = None) -> None:
        self.told = told
        self.failing = False
        self.crashing = False
        self.takes = 0.0
        self.most: int | None = None
        self.broken: dict[str, ForescaleError] = {}
        self.slow: dict[str, float] = {}
        self.asked: list[tuple[range, int]] = []
        self._now = now or (lambda: math.inf)

    async def read(self, workloads: Sequence[Workload], ticks: range) -> Mapping[Workload, Answer]:
        self.asked.append((ticks, len(workloads)))
        slowest = max(self.slow.get(workload.key.name, 0.0) for workload in workloads)
        await asyncio.sleep(self.takes + slowest)
        if self.crashing:
            raise ZeroDivisionError("a bug")
        if self.failing:
            raise SignalUnavailable("prometheus:9090: connection refused")
        now = min(self._now(), 2.0**40)
        return {
            workload: self.broken.get(workload.key.name)
            or [self.told(tick, int(now)) for tick in ticks[: self.most]]
            for workload in workloads
        }


class LoopClock:
    """The time of the event loop, which a test may let fly."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return EPOCH + asyncio.get_running_loop().time() + self.ahead

    async def sleep_until(self, at: float) -> None:
        await asyncio.sleep(max(0.0, at - self.now()))
