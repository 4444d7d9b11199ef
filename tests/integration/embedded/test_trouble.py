"""What is wrong reaches the owner: KEDA shows the message of the call that failed."""

import asyncio
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import grpc
import pytest

from scaler.serving.keda.client import KedaClient, PollFailed, ScaledObject
from tests.integration.embedded.engines import answering
from tests.integration.embedded.killing import QUICK
from tests.integration.service.forescale import serving

NOBODY = "http://127.0.0.1:1"


async def refusal(folder: Path, settings: Mapping[str, object], **metadata: str) -> PollFailed:
    scaled = ScaledObject(namespace="models", name="llama", metadata={**QUICK, **metadata})
    async with serving(folder, settings) as service:
        client = KedaClient(service.grpc)
        try:
            with pytest.raises(PollFailed) as failed:
                await client.poll(scaled)
        finally:
            await client.close()
    return failed.value


async def test_a_wrong_url_is_told_with_the_sources_name(tmp_path: Path) -> None:
    sources = {"theirs": {"url": NOBODY}}
    failed = await refusal(tmp_path, {"sources": sources}, source="prometheus", prometheus="theirs")
    assert grpc.StatusCode.UNAVAILABLE == failed.code
    assert "theirs" in str(failed)
    assert "refused" in str(failed).lower() or "connect" in str(failed).lower()


async def test_an_endpoint_that_is_no_name_is_told(tmp_path: Path) -> None:
    settings = {"allowedAddresses": ["http://*.invalid"]}
    failed = await refusal(tmp_path, settings, endpoints="http://engine.invalid/metrics")
    assert grpc.StatusCode.UNAVAILABLE == failed.code
    assert "models/llama: none of 1 endpoints gave a page: engine.invalid:80 " in str(failed)


async def test_an_endpoint_where_nobody_listens_is_told(tmp_path: Path) -> None:
    failed = await refusal(tmp_path, {"allowedAddresses": [NOBODY]}, endpoints=f"{NOBODY}/metrics")
    assert "none of 1 endpoints gave a page: 127.0.0.1:1 refused the connection" in str(failed)


async def test_a_page_of_something_else_is_told(tmp_path: Path) -> None:
    async with answering(lambda path: "process_cpu_seconds_total 1.5\n") as address:
        settings = {"allowedAddresses": [f"http://{address}"]}
        failed = await refusal(tmp_path, settings, endpoints=f"http://{address}/metrics")
    assert "1 of 1 endpoints answered, without a metric of vllm" in str(failed)


async def test_a_state_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "forescale.db").write_bytes(b"nonsense" * 1000)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "scaler", "serve"),
        env={**os.environ, "FORESCALE_STATE": str(tmp_path)},
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert 0 != process.returncode
    assert re.search(r"state: is damaged .*move forescale\.db", said.decode())
    assert "Traceback" not in said.decode()
