"""An HPA without KEDA follows Forescale through the API server's own aggregation.

The adapter has the rights that `manifests/` gives its service account, and no others. KEDA runs in
the same cluster, and notices nothing.
"""

import json
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import attrs
import pytest

from scaler.cluster.apiservices import APISERVICES, CUSTOM, EXTERNAL
from tests.e2e.aggregated import is_available
from tests.e2e.api import Api, ApiError, Object
from tests.e2e.dial import dialed, settings, turn
from tests.e2e.rig import Rig
from tests.e2e.workload import FOLLOW, Workload
from tests.integration.adapter.papers import put
from tests.integration.prometheus import free_port
from tests.integration.service.forescale import Forescale, serving
from tests.integration.serving.certificates import Identity

BASE = Path(__file__).parents[2] / "manifests/base"
OVERLAY = Path(__file__).parents[2] / "manifests/overlays/metrics-adapter"
HOST = "DNS:forescale-adapter.forescale.svc"
GROUP = "/apis/custom.metrics.k8s.io/v1beta2"


@pytest.fixture(scope="module")
def login(land: Rig) -> Path:
    """What the pods of the overlay log in with."""
    for file in ("namespace.yaml", "rbac.yaml"):
        land.cluster.kubectl("apply", "--namespace=forescale", f"--filename={BASE / file}")
    land.cluster.kubectl("apply", f"--filename={OVERLAY / 'rbac.yaml'}")
    return land.cluster.account("forescale", namespace="forescale")


@attrs.frozen(kw_only=True)
class Adapter:
    """A service with the adapter of one workload, and its place in the cluster."""

    land: Rig
    api: Api
    service: Forescale
    port: int
    papers: Path

    def forescale(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """What `forescale adapter` says to somebody with kubectl's login."""
        return subprocess.run(
            [sys.executable, "-m", "scaler", "adapter", *arguments],
            env={"KUBECONFIG": str(self.land.cluster.kubeconfig)},
            capture_output=True,
            text=True,
            check=False,
        )

    def install(self, *more: str) -> "subprocess.CompletedProcess[str]":
        authority = self.land.cluster.papers.cluster.identity.cert
        return self.forescale("install", f"--ca-file={authority}", *more)

    def raw(self, path: str) -> Any:
        """What kubectl is answered."""
        return json.loads(self.land.cluster.kubectl("get", "--raw", path))


@asynccontextmanager
async def adapting(
    land: Rig, workload: Workload, folder: Path, **metadata: str
) -> AsyncIterator[Adapter]:
    """Run the service, whose workload is declared, and have the API server ask it."""
    port, papers = free_port(), folder / "papers"
    papers.mkdir()
    tls = put(land.cluster.papers.cluster.sign("adapter", hosts=(HOST,)), papers)
    declared = {
        "namespace": workload.namespace,
        "name": workload.name,
        "metadata": dialed(workload, **metadata),
    }
    asked = {
        **settings(land.prometheus.url),
        "adapter": {"address": f"127.0.0.1:{port}", "tls": attrs.asdict(tls)},
        "workloads": [declared],
    }
    async with serving(folder / "service", asked) as service:
        found = Adapter(land=land, api=workload.api, service=service, port=port, papers=papers)
        await workload.api.apply(_service(port))
        installed = found.install()
        assert not installed.returncode, installed.stderr
        try:
            yield found
        finally:
            removed = found.forescale("uninstall")
            assert not removed.returncode, removed.stderr


def _service(port: int) -> Object:
    """What stands for the pods of the overlay: a process of this machine."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "forescale-adapter", "namespace": "forescale"},
        "spec": {
            "type": "ExternalName",
            "externalName": "localhost",
            "ports": [{"name": "adapter", "port": port}],
        },
    }


def replicas_of(workload: Workload) -> str:
    return f"{GROUP}/namespaces/{workload.namespace}/deployments.apps/{workload.name}/replicas"


def _client(authority: Path, identity: Identity | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority))
    if identity:
        context.load_cert_chain(identity.cert, identity.key)
    return context


def hpa(workload: Workload, metric: Mapping[str, Any]) -> Object:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": workload.name}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": workload.name, "namespace": workload.namespace},
        "spec": {
            "scaleTargetRef": target,
            "minReplicas": 1,
            "maxReplicas": 50,
            "metrics": [metric],
            "behavior": FOLLOW,
        },
    }


def of_object(workload: Workload) -> Mapping[str, Any]:
    described = {"apiVersion": "apps/v1", "kind": "Deployment", "name": workload.name}
    target = {"type": "AverageValue", "averageValue": "1"}
    named = {"metric": {"name": "replicas"}, "describedObject": described}
    return {"type": "Object", "object": {**named, "target": target}}


def of_pods(name: str) -> Mapping[str, Any]:
    target = {"type": "AverageValue", "averageValue": "1"}
    return {"type": "Pods", "pods": {"metric": {"name": name}, "target": target}}


@pytest.fixture
async def adapter(
    land: Rig, login: Path, workload: Workload, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Adapter]:
    monkeypatch.setenv("KUBECONFIG", str(login))
    await turn(land, workload, 4)
    await workload.deploy(replicas=4)
    await land.until_scraped(f'dial{{namespace="{workload.namespace}"}}')
    async with adapting(land, workload, tmp_path) as found:
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

    put(land.cluster.papers.cluster.sign("adapter-anew", hosts=(HOST,)), adapter.papers)

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
