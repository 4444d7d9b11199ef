"""The adapter finds out from the API server whom to believe, and which pods are ready."""

import asyncio
import queue
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
import attrs
import pytest
from yarl import URL

from scaler.aggregation import Aggregation, aggregation
from scaler.cluster.cluster import Cluster
from scaler.config.settings import Adapter, AdapterTls
from scaler.errors import ConfigError
from scaler.serving.adapter.documents import CUSTOM
from scaler.serving.recorder import Recorder
from scaler.serving.served import MemoryServed
from scaler.telemetry import Telemetry
from tests.integration.adapter.connection import connected
from tests.integration.adapter.papers import Papers, papers, put
from tests.integration.serving.certificates import Identity
from tests.patience import PATIENCE
from tests.unit.cluster.world import FakeApi, Object, event, listed, pod_item
from tests.unit.serving.published import NOW, published, showing

CONFIG_MAPS = "/api/v1/namespaces/kube-system/configmaps"
PODS = "/api/v1/namespaces/models/pods"
REPLICAS = f"{CUSTOM.path}/namespaces/models/pods/*/replicas"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return papers(tmp_path_factory.mktemp("papers"))


def config_map(front: Identity) -> Object:
    return {
        "metadata": {
            "namespace": "kube-system",
            "name": "extension-apiserver-authentication",
            "resourceVersion": "1",
        },
        "data": {
            "requestheader-client-ca-file": front.cert.read_text(),
            "requestheader-username-headers": '["X-Remote-User"]',
        },
    }


@attrs.define(kw_only=True)
class Place:
    """An adapter, and the API server that it watches."""

    api: FakeApi
    papers: Papers
    port: int

    async def until(self, code: int, *, client: Identity, path: str = REPLICAS) -> Any:
        """What is asked as `client`, once the answer has this status."""
        context = self.papers.client(client)
        asked = f"https://127.0.0.1:{self.port}{path}?labelSelector=app%3Dllama"
        url = URL(asked, encoded=True)
        async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as session:
            while True:
                try:
                    headers = {"X-Remote-User": "hpa"}
                    async with session.get(url, ssl=context, headers=headers) as response:
                        document = await response.json()
                        if response.status == code:
                            return document
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.01)


@pytest.fixture
async def place(made: Papers, tmp_path: Path) -> AsyncIterator[Place]:
    unready = pod_item("llama-7d4f9c-npqrs")
    gone = pod_item(
        "llama-7d4f9c-wxz24", ready=60, metadata={"deletionTimestamp": "2027-01-15T08:00:00Z"}
    )
    ready = [pod_item(f"llama-7d4f9c-{end}", ready=60) for end in ("bcdfg", "hjklm")]
    api = FakeApi(
        {
            CONFIG_MAPS: listed(config_map(made.front.identity)),
            PODS: listed(*ready, unready, gone),
        }
    )
    cluster = Cluster(api, now=lambda: NOW, every=15)
    adapter = Aggregation(
        Adapter(address="127.0.0.1:0", tls=put(made.server, tmp_path)),
        cluster=cluster,
        operations=showing(published(), now=NOW),
        recorder=recorder(),
    )
    port = await adapter.start()
    try:
        yield Place(api=api, papers=made, port=port)
    finally:
        await adapter.stop()
        cluster.stop()
        for each in api.events.values():
            each.put(None)


def recorder() -> Recorder:
    return Recorder(
        telemetry=Telemetry(version="1"), served_log=MemoryServed(build="1"), now=lambda: NOW
    )


@pytest.mark.parametrize("star", ["*", "%2A"])
async def test_ready_pods_share_the_target(place: Place, star: str) -> None:
    path = REPLICAS.replace("*", star)
    document = await place.until(HTTPStatus.OK, client=place.papers.proxy, path=path)

    assert {"llama-7d4f9c-bcdfg": "2500m", "llama-7d4f9c-hjklm": "2500m"} == {
        item["describedObject"]["name"]: item["value"] for item in document["items"]
    }


async def test_a_front_proxy_that_changes_is_followed_without_a_restart(place: Place) -> None:
    await place.until(HTTPStatus.OK, client=place.papers.proxy)
    client = place.papers.client(place.papers.proxy)
    async with connected(place.port, client=client, path=REPLICAS) as before:
        assert 200 == await before.ask()

        new = config_map(place.papers.next_front.identity)
        place.api.events.setdefault(CONFIG_MAPS, queue.Queue()).put(event("MODIFIED", new))

        await place.until(HTTPStatus.OK, client=place.papers.next_proxy)
        assert 503 == await before.ask()


async def test_only_the_one_config_map_is_asked_for(place: Place) -> None:
    await place.until(HTTPStatus.OK, client=place.papers.proxy)

    queries = [query for path, query in place.api.asked if path == CONFIG_MAPS]
    name = "metadata.name=extension-apiserver-authentication"
    assert {name} == {query["fieldSelector"] for query in queries}


def test_without_a_cluster_an_adapter_cannot_be_had() -> None:
    settings = Adapter(tls=AdapterTls(cert="c", key="k"))
    shown = showing(now=NOW)

    with pytest.raises(ConfigError, match="adapter: needs a cluster"):
        aggregation(settings, cluster=None, operations=shown, recorder=recorder())
    assert aggregation(None, cluster=None, operations=shown, recorder=recorder()) is None
