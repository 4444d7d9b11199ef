"""The life of a service: first questions, mistakes, what it shows, and its end."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import grpc
import pytest

from scaler.pb import externalscaler_pb2 as pb
from scaler.pb.externalscaler_pb2_grpc import ExternalScalerStub
from scaler.runtime.clock import SystemClock
from scaler.serving.keda.client import KedaClient, PollFailed
from tests.integration.service.faulty import Fault, Faulty, faulty
from tests.integration.service.forescale import Forescale, serving
from tests.integration.service.keda import BAND, BAND_READY, BAND_TARGET, scaled
from tests.integration.service.place import Place
from tests.patience import PATIENCE

COMPARED = 120
"""Seconds of what the world had behind it from the start."""
STEADY = scaled("band", scaleDownWindow="1m", **BAND)
HUNG = scaled("band", prometheus="hung", scaleDownWindow="1m", **BAND)


def settings(sources: Mapping[str, str]) -> Mapping[str, object]:
    named = {name: {"url": url, "scrapeInterval": "1s"} for name, url in sources.items()}
    return {"evaluationInterval": "2s", "settle": "4s", "sources": named}


@pytest.fixture
async def proxy(world: Place) -> AsyncIterator[Faulty]:
    async with faulty(world.prometheus.url, half="") as proxy:
        yield proxy


@pytest.fixture
async def service(world: Place, proxy: Faulty, tmp_path: Path) -> AsyncIterator[Forescale]:
    sources = {"default": world.prometheus.url, "hung": proxy.url}
    async with serving(tmp_path, settings(sources)) as service:
        yield service


@pytest.fixture
async def client(service: Forescale) -> AsyncIterator[KedaClient]:
    client = KedaClient(service.grpc)
    yield client
    await client.close()


async def test_the_first_question_is_answered_truly_or_not_at_all(
    client: KedaClient, proxy: Faulty
) -> None:
    await proxy.begin(Fault.HUNG)

    answer = await client.poll(STEADY, deadline=PATIENCE)
    with pytest.raises(PollFailed) as failure:
        await client.poll(HUNG, deadline=PATIENCE)

    assert BAND_READY >= answer.value >= BAND_READY - 1
    assert answer.active
    assert grpc.StatusCode.UNAVAILABLE == failure.value.code


async def test_bad_metadata_are_refused_by_name_and_disturb_nobody(client: KedaClient) -> None:
    with pytest.raises(PollFailed, match="latencyTargett") as failure:
        await client.poll(scaled("typo", latencyTargett="2s", **BAND))

    assert grpc.StatusCode.INVALID_ARGUMENT == failure.value.code
    assert (await client.poll(STEADY)).active


async def until_lowered(client: KedaClient) -> None:
    """Return once nothing holds the target any more, and it stays where it is."""
    async with asyncio.timeout(PATIENCE):
        while (await client.poll(STEADY)).value != BAND_TARGET:  # noqa: ASYNC110 - KEDA polls, too
            await asyncio.sleep(0.1)


async def test_operations_show_what_was_decided_and_why(
    service: Forescale, client: KedaClient
) -> None:
    await until_lowered(client)
    assert (200, "ready\n") == await service.get("/readyz")
    assert (200, "alive\n") == await service.get("/livez")

    _, workloads = await service.get("/api/v1/workloads")
    named = {each["name"]: each for each in json.loads(workloads)["workloads"]}
    assert BAND_TARGET == named["band"]["target"]
    _, metrics = await service.get("/metrics")
    assert 'forescale_target_replicas{namespace="models",scaledobject="band"}' in metrics

    explained = await explain(service, "models/band")
    assert f"target {BAND_TARGET}, active" in explained
    assert "throughput" in explained
    assert "/ (0.8 * 1000)" in explained


async def test_an_observed_workload_is_compared_with_what_its_source_has(
    service: Forescale, client: KedaClient
) -> None:
    await client.poll(scaled("band", mode="observe", scaleDownWindow="1m", **BAND))

    now = int(SystemClock().now())
    span = f"from={now - COMPARED}&to={now}"
    status, text = await service.get(f"/api/v1/workloads/models/band/comparison?{span}")
    made = json.loads(text)

    assert (200, "observe") == (status, made["mode"])
    assert made["known_seconds"] == pytest.approx(COMPARED, abs=4)
    hours = BAND_READY * made["known_seconds"] / 3600
    assert made["happened"]["replica_hours"] == pytest.approx(hours, rel=0.3)
    assert made["would"]["replica_hours"] > 0


async def explain(service: Forescale, workload: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "scaler", "explain", workload),
        *("--server", f"http://{service.ops}"),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    return said.decode()


async def test_told_to_end_it_finishes_answers_and_streams_and_is_gone_in_time(
    service: Forescale, client: KedaClient, proxy: Faulty
) -> None:
    await client.poll(STEADY, deadline=PATIENCE)
    await proxy.begin(Fault.LATE)
    async with grpc.aio.insecure_channel(service.grpc) as channel:
        stub = ExternalScalerStub(channel)
        stream = stub.StreamIsActive(STEADY.ref())
        messages = aiter(stream)
        assert (await anext(messages)).result
        request = pb.GetMetricsRequest(scaledObjectRef=HUNG.ref(), metricName="replicas")
        in_flight = asyncio.ensure_future(stub.GetMetrics(request))
        await service.until("workload_met", workload="models/band")
        await asyncio.wait_for(proxy.asked.wait(), PATIENCE)

        service.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            values = (await in_flight).metricValues
            rest = [message async for message in messages]
            code = await stream.code()
            exit_code = await service.process.wait()

    assert ["replicas"] == [value.metricName for value in values]
    assert ([], grpc.StatusCode.OK, 0) == (rest, code, exit_code)
