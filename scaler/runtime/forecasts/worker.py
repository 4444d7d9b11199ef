"""The forecasting process as its parent sees it: one at a time, and a new one when it fails."""

import asyncio
import multiprocessing
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import structlog

from scaler.errors import ForecastFailed
from scaler.runtime.forecasts.child import serve
from scaler.runtime.forecasts.folder import bases, folder_in
from scaler.runtime.forecasts.job import Answer, Job

LIMIT = 60.0
"""Seconds for one job: a fit of 28 days takes half of one, on a machine with nothing to do."""

log = structlog.get_logger()


class Foresees(Protocol):
    """Whoever makes forecasts."""

    async def kept(self, name: str) -> int | None:
        """Up to when history need not be brought again."""
        ...

    async def foresee(self, job: Job) -> Answer:
        """Forecast.

        Raises:
            ForecastFailed: there is none.
        """
        ...

    async def close(self) -> None:
        """End."""
        ...


class Worker:
    """Starts a process with the first job, kills it when a job takes too long, and starts anew.

    Bases are kept in the state directory; without one, as long as this lives. A spawned process
    shares nothing with this one: what it imports and what it leaks stays its own.
    """

    def __init__(self, state: Path | None, *, limit: float = LIMIT) -> None:
        self._folder = None if state is None else folder_in(state)
        self._temporary: TemporaryDirectory[str] | None = None
        self._limit = limit
        self._turn = asyncio.Lock()
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    @property
    def pid(self) -> int | None:
        """The process that is there now."""
        return self._process.pid if self._process else None

    async def kept(self, name: str) -> int | None:
        """Up to when history need not be brought again."""
        if self._folder is None:
            return None
        found = await asyncio.to_thread(bases, self._folder, name)
        return found[-1] if found else None

    async def foresee(self, job: Job) -> Answer:
        """Forecast, while everybody else goes on.

        Raises:
            ForecastFailed: the job failed, took too long, or its process died.
        """
        async with self._turn:
            try:
                said = await asyncio.to_thread(self._asked, job)
            except (EOFError, OSError) as error:
                self._end()
                why = str(error) or "it died"
                raise ForecastFailed(f"{job.workload}: the forecasting process: {why}") from error
        if not isinstance(said, Answer):
            raise ForecastFailed(f"{job.workload}: {said}")
        return said

    async def close(self) -> None:
        """End the process, whatever it is at; a job under way fails."""
        self._end()
        if self._temporary:
            await asyncio.to_thread(self._temporary.cleanup)
            self._folder = self._temporary = None

    def _asked(self, job: Job) -> object:
        pipe = self._pipe or self._start()
        pipe.send(job)
        if pipe.poll(self._limit):
            return pipe.recv()
        self._end()
        return f"no forecast in {self._limit:g} s"

    def _start(self) -> Connection:
        if self._folder is None:
            self._temporary = TemporaryDirectory(prefix="forescale-")
            self._folder = folder_in(Path(self._temporary.name))
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=serve, args=(theirs, str(self._folder)), name="forecasts", daemon=True
        )
        self._process.start()
        theirs.close()
        log.info("forecasts_started", pid=self._process.pid)
        return self._pipe

    def _end(self) -> None:
        process, self._process, self._pipe = self._process, None, None
        if process is not None:
            process.kill()
            process.join()
            log.info("forecasts_ended", pid=process.pid)
