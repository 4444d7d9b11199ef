"""The operations port, asked over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import attrs
import pytest

from scaler.errors import ConfigError
from scaler.runtime.board import Board
from scaler.serving.operations import Operations
from scaler.serving.ops import OpsServer
from scaler.serving.served import MemoryServed
from scaler.telemetry import Telemetry
from tests.unit.serving.published import AT, NOW, published

TOO_MANY_TO_BUFFER = 3_000
"""Workloads whose page is larger than what the two ends of a connection hold."""


@attrs.define
class Ops:
    session: aiohttp.ClientSession
    board: Board
    served: MemoryServed
    unready: str = ""
    port: int = 0
    server: OpsServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def get(self, path: str) -> tuple[int, str]:
        async with self.session.get(f"{self.url}{path}") as response:
            return response.status, await response.text()

    async def json(self, path: str) -> tuple[int, dict[str, Any]]:
        async with self.session.get(f"{self.url}{path}") as response:
            return response.status, await response.json()


@pytest.fixture
async def ops() -> AsyncIterator[Ops]:
    async with aiohttp.ClientSession() as session:
        ops = Ops(session, Board(), MemoryServed(build="1.2.3"))
        operations = Operations(
            board=ops.board,
            served=ops.served,
            telemetry=Telemetry(version="1.2.3"),
            now=lambda: NOW,
            unready=lambda: ops.unready,
        )
        ops.server = OpsServer(operations, address="127.0.0.1:0")
        ops.port = await ops.server.start()
        yield ops
        await ops.server.stop()


async def test_alive_whether_ready_or_not(ops: Ops) -> None:
    ops.unready = "no first look yet"
    assert (200, "alive\n") == await ops.get("/livez")


async def test_a_client_that_leaves_in_the_middle_of_a_page_is_no_error(
    ops: Ops, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(TOO_MANY_TO_BUFFER):
        ops.board.post(published(name=f"llama-{number}"))
    reader, writer = await asyncio.open_connection("127.0.0.1", ops.port, limit=1)
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: forescale\r\n\r\n")
    await reader.readexactly(1)
    writer.transport.abort()
    assert ops.server
    await ops.server.stop()
    assert [] == caplog.messages


async def test_ready_says_why_not(ops: Ops) -> None:
    assert (200, "ready\n") == await ops.get("/readyz")
    ops.unready = "no first look yet"
    assert (503, "no first look yet\n") == await ops.get("/readyz")


async def test_metrics_of_many_workloads_are_one_whole_page(ops: Ops) -> None:
    for i in range(2000):
        ops.board.post(published(f"w{i}"))
    status, text = await ops.get("/metrics")
    assert 200 == status
    assert 2000 == text.count("\nforescale_target_replicas{")
    assert text.endswith("\n")


async def test_workloads_are_listed(ops: Ops) -> None:
    assert (200, {"schema": "forescale/v1", "workloads": []}) == await ops.json("/api/v1/workloads")
    ops.board.post(published("a"))
    ops.board.post(published("b"))
    _, document = await ops.json("/api/v1/workloads")
    expected = {
        "namespace": "models",
        "name": "a",
        "digest": "abc",
        "target": 5,
        "active": True,
        "winner": "tokens",
        "at": AT,
        "age": 10,
        "missing": {"utilization": "absent"},
        "note": "",
    }
    assert expected == document["workloads"][0]
    assert 2 == len(document["workloads"])


async def test_workload_is_explained(ops: Ops) -> None:
    ops.board.post(published())
    status, document = await ops.json("/api/v1/workloads/models/llama")
    assert 200 == status
    work = document["recommendations"][0]
    assert "demand / (headroom * capacity)" == work["formula"]
    assert {"demand": 2000.0, "headroom": 0.8, "capacity": 500.0} == work["terms"]
    assert {"value": 2000.0, "at": AT - 5, "age": 15} == document["readings"]["tokens"]
    assert {"gap": "absent", "detail": "no DCGM"} == document["readings"]["utilization"]
    limit = {"by": "maxReplicas", "before": 7, "after": 5, "detail": "asked for 7"}
    assert [limit] == document["limits"]
    assert 0.8 == document["spec"]["headroom"]
    assert 240 == document["knowledge"]["lead_time"]


async def test_an_expired_target_is_not_stated(ops: Ops) -> None:
    ops.board.post(published(at=NOW - 1801))
    _, document = await ops.json("/api/v1/workloads/models/llama")
    _, listed = await ops.json("/api/v1/workloads")
    note = "the last decision is 1801 s old, and holdFor is over"
    for each in (document, *listed["workloads"]):
        assert (None, True, note) == (each["target"], each["active"], each["note"])


async def test_unknown_workload_is_not_found(ops: Ops) -> None:
    status, document = await ops.json("/api/v1/workloads/models/nobody")
    assert (404, "models/nobody: nobody asked for it") == (status, document["error"])


async def test_served_decisions_of_a_time(ops: Ops) -> None:
    ops.served.record(published(target=2), at=NOW - 100)
    ops.served.record(published(target=4), at=NOW - 50)
    path = "/api/v1/workloads/models/llama/decisions"
    _, document = await ops.json(f"{path}?from={NOW - 60}&to=2023-11-14T22:13:40Z")
    assert [2, 4] == [answer["target"] for answer in document["decisions"]]
    assert (NOW - 60, NOW, False) == (document["from"], document["to"], document["lasting"])


@pytest.mark.parametrize("time", ["yesterday", "9" * 5000, "2023-13-01"])
async def test_time_that_is_none_is_refused(ops: Ops, time: str) -> None:
    status, document = await ops.json(f"/api/v1/workloads/models/llama/decisions?from={time}")
    assert 400 == status
    assert "must be Unix seconds or RFC 3339" in str(document["error"])


async def test_first_page_says_how_it_is(ops: Ops) -> None:
    ops.unready = "<waiting>"
    status, text = await ops.get("/")
    assert 200 == status
    assert "Forescale 1.2.3" in text
    assert "&lt;waiting&gt;" in text


async def test_port_that_is_taken_is_a_config_error(ops: Ops) -> None:
    operations = Operations(
        board=Board(),
        served=ops.served,
        telemetry=Telemetry(version="1"),
        now=lambda: NOW,
        unready=str,
    )
    with pytest.raises(ConfigError, match=r"ops\.address: cannot be listened on"):
        await OpsServer(operations, address=ops.url.removeprefix("http://")).start()
