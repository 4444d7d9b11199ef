"""Kubernetes' API as the tests use it: JSON over `kubectl proxy`, which knows every login."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import attrs

from tests.e2e.processes import PATIENCE

Object = Mapping[str, Any]

PLURALS = {
    "APIService": "apiservices",
    "CustomResourceDefinition": "customresourcedefinitions",
    "Deployment": "deployments",
    "HorizontalPodAutoscaler": "horizontalpodautoscalers",
    "LeaderWorkerSet": "leaderworkersets",
    "Namespace": "namespaces",
    "Node": "nodes",
    "Pod": "pods",
    "ResourceQuota": "resourcequotas",
    "ScaledObject": "scaledobjects",
    "Secret": "secrets",
    "Service": "services",
    "StatefulSet": "statefulsets",
    "TriggerAuthentication": "triggerauthentications",
}


def path_of(item: Object) -> str:
    """Where an object lives."""
    meta = item["metadata"]
    space = f"/namespaces/{meta['namespace']}" if "namespace" in meta else ""
    return f"{_group(item['apiVersion'])}{space}/{PLURALS[item['kind']]}/{meta['name']}"


def _group(version: str) -> str:
    return f"/apis/{version}" if "/" in version else f"/api/{version}"


def _short(seen: Any) -> str:
    """What tells in an object why a condition is not met."""
    if not isinstance(seen, dict):
        return str(seen)
    spec, status = seen.get("spec", {}), seen.get("status", {})
    told = {"replicas": spec.get("replicas"), "status": status, "items": seen.get("items")}
    return json.dumps(told)[:2000]


class ApiError(AssertionError):
    """The server refused; the message is its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


@attrs.frozen(kw_only=True)
class Api:
    """Reads and writes objects; what is written is applied, so that all of it may exist already."""

    session: aiohttp.ClientSession

    async def get(self, path: str) -> Any:
        return await self._ask("GET", path)

    async def apply(self, *items: Object) -> None:
        for item in items:
            await self._ask(
                "PATCH",
                f"{path_of(item)}?fieldManager=e2e&force=true",
                body=item,
                kind="application/apply-patch+yaml",
            )

    async def patch(self, path: str, change: Object) -> Any:
        """Merge a change into an object or a subresource of it; null removes a key."""
        return await self._ask("PATCH", path, body=change, kind="application/merge-patch+json")

    async def delete(self, path: str) -> None:
        """Delete an object, and what depends on it; it may be gone already."""
        try:
            await self._ask("DELETE", f"{path}?propagationPolicy=Background")
        except ApiError as error:
            if error.status != 404:
                raise

    async def until(self, path: str, meets: Callable[[Any], bool]) -> Any:
        """The object once it meets the condition, waited for."""
        seen: Any = None
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    try:
                        seen = await self.get(path)
                        if meets(seen):
                            return seen
                    except ApiError as error:
                        seen = error
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise AssertionError(f"{path} never met it: {_short(seen)}") from None

    async def _ask(self, verb: str, path: str, body: Object | None = None, kind: str = "") -> Any:
        headers = {"Content-Type": kind} if kind else {}
        async with self.session.request(
            verb, path, data=json.dumps(body) if body else None, headers=headers
        ) as response:
            text = await response.text()
        if response.status >= 400:
            raise ApiError(response.status, text)
        return json.loads(text)

    async def changes(self, path: str) -> AsyncIterator[Object]:
        """Objects of a collection, each whenever it changes, those that exist first."""
        quiet = aiohttp.ClientTimeout(total=None)
        joint = "&" if "?" in path else "?"
        async with self.session.get(f"{path}{joint}watch=true", timeout=quiet) as response:
            if response.status >= 400:
                raise ApiError(response.status, await response.text())
            async for line in response.content:
                yield json.loads(line)


@asynccontextmanager
async def talking(address: str) -> AsyncIterator[Api]:
    """A connection to an API server's proxy."""
    # One event of a watch is one line, and a custom resource may be long.
    async with aiohttp.ClientSession(address, read_bufsize=2**24) as session:
        yield Api(session=session)
