"""A real control plane on loopback: etcd, the API server and the controllers, with a quick HPA."""

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from tests.e2e.processes import Server
from tests.integration.prometheus import free_port
from tests.integration.serving.certificates import Authority, Identity
from tests.tools.servers import need

SYNC_PERIOD = "2s"
"""Of the HPA, whose own default is 15 s: what makes the tests quick. The algorithm is its own."""


@attrs.frozen(kw_only=True)
class Papers:
    """Who is who: the cluster's authority, the front proxy's, and those they signed for."""

    folder: Path
    cluster: Authority
    front: Authority
    accounts: Path
    server: Identity
    admin: Identity
    proxy: Identity


def papers(folder: Path) -> Papers:
    """Write all keys and certificates of a cluster."""
    folder.mkdir()
    cluster = Authority(folder, name="cluster")
    front = Authority(folder, name="front")
    accounts = folder / "accounts.key"
    made = ["openssl", "genrsa", "-out", str(accounts), "2048"]
    subprocess.run(made, check=True, capture_output=True)
    return Papers(
        folder=folder,
        cluster=cluster,
        front=front,
        accounts=accounts,
        server=cluster.sign("kube-apiserver", hosts=("IP:10.0.0.1", "DNS:kubernetes.default.svc")),
        admin=cluster.sign("admin", group="system:masters"),
        proxy=front.sign("front-proxy-client"),
    )


class Cluster:
    """The control plane's processes, and the way in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.papers = papers(folder / "papers")
        self.binaries = need("kubernetes")
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.kubeconfig = self.login("admin", self.papers.admin)
        self._etcd_ports = free_port(), free_port()
        self.etcd = self._etcd()
        self.apiserver = self._apiserver()
        self.controllers = self._controllers()
        self.proxy = Server(
            name="proxy",
            folder=folder,
            command=self.kubectl_command("proxy", "--port=0", "--accept-hosts=.*"),
        )
        self.address = ""

    def start(self) -> None:
        """Start everything; return when the API server is ready and can be asked by the proxy."""
        self.etcd.start_until(lambda: "ready to serve client requests" in self.etcd.said())
        self.apiserver.start_until(self.is_ready)
        self.controllers.start()
        self.proxy.start_until(lambda: "Starting to serve" in self.proxy.said())
        found = re.search(r"serve on (\S+)", self.proxy.said())
        assert found
        self.address = f"http://{found[1]}"

    def stop(self) -> None:
        for server in (self.proxy, self.controllers, self.apiserver, self.etcd):
            server.kill()

    def is_ready(self) -> bool:
        command = self.kubectl_command("get", "--raw", "/readyz")
        return not subprocess.run(command, capture_output=True, check=False).returncode

    def kubectl(self, *arguments: str, given: str = "") -> str:
        """What kubectl says; it must succeed."""
        done = subprocess.run(
            self.kubectl_command(*arguments),
            input=given,
            text=True,
            capture_output=True,
            check=False,
        )
        assert not done.returncode, done.stderr
        return done.stdout

    def kubectl_command(self, *arguments: str) -> list[str]:
        return [str(self.binaries["kubectl"]), f"--kubeconfig={self.kubeconfig}", *arguments]

    def login(self, name: str, identity: Identity) -> Path:
        """A kubeconfig by which `identity` is believed."""
        file = self.folder / f"{name}.kubeconfig"
        files = {"client-certificate": str(identity.cert), "client-key": str(identity.key)}
        file.write_text(json.dumps(self._kubeconfig(name, files)))
        return file

    def account(self, name: str, *, namespace: str) -> Path:
        """A kubeconfig by which a service account is believed, for an hour."""
        file = self.folder / f"{namespace}-{name}.kubeconfig"
        token = self.kubectl("create", "token", name, f"--namespace={namespace}").strip()
        file.write_text(json.dumps(self._kubeconfig(name, {"token": token})))
        return file

    def _kubeconfig(self, name: str, user: Mapping[str, str]) -> Mapping[str, Any]:
        authority = str(self.papers.cluster.identity.cert)
        server = {"server": self.url, "certificate-authority": authority}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "here", "cluster": server}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": name}}],
            "current-context": "here",
        }

    def _etcd(self) -> Server:
        client, peer = (f"http://127.0.0.1:{port}" for port in self._etcd_ports)
        return Server(
            name="etcd",
            folder=self.folder,
            command=[
                str(need("etcd")["server"]),
                f"--data-dir={self.folder / 'etcd'}",
                "--unsafe-no-fsync",
                f"--listen-client-urls={client}",
                f"--advertise-client-urls={client}",
                f"--listen-peer-urls={peer}",
                f"--initial-advertise-peer-urls={peer}",
                f"--initial-cluster=default={peer}",
            ],
        )

    def _apiserver(self) -> Server:
        papers = self.papers
        return Server(
            name="kube-apiserver",
            folder=self.folder,
            command=[
                str(self.binaries["kube-apiserver"]),
                f"--etcd-servers=http://127.0.0.1:{self._etcd_ports[0]}",
                "--bind-address=127.0.0.1",
                f"--secure-port={self.port}",
                f"--tls-cert-file={papers.server.cert}",
                f"--tls-private-key-file={papers.server.key}",
                f"--client-ca-file={papers.cluster.identity.cert}",
                f"--cert-dir={self.folder}",
                "--authorization-mode=RBAC",
                "--service-cluster-ip-range=10.0.0.0/24",
                "--service-account-issuer=https://kubernetes.default.svc",
                f"--service-account-key-file={papers.accounts}",
                f"--service-account-signing-key-file={papers.accounts}",
                # These eight switch on the aggregation of other API servers.
                f"--requestheader-client-ca-file={papers.front.identity.cert}",
                "--requestheader-allowed-names=front-proxy-client",
                "--requestheader-username-headers=X-Remote-User",
                "--requestheader-group-headers=X-Remote-Group",
                "--requestheader-extra-headers-prefix=X-Remote-Extra-",
                "--requestheader-uid-headers=X-Remote-Uid",
                f"--proxy-client-cert-file={papers.proxy.cert}",
                f"--proxy-client-key-file={papers.proxy.key}",
                # Pods here need no account: nothing runs in them.
                "--disable-admission-plugins=ServiceAccount",
            ],
        )

    def _controllers(self) -> Server:
        return Server(
            name="kube-controller-manager",
            folder=self.folder,
            command=[
                str(self.binaries["kube-controller-manager"]),
                f"--kubeconfig={self.kubeconfig}",
                f"--authentication-kubeconfig={self.kubeconfig}",
                f"--authorization-kubeconfig={self.kubeconfig}",
                "--bind-address=127.0.0.1",
                f"--secure-port={free_port()}",
                f"--cert-dir={self.folder}",
                f"--service-account-private-key-file={self.papers.accounts}",
                f"--root-ca-file={self.papers.cluster.identity.cert}",
                "--use-service-account-credentials",
                "--leader-elect=false",
                f"--horizontal-pod-autoscaler-sync-period={SYNC_PERIOD}",
                # A node of paper is late with its lease on a busy machine, and not ill for that.
                "--controllers=*,-cloud-node-lifecycle-controller,-node-ipam-controller,"
                "-node-route-controller,-service-lb-controller,-node-lifecycle-controller",
            ],
        )
