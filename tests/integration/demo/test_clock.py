"""Fast motion over a clock that a test controls."""

import asyncio

import attrs
import pytest

from scaler.demo.clock import FRAME, FastClock


@attrs.define
class Hands:
    """A real clock that wakes sleepers late by as much as it is told."""

    at: float = 1000.0
    late: float = 0.0

    def now(self) -> float:
        return self.at

    async def sleep_until(self, at: float) -> None:
        self.at = max(self.at, at) + self.late


async def test_simulated_time_begins_now_and_passes_faster() -> None:
    clock = FastClock(Hands(), speed=60.0)
    assert 1000.0 == clock.now()
    await clock.step()
    assert pytest.approx(1000.0 + 60.0 * FRAME) == clock.now()


async def test_a_program_that_is_late_finds_time_waiting_for_it() -> None:
    clock = FastClock(Hands(late=10.0), speed=60.0)
    await clock.step()
    assert clock.now() < 1000.0 + 60.0 * 1.0


async def test_whoever_sleeps_wakes_when_time_has_come() -> None:
    clock = FastClock(Hands(), speed=60.0)
    sleeper = asyncio.create_task(clock.sleep_until(1000.0 + 90.0 * FRAME))
    woken = []
    for _ in range(2):
        await asyncio.sleep(0)
        await clock.step()
        await asyncio.sleep(0)
        woken.append(sleeper.done())
    assert [False, True] == woken
