"""A real KEDA beside the control plane: the operator that polls, the adapter that the HPA asks."""

import re
import shutil

import aiohttp

from tests.e2e.aggregated import Group, is_available
from tests.e2e.api import Api
from tests.e2e.cluster import Cluster
from tests.e2e.processes import Server
from tests.integration.prometheus import free_port
from tests.tools.servers import need

NAMESPACE = "keda"
GROUP = Group(
    group="external.metrics.k8s.io",
    version="v1beta1",
    namespace=NAMESPACE,
    service="keda-metrics-apiserver",
)
_FAILED = re.compile(r"^keda_scale(?:d_object|r_detail)_errors_total\{(.*)\} (\S+)$", re.MULTILINE)


class Keda:
    """Both processes, with the paper by which they and the API server believe each other."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._authority = cluster.papers.cluster.identity.cert
        self._papers = cluster.folder / "keda"
        self._papers.mkdir()
        identity = cluster.papers.cluster.sign("keda", hosts=(GROUP.host,))
        shutil.copy(identity.cert, self._papers / "tls.crt")
        shutil.copy(identity.key, self._papers / "tls.key")
        shutil.copy(self._authority, self._papers / "ca.crt")
        self._metrics, self._served, self._own = free_port(), free_port(), free_port()
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
        await api.apply(*GROUP.objects(port=self._served, papers=self._cluster.papers))
        await api.until(GROUP.apiservice, is_available)

    async def failures(self, namespace: str) -> float:
        """Calls of scalers that failed so far, by KEDA's own count."""
        url = f"http://127.0.0.1:{self._own}/metrics"
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            page = await response.text()
        return sum(
            float(count)
            for labels, count in _FAILED.findall(page)
            if f'namespace="{namespace}"' in labels
        )

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
                f"--metrics-bind-address=127.0.0.1:{self._own}",
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
