"""A service whose loop has ended says so to whoever can start it anew."""

import asyncio

import aiohttp
import structlog

from scaler.bootstrap import Service
from scaler.config.settings import Grpc, Ops, Settings
from tests.unit.runtime.histories import FakeHistory


class BreakingClock:
    """Goes wrong for those who wait for it, once `broken` is set."""

    def __init__(self) -> None:
        self.broken = asyncio.Event()

    def now(self) -> float:
        return 1_800_000_000.0

    async def sleep_until(self, at: float) -> None:
        await self.broken.wait()
        raise ZeroDivisionError("no time")


async def test_a_loop_that_has_ended_is_not_alive_and_not_ready_and_told_once() -> None:
    clock, local = BreakingClock(), "127.0.0.1:0"
    settings = Settings(grpc=Grpc(address=local), ops=Ops(address=local))
    service = Service(settings, clock=clock, history=FakeHistory())
    ports = await service.start()
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{ports.ops}") as session:
            assert [(200, "alive\n"), (200, "ready\n")] == await probed(session)
            with structlog.testing.capture_logs() as logs:
                clock.broken.set()
                reason = "nothing is decided any more: ZeroDivisionError: no time\n"
                for _ in range(2):
                    assert [(503, reason), (503, reason)] == await probed(session)
    finally:
        await service.stop()
    ends = sorted(line["task"] for line in logs if line["event"] == "task_ended")
    assert ["forecasting", "ticking"] == ends


async def test_the_end_of_a_service_is_not_told_as_a_fault() -> None:
    local = "127.0.0.1:0"
    settings = Settings(grpc=Grpc(address=local), ops=Ops(address=local))
    service = Service(settings, clock=BreakingClock(), history=FakeHistory())
    await service.start()
    with structlog.testing.capture_logs() as logs:
        await service.stop()
    assert [] == [line for line in logs if line["event"] == "task_ended"]


async def probed(session: aiohttp.ClientSession) -> list[tuple[int, str]]:
    """Status and text of `/livez` and `/readyz`."""
    found = []
    for path in ("/livez", "/readyz"):
        async with session.get(path) as response:
            found.append((response.status, await response.text()))
    return found
