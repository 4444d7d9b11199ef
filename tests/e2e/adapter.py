"""Forescale behind the API server's aggregation, with the rights of `manifests/` and no others."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs

from tests.e2e.api import Api, Object
from tests.e2e.cluster import Cluster
from tests.e2e.workload import FOLLOW, Workload
from tests.integration.adapter.papers import put
from tests.integration.prometheus import free_port
from tests.integration.service.forescale import Forescale, serving

BASE = Path(__file__).parents[2] / "manifests/base"
OVERLAY = Path(__file__).parents[2] / "manifests/overlays/metrics-adapter"
HOST = "DNS:forescale-adapter.forescale.svc"


def account(cluster: Cluster) -> Path:
    """What the pods of the overlay log in with."""
    for file in ("namespace.yaml", "rbac.yaml"):
        cluster.kubectl("apply", "--namespace=forescale", f"--filename={BASE / file}")
    cluster.kubectl("apply", f"--filename={OVERLAY / 'rbac.yaml'}")
    return cluster.account("forescale", namespace="forescale")


@attrs.frozen(kw_only=True)
class Adapter:
    """A service with the adapter, and its place in the cluster."""

    cluster: Cluster
    service: Forescale
    port: int
    papers: Path

    def forescale(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """What `forescale adapter` says to somebody with kubectl's login."""
        return subprocess.run(
            [sys.executable, "-m", "scaler", "adapter", *arguments],
            env={"KUBECONFIG": str(self.cluster.kubeconfig)},
            capture_output=True,
            text=True,
            check=False,
        )

    def install(self, *more: str) -> "subprocess.CompletedProcess[str]":
        authority = self.cluster.papers.cluster.identity.cert
        return self.forescale("install", f"--ca-file={authority}", *more)

    def raw(self, path: str) -> Any:
        """What kubectl is answered."""
        return json.loads(self.cluster.kubectl("get", "--raw", path))

    def renew(self) -> None:
        """Give it another certificate, as cert-manager would."""
        put(self.cluster.papers.cluster.sign("adapter-anew", hosts=(HOST,)), self.papers)


@asynccontextmanager
async def adapting(
    cluster: Cluster, api: Api, settings: Mapping[str, Any], *more: str, folder: Path
) -> AsyncIterator[Adapter]:
    """Run the service with these settings, installed with `more` options, while inside."""
    port, papers = free_port(), folder / "papers"
    papers.mkdir()
    tls = put(cluster.papers.cluster.sign("adapter", hosts=(HOST,)), papers)
    adapter = {"address": f"127.0.0.1:{port}", "tls": attrs.asdict(tls)}
    async with serving(folder / "service", {**settings, "adapter": adapter}) as service:
        found = Adapter(cluster=cluster, service=service, port=port, papers=papers)
        await api.apply(_service(port))
        installed = found.install(*more)
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


def declared(workload: Workload, metadata: Mapping[str, str]) -> Mapping[str, Any]:
    """The workload as settings name one."""
    return {"namespace": workload.namespace, "name": workload.name, "metadata": metadata}


def hpa(workload: Workload, metric: Mapping[str, Any]) -> Object:
    """A plain HPA that does what the metric says, at once."""
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": workload.name, "namespace": workload.namespace},
        "spec": {
            "scaleTargetRef": _scaled(workload),
            "minReplicas": 1,
            "maxReplicas": 50,
            "metrics": [metric],
            "behavior": FOLLOW,
        },
    }


def of_object(workload: Workload) -> Mapping[str, Any]:
    asked = {"metric": {"name": "replicas"}, "describedObject": _scaled(workload)}
    return {"type": "Object", "object": {**asked, "target": _ONE}}


def of_pods(name: str) -> Mapping[str, Any]:
    return {"type": "Pods", "pods": {"metric": {"name": name}, "target": _ONE}}


def of_label(workload: Workload) -> Mapping[str, Any]:
    selector = {"matchLabels": {"forescale.io/workload": workload.name}}
    metric = {"name": "replicas", "selector": selector}
    return {"type": "External", "external": {"metric": metric, "target": _ONE}}


_ONE = {"type": "AverageValue", "averageValue": "1"}


def _scaled(workload: Workload) -> Object:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "name": workload.name}
