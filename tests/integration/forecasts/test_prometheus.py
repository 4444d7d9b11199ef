"""Forecasts from a real Prometheus: whoever reads the same history publishes the same ones."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from scaler.config.sources import PrometheusSource
from scaler.policy.model import Belief, Foreseen, Signal
from scaler.runtime.fold import Fold
from scaler.runtime.forecasts.forecaster import Forecaster
from scaler.runtime.forecasts.outlooks import Outlooks
from scaler.runtime.forecasts.worker import Worker
from scaler.signals.prometheus import PrometheusHistory
from scaler.telemetry import Telemetry
from tests.builders import knowledge
from tests.integration.prometheus import Scraped, backfill, prometheus
from tests.simulated import asked
from tests.unit.runtime.forecasts.foreseeing import QUICK, START, StillClock, daily

pytestmark = pytest.mark.integration

SINCE = START - QUICK.refit - QUICK.memory
LATER = 1200
WORKLOAD = asked(engine="custom", tokensQuery="sum(work)")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus with two days and some hours of work with a daily shape."""
    folder = tmp_path_factory.mktemp("prometheus")
    ticks = range(SINCE - SINCE % 60, START + LATER, 60)
    pages = (Scraped(at, {"job": "engine"}, f"work {_work(at)}\n") for at in ticks)
    backfill(pages, into=folder / "data")
    with prometheus(folder, data=folder / "data") as url:
        yield url


def _work(at: int) -> float:
    value = daily(at).value(Signal.TOKENS)
    assert value is not None
    return value


class Scaler:
    """A forecaster of its own, with its own process, on the same Prometheus."""

    def __init__(self, address: str, folder: Path, *, at: float) -> None:
        source = PrometheusSource(url=address)
        self.clock = StillClock(at)
        self.history = PrometheusHistory("default", source, meter=Telemetry(version="1"))
        self.worker = Worker(folder)
        self.outlooks = Outlooks(workload=WORKLOAD, refreshing=QUICK)
        fold = Fold(workload=WORKLOAD, outlooks=self.outlooks)
        self._forecaster = Forecaster(
            folds=lambda: [fold],
            history=self.history,
            clock=self.clock,
            worker=self.worker,
            delay=lambda: 31,
        )

    async def until(self, at: float) -> None:
        """Forecast up to a time, refresh by refresh."""
        while self.clock.at < at:
            self.clock.at += QUICK.every
            while await self._forecaster.round():
                pass

    def told(self, at: int) -> Foreseen | None:
        return self.outlooks.upon(knowledge(), at=at).forecast

    async def close(self) -> None:
        await self.worker.close()
        await self.history.close()


@pytest.fixture
async def scalers(address: str, tmp_path: Path) -> AsyncIterator[list[Scaler]]:
    """One that has been there for a while, and one that has just been started."""
    old = Scaler(address, tmp_path / "old", at=START)
    new = Scaler(address, tmp_path / "new", at=START + LATER - QUICK.every)
    yield [old, new]
    for each in (old, new):
        await each.close()


async def test_two_scalers_publish_the_same_forecasts(scalers: list[Scaler]) -> None:
    for each in scalers:
        await each.until(START + LATER)

    ticks = range(START, START + LATER, 15)
    old, new = ([each.told(at) for at in ticks] for each in scalers)
    assert old == new
    assert {Belief.SKILL} == {each.belief for each in old if each}
