"""The forecasting process: spawned, nice, limited in time, and started anew when it dies."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import attrs
import pytest

from scaler.errors import ForecastFailed
from scaler.runtime.forecasts.worker import Worker
from tests.unit.runtime.forecasts.foreseeing import QUICK, START
from tests.unit.runtime.forecasts.test_fitting import job


@pytest.fixture
async def worker(tmp_path: Path) -> AsyncIterator[Worker]:
    made = Worker(tmp_path)
    yield made
    await made.close()


async def test_it_forecasts_at_the_lowest_priority_and_keeps_a_base(worker: Worker) -> None:
    answer = await worker.foresee(job())

    assert START == answer.foreseen[-1].at
    assert worker.pid is not None
    assert 19 == os.getpriority(os.PRIO_PROCESS, worker.pid)
    assert QUICK.base(START) == answer.kept == await worker.kept("llama")


async def test_a_process_that_died_is_a_failure_and_then_another_process(worker: Worker) -> None:
    first = await worker.foresee(job())
    before = worker.pid
    assert before is not None
    os.kill(before, signal.SIGKILL)

    with pytest.raises(ForecastFailed, match="default/llama: the forecasting process: "):
        await worker.foresee(job())
    again = await worker.foresee(job())

    assert first == again
    assert before != worker.pid


async def test_a_job_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    hasty = Worker(tmp_path, limit=0.0)

    with pytest.raises(ForecastFailed, match="no forecast in 0 s"):
        await hasty.foresee(job())
    assert hasty.pid is None
    await hasty.close()


async def test_a_job_that_cannot_be_done_says_why(worker: Worker) -> None:
    with pytest.raises(ForecastFailed, match="default/llama: ZoneInfoNotFoundError"):
        await worker.foresee(attrs.evolve(job(), timezone="Mars/Olympus"))
    assert (await worker.foresee(job())).foreseen


async def test_without_a_state_directory_what_is_kept_goes_with_the_service() -> None:
    alone = Worker(None)
    await alone.foresee(job())
    kept = await alone.kept("llama")
    await alone.close()

    assert (QUICK.base(START), None) == (kept, await alone.kept("llama"))


async def test_a_folder_that_cannot_be_written_costs_time_and_no_forecast(tmp_path: Path) -> None:
    (tmp_path / "forecasts").write_text("in the way")
    blocked = Worker(tmp_path)
    answer = await blocked.foresee(job())
    await blocked.close()

    assert (START, None) == (answer.foreseen[-1].at, answer.kept)


@pytest.mark.parametrize(
    "heavy", ["statsmodels", "scipy", "pandas", "forecasting.prepared", "numpy", "holidays"]
)
def test_who_serves_does_not_import_what_forecasts(heavy: str) -> None:
    program = f"import sys, scaler.bootstrap; print({heavy!r} in sys.modules)"
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "False" == done.stdout.strip()
