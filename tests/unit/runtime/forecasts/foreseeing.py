"""Whoever forecasts, as tests need it: what it is asked, and what it says or does not."""

import math
from collections.abc import Callable, Sequence

from scaler.errors import ForecastFailed
from scaler.policy.model import Belief, Foreseen, Readings
from scaler.runtime.forecasts.job import Answer, Job
from scaler.runtime.forecasts.refreshing import Refreshing
from tests.builders import EPOCH, readings

QUICK = Refreshing(every=300, grace=120, step=60, memory=2 * 86_400, refit=21_600, record_every=900)
START = EPOCH - EPOCH % 21_600 + 7200
"""Two hours behind a refit."""


class FakeForesight:
    """Says `told` of each refresh. Keeps nothing unless `base` says up to when."""

    def __init__(self, told: Callable[[int], Foreseen] | None = None) -> None:
        self.told = told or (lambda at: Foreseen(at=at, belief=Belief.SKILL, bound=1.0))
        self.base: int | None = None
        self.failing = ""
        self.jobs: list[Job] = []
        self.closed = False

    async def kept(self, name: str) -> int | None:
        return self.base

    async def foresee(self, job: Job) -> Answer:
        self.jobs.append(job)
        if self.failing:
            raise ForecastFailed(f"{job.workload}: {self.failing}")
        return Answer(foreseen=tuple(map(self.told, job.refreshes)), kept=self.base)

    async def close(self) -> None:
        self.closed = True


class StillClock:
    """A clock that a test moves."""

    def __init__(self, at: float = START) -> None:
        self.at = at

    def now(self) -> float:
        return self.at

    async def sleep_until(self, at: float) -> None:
        self.at = max(self.at, at)


def daily(tick: int, known_at: int = 0) -> Readings:
    """Work that goes up and down with the day, with a little noise that is always the same."""
    wave = math.sin(2 * math.pi * tick / 86_400)
    noise = math.sin(tick * 12.9898) * 43_758.5453 % 1.0
    return readings(tick, tokens=3000.0 + 2000.0 * wave + 200.0 * noise)


def work(count: int, *, start: int = 0, step: int = 60) -> Sequence[float]:
    """The work in `daily`, a value a step."""
    return [daily(start + step * (i + 1)).signals["tokens"].value for i in range(count)]  # type: ignore[index, union-attr]
