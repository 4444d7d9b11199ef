"""Forecasts as the service makes them, in this process and at the replay's own time."""

from pathlib import Path

import attrs

from scaler.runtime.forecasts.fitting import foresee
from scaler.runtime.forecasts.folder import bases
from scaler.runtime.forecasts.job import Answer, Job
from scaler.runtime.forecasts.keep import Keep


@attrs.define
class Present:
    """A clock that somebody else sets."""

    at: float

    def now(self) -> float:
        """The present, in Unix seconds."""
        return self.at

    async def sleep_until(self, at: float) -> None:
        """Nobody sleeps here."""


class Foresight:
    """Answers a job at once; the service has a process for that, which would only cost time here.

    `folder` is where it keeps what it learned.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keep = Keep(folder)

    async def kept(self, name: str) -> int | None:
        """Up to when history need not be brought again."""
        return max(bases(self._folder, name), default=None)

    async def foresee(self, job: Job) -> Answer:
        """Forecast."""
        return foresee(job, keep=self._keep)

    async def close(self) -> None:
        """Nothing has to end."""
