"""`forescale compare` and its endpoint, against a real operations port."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

import aiohttp
import attrs
import pytest

from scaler.config.workload import Workload
from scaler.errors import SignalUnavailable
from scaler.runtime.board import Board
from scaler.runtime.clock import SystemClock
from scaler.runtime.comparison.account import Comparison, Disagreement, Side
from scaler.serving.operations import Operations
from scaler.serving.ops import LONGEST, OpsServer
from scaler.serving.served import MemoryServed
from scaler.telemetry import Telemetry
from tests.unit.serving.published import NOW, published, workload

PATH = "/api/v1/workloads/models/llama/comparison"
MADE = Comparison(
    start=0,
    stop=1,
    known_seconds=80_000,
    over_seconds=600,
    judged_seconds=86_000,
    sized_seconds=86_400,
    capacity=9970.0,
    happened=Side(replica_hours=240.0, short_seconds=300),
    would=Side(replica_hours=180.0, short_seconds=60),
    disagreements=(
        Disagreement(
            start=NOW - 7200,
            stop=NOW - 3600,
            replica_hours=-4.0,
            at=NOW - 5000,
            wanted=10,
            would=6,
            winner="tokens",
            limits=("stabilization window",),
        ),
    ),
)


@attrs.define
class Past:
    """Compares without reading: says `MADE`, once it may, or that its source is away."""

    away: bool = False
    asked: list[tuple[int, int]] = attrs.field(factory=list)
    may: asyncio.Event = attrs.field(factory=asyncio.Event)
    began: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def compare(self, workload: Workload, *, start: int, stop: int) -> Comparison:
        self.asked.append((start, stop))
        self.began.set()
        await self.may.wait()
        if self.away:
            raise SignalUnavailable("prometheus: connection refused")
        return attrs.evolve(MADE, start=start, stop=stop)


@attrs.frozen
class Ops:
    url: str
    past: Past

    async def get(self, query: str = "", path: str = PATH) -> tuple[int, dict[str, object]]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.url}{path}{query}") as response,
        ):
            return response.status, await response.json()


@asynccontextmanager
async def served(past: Past, *, now: Callable[[], int] = lambda: NOW) -> AsyncIterator[Ops]:
    board = Board()
    board.post(published())
    operations = Operations(
        board=board,
        served=MemoryServed(build="1"),
        telemetry=Telemetry(version="1"),
        now=now,
        unready=str,
        troubles=lambda: {workload("new"): "the first look is not over yet"},
        compare=past.compare,
    )
    server = OpsServer(operations, address="127.0.0.1:0")
    try:
        yield Ops(f"http://127.0.0.1:{await server.start()}", past)
    finally:
        await server.stop()


@pytest.fixture
async def ops() -> AsyncIterator[Ops]:
    past = Past()
    past.may.set()
    async with served(past) as ops:
        yield ops


async def test_a_comparison_is_of_the_last_day_by_default(ops: Ops) -> None:
    status, document = await ops.get()

    assert (200, [(NOW - 86_400, NOW)]) == (status, ops.past.asked)
    assert (NOW - 86_400, NOW) == (document["from"], document["to"])
    assert {"replica_hours": 180.0, "short_seconds": 60} == document["would"]
    assert ("on", 2.0, "tokens") == (document["mode"], document["objective"], document["unit"])


async def test_the_future_is_not_compared(ops: Ops) -> None:
    await ops.get(f"?from={NOW - 60}&to={NOW + 600}")

    assert [(NOW - 60, NOW)] == ops.past.asked


@pytest.mark.parametrize("start", [NOW, NOW - LONGEST - 1])
async def test_too_long_or_nothing_is_refused(ops: Ops, start: int) -> None:
    status, document = await ops.get(f"?from={start}")

    assert HTTPStatus.BAD_REQUEST == status
    assert "must be before to, and at most 336 h" in str(document["error"])


async def test_unknown_workloads_and_sources_that_are_away_are_named(ops: Ops) -> None:
    unknown, _ = await ops.get(path=PATH.replace("llama", "other"))
    ops.past.away = True
    away, document = await ops.get()

    assert (HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE) == (unknown, away)
    assert "prometheus: connection refused" == document["error"]


async def test_what_was_not_decided_on_yet_can_be_compared(ops: Ops) -> None:
    status, document = await ops.get(path=PATH.replace("llama", "new"))

    assert (200, "new") == (status, document["name"])


async def test_one_comparison_at_a_time(ops: Ops) -> None:
    ops.past.may.clear()
    first = asyncio.create_task(ops.get())
    await ops.past.began.wait()
    second, document = await ops.get()
    ops.past.may.set()
    status, _ = await first

    assert (HTTPStatus.SERVICE_UNAVAILABLE, 200) == (second, status)
    assert "another comparison is being made" == document["error"]


async def test_a_service_without_a_history_says_so() -> None:
    board = Board()
    board.post(published())
    operations = Operations(
        board=board,
        served=MemoryServed(build="1"),
        telemetry=Telemetry(version="1"),
        now=lambda: NOW,
        unready=str,
    )
    server = OpsServer(operations, address="127.0.0.1:0")
    ops = Ops(f"http://127.0.0.1:{await server.start()}", Past())
    status, document = await ops.get()
    await server.stop()

    assert HTTPStatus.SERVICE_UNAVAILABLE == status
    assert "models/llama: no history to read again" == document["error"]


async def compare(url: str, *more: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "scaler", "compare", "models/llama", "--server", url, *more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_the_command_asks_for_a_week_and_tells_both_sides() -> None:
    past = Past()
    past.may.set()
    async with served(past, now=lambda: int(SystemClock().now()) + 60) as ops:
        code, out, _ = await compare(ops.url)

    ((start, stop),) = past.asked
    assert (0, 7 * 86_400) == (code, stop - start)
    assert "240.0 happened, 180.0 would have (-25.0%)" in out


async def test_the_command_says_what_is_wrong_with_the_time(ops: Ops) -> None:
    code, out, err = await compare(ops.url, "--since", "15d")

    assert (2, "") == (code, out)
    assert "Invalid value for --since: must be before to, and at most 336 h" in err
