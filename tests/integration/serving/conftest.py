"""A real gRPC server on a free port, KEDA's client, and decisions that a test controls."""

from collections.abc import AsyncIterator
from functools import partial

import attrs
import pytest

from scaler.config.settings import Grpc, Settings
from scaler.config.sources import PrometheusSource
from scaler.config.understand import understand
from scaler.serving.keda.answers import Metadata
from scaler.serving.keda.client import KedaClient, ScaledObject
from scaler.serving.keda.server import KedaServer
from scaler.serving.keda.servicer import Push, Servicer
from tests.fake_answers import FakeAnswers, FakeAudience, decision

SETTINGS = Settings(sources={"default": PrometheusSource(url="http://prometheus:9090")})


@attrs.define(kw_only=True)
class Service:
    answers: FakeAnswers
    audience: FakeAudience
    server: KedaServer
    client: KedaClient
    port: int


def scaled(name: str = "llama", **metadata: str) -> ScaledObject:
    return ScaledObject(
        namespace="models", name=name, metadata={"scalerAddress": "here", **metadata}
    )


LLAMA = scaled(engine="vllm")


def make_servicer(
    answers: FakeAnswers, audience: FakeAudience, *, push: Push | None = None
) -> Servicer:
    metadata = Metadata(partial(understand, settings=SETTINGS))
    return Servicer(metadata=metadata, answers=answers, audience=audience, push=push)


@pytest.fixture
def push() -> Push:
    return Push()


@pytest.fixture
async def service(push: Push) -> AsyncIterator[Service]:
    answers, audience = FakeAnswers(decision()), FakeAudience()
    server = KedaServer(
        make_servicer(answers, audience, push=push),
        settings=Grpc(address="127.0.0.1:0", reflection=True),
    )
    port = await server.start()
    client = KedaClient(f"127.0.0.1:{port}")
    yield Service(answers=answers, audience=audience, server=server, client=client, port=port)
    await client.close()
    await server.stop()
