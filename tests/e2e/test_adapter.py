"""An HPA without KEDA follows Forescale through the API server's own aggregation.

The adapter has the rights that `manifests/` gives its service account, and no others. KEDA runs in
the same cluster, and notices nothing.
"""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from scaler.cluster.apiservices import APISERVICES, CUSTOM, EXTERNAL
from tests.e2e.adapter import Adapter, account, adapting, declared, hpa, of_object, of_pods
from tests.e2e.aggregated import is_available
from tests.e2e.api import Api, ApiError
from tests.e2e.dial import dialed, settings, turn
from tests.e2e.rig import Rig
from tests.e2e.workload import Workload
from tests.integration.serving.certificates import Identity

GROUP = "/apis/custom.metrics.k8s.io/v1beta2"


@pytest.fixture(scope="module")
def login(land: Rig) -> Path:
    return account(land.cluster)


def replicas_of(workload: Workload) -> str:
    return f"{GROUP}/namespaces/{workload.namespace}/deployments.apps/{workload.name}/replicas"


def _client(authority: Path, identity: Identity | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority))
    if identity:
        context.load_cert_chain(identity.cert, identity.key)
    return context


@pytest.fixture
async def adapter(
    land: Rig, login: Path, workload: Workload, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Adapter]:
    monkeypatch.setenv("KUBECONFIG", str(login))
    await turn(land, workload, 4)
    await workload.deploy(replicas=4)
    await land.until_scraped(f'dial{{namespace="{workload.namespace}"}}')
    asked = {
        **settings(land.prometheus.url),
        "workloads": [declared(workload, dialed(workload))],
    }
    async with adapting(land.cluster, workload.api, asked, folder=tmp_path) as found:
        yield found


@pytest.mark.parametrize("way", ["object", "pods", "signal"])
async def test_a_plain_hpa_follows(
    land: Rig, api: Api, workload: Workload, adapter: Adapter, way: str
) -> None:
    metric, least = {
        "object": (of_object(workload), 7),
        "pods": (of_pods("replicas"), 7),
        "signal": (of_pods("requests_per_second"), 6),
    }[way]
    async with workload.course() as course:
        await api.apply(hpa(workload, metric))
        await turn(land, workload, 9)
        await workload.until_ready(9)
        await turn(land, workload, 6)
        # Of a target, one more is kept until it is surely too many; a signal is as it is.
        await workload.until_ready(least)

    assert (4, 9, least) == (course.wanted[0], max(course.wanted), course.wanted[-1])
    assert way != "object" or [4, 9, least] == course.wanted


async def test_kubectl_is_answered_and_keda_keeps_its_place(
    land: Rig, api: Api, workload: Workload, adapter: Adapter
) -> None:
    before = await api.get(f"{APISERVICES}/{EXTERNAL}")

    (item,) = adapter.raw(replicas_of(workload))["items"]
    names = {each["name"] for each in adapter.raw(GROUP)["resources"]}
    refused = adapter.install("--external")

    assert ("4", "Deployment") == (item["value"], item["describedObject"]["kind"])
    assert {"deployments.apps/replicas", "pods/gpu_utilization"} <= names
    assert 1 == refused.returncode
    assert "KEDA is in this cluster" in refused.stderr
    after = await api.get(f"{APISERVICES}/{EXTERNAL}")
    assert before["spec"] == after["spec"]
    assert is_available(after)


async def test_what_nobody_knows_is_no_number(
    api: Api, workload: Workload, adapter: Adapter
) -> None:
    with pytest.raises(ApiError) as unknown:
        await api.get(replicas_of(workload).replace("/llama/", "/gemma/"))
    with pytest.raises(ApiError) as missing:
        await api.get(replicas_of(workload).replace("/replicas", "/gpu_utilization"))

    assert (404, 404) == (unknown.value.status, missing.value.status)


async def test_a_user_who_says_to_be_the_front_proxy_is_refused(
    land: Rig, workload: Workload, adapter: Adapter
) -> None:
    headers = {"X-Remote-User": "system:admin", "X-Remote-Group": "system:masters"}
    url = f"https://127.0.0.1:{adapter.port}{replicas_of(workload)}"
    papers = land.cluster.papers

    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.get(url, ssl=_client(papers.cluster.identity.cert)) as response:
            assert 401 == response.status
        admin = _client(papers.cluster.identity.cert, papers.admin)
        with pytest.raises(aiohttp.ClientError):
            await session.get(url, ssl=admin)
        proxy = _client(papers.cluster.identity.cert, papers.proxy)
        async with session.get(url, ssl=proxy) as response:
            assert 200 == response.status


async def test_a_new_certificate_is_taken_up_while_the_api_server_asks(
    land: Rig, workload: Workload, adapter: Adapter
) -> None:
    assert adapter.raw(replicas_of(workload))["items"]

    adapter.renew()

    url = f"https://127.0.0.1:{adapter.port}/livez"
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, ssl=_client(land.cluster.papers.cluster.identity.cert)) as response,
    ):
        assert 200 == response.status
    await adapter.service.until("adapter_certificates_read")
    assert adapter.raw(replicas_of(workload))["items"]


async def test_what_is_uninstalled_is_asked_for_nothing_more(
    api: Api, workload: Workload, adapter: Adapter
) -> None:
    removed = adapter.forescale("uninstall")

    assert f"{CUSTOM}: removed" in removed.stdout
    assert f"{EXTERNAL}: belongs to another, Service keda/" in removed.stdout
    with pytest.raises(ApiError) as gone:
        await api.get(f"{APISERVICES}/{CUSTOM}")
    assert 404 == gone.value.status
