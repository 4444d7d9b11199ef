"""What KEDA's push loop gets to see."""

import asyncio
from typing import TYPE_CHECKING

import grpc
import pytest

from scaler.pb.externalscaler_pb2_grpc import ExternalScalerStub
from scaler.serving.keda.client import KedaClient
from scaler.serving.keda.servicer import Push
from tests.fake_answers import decision
from tests.integration.serving.conftest import LLAMA, Service, scaled

if TYPE_CHECKING:
    from scaler.pb.externalscaler_pb2_grpc import ExternalScalerAsyncStub


def open_stub(service: Service) -> tuple["ExternalScalerAsyncStub", grpc.aio.Channel]:
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{service.port}")
    return ExternalScalerStub(channel), channel


async def test_state_is_sent_at_once_and_then_each_change(service: Service) -> None:
    service.answers.decide(decision(0, active=False))
    asking, channel = open_stub(service)
    async with channel:
        stream = asking.StreamIsActive(LLAMA.ref())
        states = [(await anext(aiter(stream))).result]
        for active in (True, False, True):
            await service.answers.until(waiting=1)
            service.answers.decide(decision(int(active), active=active))
            states.append((await anext(aiter(stream))).result)
        stream.cancel()
    assert [False, True, False, True] == states


async def test_a_change_that_is_over_before_it_is_sent_is_not_sent(service: Service) -> None:
    service.answers.decide(decision(0, active=False))
    asking, channel = open_stub(service)
    async with channel:
        stream = asking.StreamIsActive(LLAMA.ref())
        await anext(aiter(stream))
        await service.answers.until(waiting=1)
        service.answers.decide(decision(1))
        service.answers.decide(decision(0, active=False))
        await service.server.stop()
        assert [] == [message.result async for message in stream]


@pytest.mark.parametrize("push", [Push(heartbeat=0.01)])
async def test_only_an_active_state_is_repeated(service: Service) -> None:
    asking, channel = open_stub(service)
    async with channel:
        active = aiter(asking.StreamIsActive(LLAMA.ref()))
        assert [True, True, True] == [(await anext(active)).result for _ in range(3)]
        service.answers.decide(decision(0, active=False))
        while (await anext(active)).result:
            pass
        await service.answers.until_asked(5)
        await service.server.stop()
        assert [] == [message.result async for message in active]


async def test_streams_end_cleanly_when_the_server_stops(service: Service) -> None:
    asking, channel = open_stub(service)
    async with channel:
        activity = asking.StreamIsActive(LLAMA.ref())
        specs = asking.StreamMetricSpec(LLAMA.ref())
        await anext(aiter(activity))
        await anext(aiter(specs))
        await service.answers.until(waiting=1)
        await service.server.stop()
        assert grpc.StatusCode.OK == await activity.code()
        assert grpc.StatusCode.OK == await specs.code()


@pytest.mark.parametrize("push", [Push(lifetime=0.05)])
async def test_streams_end_cleanly_at_their_age(service: Service) -> None:
    asking, channel = open_stub(service)
    async with channel:
        activity = asking.StreamIsActive(LLAMA.ref())
        specs = asking.StreamMetricSpec(LLAMA.ref())
        assert [True] == [message.result async for message in activity]
        assert 1 == len([message async for message in specs])
        assert grpc.StatusCode.OK == await activity.code()


async def test_spec_is_streamed_for_any_metadata(service: Service) -> None:
    asking, channel = open_stub(service)
    async with channel:
        stream = asking.StreamMetricSpec(scaled(nonsense="x").ref())
        message = await anext(aiter(stream))
        stream.cancel()
    assert ["replicas"] == [spec.metricName for spec in message.metricSpecs]


async def test_bad_metadata_end_the_activity_stream_with_the_reason(service: Service) -> None:
    asking, channel = open_stub(service)
    async with channel:
        stream = asking.StreamIsActive(scaled(nonsense="x").ref())
        with pytest.raises(grpc.aio.AioRpcError, match="nonsense: unknown key"):
            await anext(aiter(stream))


async def test_streams_of_a_whole_cluster_open_at_once_and_leave_unary_calls_alone(
    service: Service,
) -> None:
    asking, channel = open_stub(service)
    async with channel:
        streams = [
            asking.StreamIsActive(scaled(f"llama-{i}", engine="vllm").ref()) for i in range(3000)
        ]
        await asyncio.gather(*(anext(aiter(stream)) for stream in streams))
        assert 3.0 == (await service.client.poll(LLAMA, deadline=30)).value
        await service.server.stop()
        codes = await asyncio.gather(*(stream.code() for stream in streams))
    assert {grpc.StatusCode.OK} == set(codes)


async def test_client_that_leaves_leaves_nothing_behind(service: Service) -> None:
    asking, channel = open_stub(service)
    async with channel:
        stream = asking.StreamIsActive(LLAMA.ref())
        await anext(aiter(stream))
        await service.answers.until(waiting=1)
    await service.answers.until(waiting=0)


async def test_reconnections_wait_longer_until_a_stream_ends_cleanly(service: Service) -> None:
    waits: list[float] = []
    enough = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 7:
            enough.set()
            await asyncio.Event().wait()

    await service.server.stop()
    client = KedaClient(f"127.0.0.1:{service.port}", sleep=sleep)

    async def listen() -> None:
        async for _ in client.pushes(LLAMA):
            pass

    listening = asyncio.create_task(listen())
    await enough.wait()
    listening.cancel()
    await client.close()
    assert [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0] == waits
