"""A cluster that answers from a dictionary, and objects for it."""

import queue
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from scaler.cluster.api import ApiTrouble

Object = Mapping[str, Any]

NOW = 1_800_000_000
CREATED = "2027-01-15T08:00:00Z"
"""NOW, as Kubernetes writes it."""


def stamp(after: int) -> str:
    """NOW and some seconds, less than an hour, as Kubernetes writes them."""
    return f"2027-01-15T08:{after // 60:02}:{after % 60:02}Z"


@attrs.define
class FakeApi:
    """Implements `Api`. What is not there is 404; `troubles` by path come first, once each."""

    objects: dict[str, Object] = attrs.field(factory=dict)
    troubles: dict[str, list[ApiTrouble]] = attrs.field(factory=dict)
    events: dict[str, "queue.Queue[Object | None]"] = attrs.field(factory=dict)
    """By path, for its watches; None ends one."""
    watched: threading.Event = attrs.field(factory=threading.Event)
    """Set by the first watch: a whole list was read before."""
    asked: list[tuple[str, Mapping[str, str]]] = attrs.field(factory=list)

    def get(self, path: str, **query: str) -> Object:
        self._enter(path, query)
        page = f"{path}?{query['continue']}" if "continue" in query else path
        if page not in self.objects:
            raise ApiTrouble(f"{path}: 404", status=404)
        return self.objects[page]

    def watch(self, path: str, *, seconds: int, **query: str) -> Iterator[Object]:
        self._enter(f"{path}?watch", query)
        self.watched.set()
        events = self.events.setdefault(path, queue.Queue())
        while (event := events.get()) is not None:
            yield event

    def _enter(self, path: str, query: Mapping[str, str]) -> None:
        self.asked.append((path, query))
        if self.troubles.get(path):
            raise self.troubles[path].pop(0)


def listed(*items: Object, version: str = "1", following: str = "") -> Object:
    meta = {"resourceVersion": version, **({"continue": following} if following else {})}
    return {"metadata": meta, "items": list(items)}


def event(kind: str, item: Object) -> Object:
    return {"type": kind, "object": item}


def pod_item(
    name: str = "llama-1", *, ready: int | None = None, scheduled: int | None = 0, **parts: Any
) -> Object:
    """A pod created at NOW; `ready` and `scheduled` are seconds after that."""
    conditions = []
    if scheduled is not None:
        conditions.append(_condition("PodScheduled", scheduled))
    if ready is not None:
        conditions.append(_condition("Ready", ready))
    meta = {"name": name, "namespace": "models", "labels": {"app": "llama"}}
    status = {"phase": "Running", "conditions": conditions, **parts.pop("status", {})}
    return {
        "metadata": {
            **meta,
            "resourceVersion": "2",
            "creationTimestamp": CREATED,
            **parts.pop("metadata", {}),
        },
        "status": status,
    }


def _condition(kind: str, after: int) -> Object:
    return {"type": kind, "status": "True", "lastTransitionTime": stamp(after)}


def scaled_item(name: str = "llama", *, target: str = "llama", **parts: Any) -> Object:
    """A ScaledObject; `annotations` and whatever belongs into its spec."""
    meta = {"name": name, "namespace": "models", "resourceVersion": "2"}
    return {
        "metadata": {**meta, "annotations": parts.pop("annotations", {})},
        "spec": {"scaleTargetRef": {"name": target}, "triggers": [{"type": "external"}], **parts},
    }


def scale_item(wanted: int, *, present: int | None = None) -> Object:
    there = wanted if present is None else present
    return {"spec": {"replicas": wanted}, "status": {"replicas": there, "selector": "app=llama"}}
