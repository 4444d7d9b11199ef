"""Beside a CPU trigger, the HPA has the larger of the two numbers."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest
from aiohttp import web

from scaler.runtime.clock import SystemClock
from tests.e2e.aggregated import Group, aggregated
from tests.e2e.api import Api
from tests.e2e.dial import asked, dialed, settings, turn
from tests.e2e.rig import Rig
from tests.e2e.workload import Workload
from tests.integration.service.forescale import Forescale, serving

GROUP = Group(
    group="metrics.k8s.io", version="v1beta1", namespace="kube-system", service="metrics-server"
)
CPU = {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "50"}}
"""Of the one core that each pod requests."""


@attrs.define(kw_only=True)
class Cores:
    """How many cores the workload uses, shared by however many pods there are."""

    workload: Workload
    used: float = 0.0

    async def answer(self, request: web.Request) -> web.Response:
        """What a metrics server says of the pods that were asked for."""
        api = self.workload.api
        pods = (await api.get(f"/api/v1/namespaces/{self.workload.namespace}/pods"))["items"]
        alive = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
        each = round(1000 * self.used / max(1, len(alive)))
        kind = {"kind": "PodMetricsList", "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {}}
        return web.json_response({**kind, "items": [_measured(pod, each) for pod in alive]})


def _measured(pod: Any, millicores: int) -> Any:
    now = datetime.fromtimestamp(SystemClock().now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    meta = {key: pod["metadata"][key] for key in ("name", "namespace", "labels")}
    usage = {"cpu": f"{millicores}m", "memory": "1Mi"}
    container = {"name": "engine", "usage": usage}
    return {"metadata": meta, "timestamp": now, "window": "0s", "containers": [container]}


@pytest.fixture
async def service(land: Rig, tmp_path: Path) -> AsyncIterator[Forescale]:
    async with serving(tmp_path, settings(land.prometheus.url)) as service:
        yield service


async def test_the_larger_of_the_two_counts(
    land: Rig, api: Api, workload: Workload, service: Forescale
) -> None:
    cores = Cores(workload=workload, used=3)
    path = f"{GROUP.path}/namespaces/{workload.namespace}/pods"
    await turn(land, workload, 6)
    await workload.deploy(replicas=6)

    async with aggregated(
        GROUP,
        api=api,
        papers=land.cluster.papers,
        routes=[web.get(path, cores.answer)],
        kind="PodMetrics",
    ):
        await workload.watch_over(
            service.grpc, dialed(workload), triggers=(CPU,), minReplicaCount=1, maxReplicaCount=50
        )
        async with workload.course() as course:
            await turn(land, workload, 8)
            await workload.until_ready(8)
            cores.used = 6
            await workload.until_ready(12)
            cores.used = 2
            await workload.until_ready(9)
            await asked(service, 3)

    # With 12 there, 8 are needed and one more is kept until it is surely too many.
    assert [6, 8, 12, 9] == course.wanted
