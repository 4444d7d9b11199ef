"""A world with days behind it, and a forecaster that somebody may poison."""

from collections.abc import Callable
from pathlib import Path

from scaler.config.workload import Workload
from scaler.errors import ForecastFailed
from scaler.policy.model import Foreseen, Gap, Readings, Reason, Sample, Signal
from scaler.runtime.forecasts.fitting import foresee
from scaler.runtime.forecasts.forecaster import Forecaster
from scaler.runtime.forecasts.job import Answer, Job
from scaler.runtime.forecasts.keep import Keep
from scaler.runtime.forecasts.outlooks import Outlooks
from scaler.runtime.forecasts.refreshing import Refreshing
from scaler.simulation.traffic import Shape
from tests.scenarios.world import LAG, REQUESTS, SETTLE, START, TOKENS, World
from tests.simulated import Recorded

DAY = 7200
"""Seconds that a day lasts here."""

QUICK = Refreshing(
    every=120, grace=30, step=30, memory=4 * DAY, refit=1800, record_every=120, patience=300
)

Poison = Callable[[Foreseen], Foreseen]


class Remembered(Recorded):
    """Days before the start, in which the fleet served all that came; then what was scraped."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self._shape = shape

    def _readings(self, workload: Workload, at: int) -> Readings:
        return super()._readings(workload, at) if at > START else self._before(at)

    def _before(self, at: int) -> Readings:
        rate = self._shape(at - START)
        fleet = round(rate / REQUESTS / 0.8) + 1
        values = {
            Signal.RUNNING: 2.0 * rate,
            Signal.WAITING: 0.0,
            Signal.TOKENS: rate * TOKENS / REQUESTS,
            Signal.REQUESTS: rate,
            Signal.REJECTED: 0.0,
            Signal.CACHE: 0.3,
            Signal.LATENCY: 0.5,
        }
        count = Sample(value=fleet, at=at)
        return Readings(
            at=at,
            signals={
                **{signal: Sample(value=value, at=at) for signal, value in values.items()},
                Signal.UTILIZATION: Gap(reason=Reason.ABSENT),
            },
            wanted=count,
            ready=count,
            stuck=Sample(value=0, at=at),
            reporting=count,
        )


class Foresight:
    """Forecasts in this process. From `since` on, answers are poisoned, or do not come at all."""

    def __init__(self, folder: Path, *, poison: Poison | None, since: int, silent: bool) -> None:
        self._keep = Keep(folder)
        self._poison = poison
        self._since = since
        self._silent = silent

    async def kept(self, name: str) -> int | None:
        return max(self._keep.bases(name), default=None)

    async def foresee(self, job: Job) -> Answer:
        if self._silent and job.refreshes[-1] >= self._since:
            raise ForecastFailed("no forecast in 60 s")
        answer = foresee(job, keep=self._keep)
        return Answer(foreseen=tuple(map(self._told, answer.foreseen)), kept=answer.kept)

    def _told(self, foreseen: Foreseen) -> Foreseen:
        if self._poison is None or foreseen.at < self._since:
            return foreseen
        return self._poison(foreseen)

    async def close(self) -> None:
        """Nothing to end."""


class ForeseenWorld(World):
    """A world whose loop forecasts as the service does."""

    def __init__(  # noqa: PLR0913 - what may go wrong, and when
        self,
        workload: Workload,
        shape: Shape,
        *,
        ready: int,
        lead_time: float,
        folder: Path,
        poison: Poison | None = None,
        since: int = 0,
        silent: bool = False,
    ) -> None:
        super().__init__(workload, shape, ready=ready, lead_time=lead_time)
        self.history = Remembered(shape)
        if workload.forecasting.use.value != "disabled":
            self.fold.outlooks = Outlooks(workload=workload, refreshing=QUICK)
        self._forecaster = Forecaster(
            folds=lambda: [self.fold],
            history=self.history,
            clock=self,
            worker=Foresight(folder, poison=poison, since=START + since, silent=silent),
            delay=lambda: SETTLE + LAG,
        )

    def now(self) -> float:
        """The present, for the forecaster."""
        return START + self.at

    async def sleep_until(self, at: float) -> None:
        """Nobody sleeps here."""

    async def _second(self, at: int) -> None:
        await super()._second(at)
        while await self._forecaster.round():
            pass
