"""A real KEDA beside the control plane: the operator that polls, the adapter that the HPA asks."""

import base64
import shutil
from collections.abc import Mapping
from typing import Any

from tests.e2e.api import Api
from tests.e2e.cluster import Cluster
from tests.e2e.processes import Server
from tests.integration.prometheus import free_port
from tests.tools.servers import need

NAMESPACE = "keda"
_GROUP, _VERSION = "external.metrics.k8s.io", "v1beta1"
_SERVICE = "keda-metrics-apiserver"


class Keda:
    """Both processes, with the paper by which they and the API server believe each other."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._authority = cluster.papers.cluster.identity.cert
        self._papers = cluster.folder / "keda"
        self._papers.mkdir()
        hosts = (f"DNS:{_SERVICE}.{NAMESPACE}.svc",)
        identity = cluster.papers.cluster.sign("keda", hosts=hosts)
        shutil.copy(identity.cert, self._papers / "tls.crt")
        shutil.copy(identity.key, self._papers / "tls.key")
        shutil.copy(self._authority, self._papers / "ca.crt")
        self._metrics, self._served = free_port(), free_port()
        binaries = need("keda")
        self._crds = binaries["operator"].parent / "crds"
        self.operator = self._operator(str(binaries["operator"]))
        self.adapter = self._adapter(str(binaries["adapter"]))

    def install(self) -> None:
        """Make the kinds known to the API server."""
        command = ("apply", "--server-side", "-f", str(self._crds))
        self._cluster.kubectl(*command)
        self._cluster.kubectl("wait", "--for=condition=Established", "-f", str(self._crds))

    async def start(self, api: Api) -> None:
        """Start both; return when the HPA can ask for external metrics."""
        self.operator.start()
        self.adapter.start()
        await api.apply(_namespace(), self._service(), self._apiservice())
        path = f"/apis/apiregistration.k8s.io/v1/apiservices/{_VERSION}.{_GROUP}"
        await api.until(path, _is_available)

    def stop(self) -> None:
        self.adapter.kill()
        self.operator.kill()

    def _operator(self, binary: str) -> Server:
        return Server(
            name="keda-operator",
            folder=self._cluster.folder,
            environment={
                "POD_NAMESPACE": NAMESPACE,
                "KEDA_CLUSTER_OBJECT_NAMESPACE": NAMESPACE,
                "WATCH_NAMESPACE": "",
            },
            command=[
                binary,
                f"--kubeconfig={self._cluster.kubeconfig}",
                f"--cert-dir={self._papers}",
                f"--ca-dir={self._papers}",
                f"--metrics-bind-address=127.0.0.1:{free_port()}",
                f"--health-probe-bind-address=127.0.0.1:{free_port()}",
                f"--metrics-service-bind-address=127.0.0.1:{self._metrics}",
                "--enable-webhook-patching=false",
                "--enable-apiservice-patching=false",
            ],
        )

    def _adapter(self, binary: str) -> Server:
        login = str(self._cluster.kubeconfig)
        return Server(
            name="keda-adapter",
            folder=self._cluster.folder,
            environment={"WATCH_NAMESPACE": ""},
            command=[
                binary,
                f"--kubeconfig={login}",
                f"--lister-kubeconfig={login}",
                f"--authentication-kubeconfig={login}",
                f"--authorization-kubeconfig={login}",
                "--bind-address=127.0.0.1",
                f"--secure-port={self._served}",
                f"--port={free_port()}",
                f"--tls-cert-file={self._papers / 'tls.crt'}",
                f"--tls-private-key-file={self._papers / 'tls.key'}",
                f"--cert-dir={self._papers}",
                f"--client-ca-file={self._authority}",
                f"--metrics-service-address=localhost:{self._metrics}",
            ],
        )

    def _service(self) -> Mapping[str, Any]:
        """Through a name for this very machine the API server reaches what runs beside it."""
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": _SERVICE, "namespace": NAMESPACE},
            "spec": {"type": "ExternalName", "externalName": "localhost"},
        }

    def _apiservice(self) -> Mapping[str, Any]:
        service = {"namespace": NAMESPACE, "name": _SERVICE, "port": self._served}
        return {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": f"{_VERSION}.{_GROUP}"},
            "spec": {
                "group": _GROUP,
                "version": _VERSION,
                "service": service,
                "caBundle": base64.b64encode(self._authority.read_bytes()).decode(),
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
            },
        }


def _namespace() -> Mapping[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}


def _is_available(service: Mapping[str, Any]) -> bool:
    conditions = service.get("status", {}).get("conditions", ())
    return any(each["type"] == "Available" and each["status"] == "True" for each in conditions)
