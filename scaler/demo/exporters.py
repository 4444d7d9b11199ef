"""Serves a simulated fleet's pages over HTTP, as its pods and the cluster's exporters would."""

import socket
from collections import deque
from collections.abc import Mapping

from aiohttp import web

from scaler.demo.scene import Addresses
from scaler.simulation.exposition import (
    CONTENT_TYPE,
    dcgm_page,
    gateway_page,
    kube_page,
    vllm_page,
)
from scaler.simulation.snapshot import FleetSnapshot, ReplicaSnapshot

_LOOPBACK = "127.0.0.1"
_TYPE = {"Content-Type": CONTENT_TYPE}


class Exporters:
    """One address for each replica that serves, and one for what the cluster says.

    An address whose replica is gone, or not ready yet, refuses connections. At most `replicas` have
    one; it goes to the next replica when its own is gone, the one longest free first.
    """

    def __init__(self, snapshot: FleetSnapshot, *, replicas: int) -> None:
        self._snapshot = snapshot
        self._reserved = [_reserve() for _ in range(replicas + 1)]
        self._free = deque(_port(reserved) for reserved in self._reserved[1:])
        self._ports: dict[str, int] = {}
        self._sites: dict[int, web.SockSite] = {}
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=0.1)
        self.addresses = _addresses([_port(reserved) for reserved in self._reserved])

    async def start(self) -> None:
        """Open the addresses of the exporters and of the replicas that serve."""
        await self._runner.setup()
        await self._open(_port(self._reserved[0]))
        await self.show(self._snapshot)

    async def stop(self) -> None:
        """Close every address."""
        await self._runner.cleanup()
        for reserved in self._reserved:
            reserved.close()

    async def show(self, snapshot: FleetSnapshot) -> None:
        """Serve what `snapshot` says from now on."""
        self._snapshot = snapshot
        serving = {replica.name for replica in snapshot.replicas if replica.engine}
        for name in self._ports.keys() - serving:
            port = self._ports.pop(name)
            await self._sites.pop(port).stop()
            self._free.append(port)
        for name in sorted(serving - self._ports.keys()):
            if self._free:
                self._ports[name] = self._free.popleft()
                await self._open(self._ports[name])

    async def _open(self, port: int) -> None:
        site = web.SockSite(self._runner, _bound(port))
        await site.start()
        self._sites[port] = site

    def _application(self) -> web.Application:
        application = web.Application()
        application.add_routes(
            [
                web.get("/metrics", self._replica),
                web.get("/dcgm/metrics", self._dcgm),
                web.get("/kube/metrics", self._kube),
                web.get("/gateway/metrics", self._gateway),
            ]
        )
        return application

    async def _replica(self, request: web.Request) -> web.Response:
        """The page of the replica behind the port that was asked; 503 where it does not report."""
        transport = request.transport
        port = transport.get_extra_info("sockname")[1] if transport else 0
        replica = self._behind().get(port)
        text = vllm_page(replica) if replica else None
        if text is None:
            raise web.HTTPServiceUnavailable
        return _page(text)

    def _behind(self) -> Mapping[int, ReplicaSnapshot]:
        return {
            self._ports[replica.name]: replica
            for replica in self._snapshot.replicas
            if replica.name in self._ports
        }

    async def _dcgm(self, request: web.Request) -> web.Response:
        return _page(dcgm_page(self._snapshot))

    async def _kube(self, request: web.Request) -> web.Response:
        return _page(kube_page(self._snapshot))

    async def _gateway(self, request: web.Request) -> web.Response:
        return _page(gateway_page(self._snapshot))


def _page(text: str) -> web.Response:
    response = web.Response(text=text, headers=_TYPE)
    # A kept connection would outlive the replica that it belongs to.
    response.force_close()
    return response


def _reserve() -> socket.socket:
    """A free port that is nobody else's now, and refuses connections until somebody listens."""
    return _bound(0)


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Lets a port be listened on while it is reserved.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind((_LOOPBACK, port))
    return bound


def _port(bound: socket.socket) -> int:
    port: int = bound.getsockname()[1]
    return port


def _addresses(ports: list[int]) -> Addresses:
    cluster, *replicas = (f"http://{_LOOPBACK}:{port}" for port in ports)
    return Addresses(
        replicas=tuple(f"{replica}/metrics" for replica in replicas),
        dcgm=f"{cluster}/dcgm/metrics",
        kube=f"{cluster}/kube/metrics",
        gateway=f"{cluster}/gateway/metrics",
    )
