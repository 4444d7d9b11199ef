"""`forescale explain` against a real operations port."""

import asyncio
import subprocess
import sys

import orjson

from scaler.runtime.board import Board
from scaler.serving.operations import Operations
from scaler.serving.ops import OpsServer
from scaler.serving.served import MemoryServed
from scaler.telemetry import Telemetry
from tests.unit.serving.published import NOW, published

WAITING = published(name="new").workload


async def explain(*args: str) -> tuple[int, str]:
    """The command run in a process of its own, against a service that runs here."""
    board, served = Board(), MemoryServed(build="1.2.3")
    board.post(published())
    served.record(published(target=2), at=NOW - 100)
    operations = Operations(
        board=board,
        served=served,
        telemetry=Telemetry(version="1"),
        now=lambda: NOW,
        unready=str,
        troubles=lambda: {
            published().workload: "prometheus: no answer in 10 s",
            WAITING: "the first look is not over yet",
        },
    )
    server = OpsServer(operations, address="127.0.0.1:0")
    url = f"http://127.0.0.1:{await server.start()}"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "scaler", "explain", *args, "--server", url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await process.communicate()
    await server.stop()
    return process.returncode or 0, (out or err).decode()


async def test_explains_a_live_target() -> None:
    code, out = await explain("models/llama")
    assert 0 == code
    assert "the newest read failed: prometheus: no answer in 10 s" in out
    assert "= demand / (headroom * capacity) = 2000 / (0.8 * 500)" in out


async def test_json_is_one_document_with_a_schema() -> None:
    code, out = await explain("models/llama", "--json")
    assert 0 == code
    assert "forescale/v1" == orjson.loads(out)["schema"]


async def test_past_time_tells_what_was_served() -> None:
    code, out = await explain("models/llama", "--at", "2023-11-14T22:13:00Z")
    assert 0 == code
    assert out.startswith("models/llama: 2, active since 2023-11-14T22:12:00Z, by tokens")


async def test_a_time_of_which_nothing_is_remembered_is_a_problem() -> None:
    code, out = await explain("models/llama", "--at", "2020-01-01")
    assert 1 == code
    assert "nothing was served at 2020-01-01T00:00:00Z" in out


async def test_a_bad_time_is_named_by_its_option() -> None:
    code, err = await explain("models/llama", "--at", "yesterday")
    assert 2 == code
    assert "Invalid value for --at: must be Unix seconds or RFC 3339, got 'yesterday'" in err


async def test_a_workload_that_still_waits_says_why() -> None:
    code, err = await explain("models/new")
    assert 1 == code
    assert "models/new: nothing was decided yet: the first look is not over yet" in err


async def test_unknown_workload_is_a_problem() -> None:
    code, err = await explain("models/nobody")
    assert 1 == code
    assert "models/nobody: nobody asked for it" in err
