"""What KEDA's poll loop gets to see."""

from typing import TYPE_CHECKING

import grpc
import pytest

from scaler.errors import UnknownWorkload
from scaler.pb import externalscaler_pb2 as pb
from scaler.pb.externalscaler_pb2_grpc import ExternalScalerStub
from scaler.serving.keda.client import Poll, PollFailed
from tests.fake_answers import decision
from tests.integration.serving.conftest import LLAMA, Service, scaled

if TYPE_CHECKING:
    from scaler.pb.externalscaler_pb2_grpc import ExternalScalerAsyncStub


def stub(service: Service) -> tuple["ExternalScalerAsyncStub", grpc.aio.Channel]:
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{service.port}")
    return ExternalScalerStub(channel), channel


async def test_target_is_served_as_a_value_against_target_one(service: Service) -> None:
    assert Poll(value=3.0, target=1.0, active=True) == await service.client.poll(LLAMA)


async def test_zero_is_zero_in_both_fields_and_inactive(service: Service) -> None:
    service.answers.decide(decision(0, active=False))
    asking, channel = stub(service)
    async with channel:
        request = pb.GetMetricsRequest(scaledObjectRef=LLAMA.ref(), metricName="replicas")
        answer = await asking.GetMetrics(request)
    assert [(0, 0.0)] == [(v.metricValue, v.metricValueFloat) for v in answer.metricValues]
    assert Poll(value=0.0, target=1.0, active=False) == await service.client.poll(LLAMA)


async def test_bad_metadata_name_key_rule_value_and_nearest_key(service: Service) -> None:
    with pytest.raises(PollFailed) as failure:
        await service.client.poll(scaled(engine="vlm", latencyTarge="1s"))
    assert grpc.StatusCode.INVALID_ARGUMENT == failure.value.code
    message = str(failure.value)
    assert "latencyTarge: unknown key (did you mean 'latencyTarget'?)" in message
    assert "engine: must be one of vllm" in message
    assert "got 'vlm' (did you mean 'vllm'?)" in message


async def test_bad_metadata_still_get_the_metric_spec(service: Service) -> None:
    asking, channel = stub(service)
    async with channel:
        answer = await asking.GetMetricSpec(scaled(nonsense="x").ref())
    spec = answer.metricSpecs[0]
    assert ("replicas", 1, 1.0) == (spec.metricName, spec.targetSize, spec.targetSizeFloat)


async def test_unknown_workload_is_unavailable_and_still_gets_the_spec(service: Service) -> None:
    service.answers.fail(UnknownWorkload("models/llama: nothing was decided yet"))
    with pytest.raises(PollFailed, match="nothing was decided yet") as failure:
        await service.client.poll(LLAMA)
    assert grpc.StatusCode.UNAVAILABLE == failure.value.code
    assert ("GetMetricSpec", "OK") in service.audience.calls


async def test_expired_decision_is_unavailable_and_never_zero(service: Service) -> None:
    service.answers.decide(decision(None))
    with pytest.raises(PollFailed) as failure:
        await service.client.poll(LLAMA)
    assert grpc.StatusCode.UNAVAILABLE == failure.value.code
    assert [] == service.audience.targets


async def test_keda_repeats_a_failed_poll_once(service: Service) -> None:
    service.answers.decide(decision(None))
    with pytest.raises(PollFailed):
        await service.client.poll(LLAMA)
    assert 2 == service.audience.calls.count(("GetMetrics", "UNAVAILABLE"))


async def test_metric_that_we_never_offered_is_refused(service: Service) -> None:
    asking, channel = stub(service)
    async with channel:
        request = pb.GetMetricsRequest(scaledObjectRef=LLAMA.ref(), metricName="queue")
        with pytest.raises(grpc.aio.AioRpcError) as failure:
            await asking.GetMetrics(request)
    assert grpc.StatusCode.INVALID_ARGUMENT == failure.value.code()
    assert "must be replicas, got 'queue'" in (failure.value.details() or "")


async def test_hung_runtime_is_unavailable_within_the_budget(service: Service) -> None:
    service.answers.hung = True
    asking, channel = stub(service)
    async with channel:
        with pytest.raises(grpc.aio.AioRpcError) as failure:
            await asking.IsActive(LLAMA.ref(), timeout=30)
    assert grpc.StatusCode.UNAVAILABLE == failure.value.code()


async def test_message_is_cut_to_what_an_event_holds(service: Service) -> None:
    wrong = {f"nonsense{i}": "x" for i in range(500)}
    with pytest.raises(PollFailed) as failure:
        await service.client.poll(scaled(engine="vllm", **wrong))
    assert 1000 == len(str(failure.value))


async def test_two_triggers_of_one_scaled_object_are_two_workloads(service: Service) -> None:
    await service.client.poll(scaled(engine="vllm", model="a"))
    await service.client.poll(scaled(engine="vllm", model="b"))
    assert 2 == len(set(service.answers.asked))


async def test_served_targets_are_told_once_a_poll(service: Service) -> None:
    await service.client.poll(LLAMA)
    assert [3] == service.audience.targets
