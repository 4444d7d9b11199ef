"""In a cluster that has never heard of KEDA, external metrics are served as well."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from scaler.cluster.apiservices import APISERVICES, EXTERNAL
from tests.e2e.adapter import account, adapting, declared, hpa, of_label
from tests.e2e.aggregated import is_available
from tests.e2e.api import Api, talking
from tests.e2e.cluster import Cluster
from tests.e2e.dial import dialed, settings
from tests.e2e.kwok import kwok, node
from tests.e2e.processes import PATIENCE
from tests.e2e.workload import Workload
from tests.integration.service.forescale import Forescale
from tests.integration.service.place import Prometheus

NEED = 7


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    folder = tmp_path / "cluster"
    folder.mkdir()
    found = Cluster(folder)
    kubelet = kwok(found)
    try:
        found.start()
        kubelet.start()
        yield found
    finally:
        kubelet.kill()
        found.stop()


@pytest.fixture
async def alone(cluster: Cluster) -> AsyncIterator[Api]:
    async with talking(cluster.address) as found:
        await found.apply(node())
        yield found


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[Prometheus]:
    """One that scrapes nobody: what is asked of it says its own answer."""
    folder = tmp_path / "prometheus"
    folder.mkdir()
    server = Prometheus(folder=folder, config=json.dumps({"scrape_configs": []}))
    server.start()
    try:
        yield server
    finally:
        server.stop()


async def test_an_hpa_follows_by_label_and_replicas_are_counted(
    cluster: Cluster,
    alone: Api,
    prometheus: Prometheus,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workload = Workload(api=alone, namespace="models", name="llama")
    named = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "models"}}
    await alone.apply(named)
    monkeypatch.setenv("KUBECONFIG", str(account(cluster)))
    await workload.deploy(replicas=3)
    metadata = dialed(workload, requestsQuery=f"vector({NEED})")
    asked = {**settings(prometheus.url), "workloads": [declared(workload, metadata)]}

    async with adapting(cluster, alone, asked, "--external", folder=tmp_path) as adapter:
        assert is_available(await alone.get(f"{APISERVICES}/{EXTERNAL}"))
        async with workload.course() as course:
            await alone.apply(hpa(workload, of_label(workload)))
            await workload.until_ready(NEED)
        readings = await _counted(adapter.service, NEED)

    assert [3, NEED] == course.wanted
    assert (NEED, 0) == (readings["ready"]["value"], readings["stuck"]["value"])


async def _counted(service: Forescale, wanted: int) -> Mapping[str, Any]:
    """The readings once so many replicas are known to be wanted and ready."""
    async with asyncio.timeout(PATIENCE):
        while True:
            _, text = await service.get("/api/v1/workloads/models/llama")
            readings: Mapping[str, Any] = json.loads(text)["readings"]
            if {wanted} == {readings[each].get("value") for each in ("wanted", "ready")}:
                return readings
            await asyncio.sleep(0.2)
