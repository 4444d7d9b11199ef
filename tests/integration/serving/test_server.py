"""The server around the calls: health, reflection, stopping."""

import asyncio

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped]
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc  # type: ignore[import-untyped]

from scaler.config.settings import Grpc
from scaler.errors import ConfigError
from scaler.pb.externalscaler_pb2_grpc import ExternalScalerStub
from scaler.serving.keda.server import SERVICE, KedaServer
from tests.fake_answers import FakeAnswers, FakeAudience, decision
from tests.integration.serving.conftest import LLAMA, Service, make_servicer


@pytest.mark.parametrize("name", ["", SERVICE])
async def test_health(service: Service, name: str) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{service.port}") as channel:
        request = health_pb2.HealthCheckRequest(service=name)
        answer = await health_pb2_grpc.HealthStub(channel).Check(request)
    assert health_pb2.HealthCheckResponse.SERVING == answer.status


async def test_reflection_names_the_service(service: Service) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{service.port}") as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        answers = stub.ServerReflectionInfo(iter([request]))
        names = [
            found.name
            async for answer in answers
            for found in answer.list_services_response.service
        ]
    assert "externalscaler.ExternalScaler" in names


async def test_calls_in_flight_finish_when_the_server_stops(service: Service) -> None:
    service.answers.hung = True
    async with grpc.aio.insecure_channel(f"127.0.0.1:{service.port}") as channel:
        call = ExternalScalerStub(channel).IsActive(LLAMA.ref())
        await service.answers.until_asked(1)
        stopping = asyncio.create_task(service.server.stop())
        service.answers.hung = False
        service.answers.decide(decision(7))
        assert (await call).result
        await stopping


async def test_port_that_is_taken_is_a_config_error(service: Service) -> None:
    servicer = make_servicer(FakeAnswers(), FakeAudience())
    second = KedaServer(servicer, settings=Grpc(address=f"127.0.0.1:{service.port}"))
    with pytest.raises(ConfigError, match=r"grpc\.address: cannot be listened on"):
        await second.start()
