"""API groups that a process of this machine serves, behind the API server's aggregation."""

import base64
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import attrs
from aiohttp import web

from tests.e2e.api import Api, Object
from tests.e2e.cluster import Papers
from tests.integration.serving.certificates import Identity


@attrs.frozen(kw_only=True)
class Group:
    """One version of one group, and the Service that stands for who serves it."""

    group: str
    version: str
    namespace: str
    service: str

    @property
    def host(self) -> str:
        """The name that the serving certificate must have."""
        return f"DNS:{self.service}.{self.namespace}.svc"

    @property
    def path(self) -> str:
        return f"/apis/{self.group}/{self.version}"

    @property
    def apiservice(self) -> str:
        return f"/apis/apiregistration.k8s.io/v1/apiservices/{self.version}.{self.group}"

    def objects(self, *, port: int, papers: Papers) -> Sequence[Object]:
        """What makes the API server pass the group's requests on to `port` of this machine."""
        authority = papers.cluster.identity.cert.read_bytes()
        return (
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}},
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": self.service, "namespace": self.namespace},
                "spec": {"type": "ExternalName", "externalName": "localhost"},
            },
            {
                "apiVersion": "apiregistration.k8s.io/v1",
                "kind": "APIService",
                "metadata": {"name": f"{self.version}.{self.group}"},
                "spec": {
                    "group": self.group,
                    "version": self.version,
                    "service": {"namespace": self.namespace, "name": self.service, "port": port},
                    "caBundle": base64.b64encode(authority).decode(),
                    "groupPriorityMinimum": 100,
                    "versionPriority": 100,
                },
            },
        )


def is_available(service: Mapping[str, Any]) -> bool:
    """Whether the API server can reach who serves the group."""
    conditions = service.get("status", {}).get("conditions", ())
    return any(each["type"] == "Available" and each["status"] == "True" for each in conditions)


@asynccontextmanager
async def aggregated(
    group: Group, *, api: Api, papers: Papers, routes: Sequence[web.RouteDef], kind: str
) -> AsyncIterator[None]:
    """Serve `routes` below the group's path while inside; `kind` is that of what they give."""
    identity = papers.cluster.sign(group.service, hosts=(group.host,))
    application = web.Application()
    application.add_routes([web.get(group.path, _discovery(group, kind=kind)), *routes])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=_context(identity))
    await site.start()
    try:
        await api.apply(*group.objects(port=runner.addresses[0][1], papers=papers))
        await api.until(group.apiservice, is_available)
        yield
    finally:
        await api.delete(group.apiservice)
        await runner.cleanup()


def _discovery(group: Group, *, kind: str) -> Any:
    resource = {"name": "any", "singularName": "", "namespaced": True, "kind": kind}
    listed = {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group.group}/{group.version}",
        "resources": [{**resource, "verbs": ["get"]}],
    }

    async def answer(request: web.Request) -> web.Response:
        return web.json_response(listed)

    return answer


def _context(identity: Identity) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(identity.cert, identity.key)
    return context
