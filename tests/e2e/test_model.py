"""The model of the HPA in the simulation does what the real controller does."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from aiohttp import web

from scaler.runtime.clock import SystemClock
from tests.e2e.aggregated import Group, aggregated
from tests.e2e.api import Api
from tests.e2e.rig import Rig
from tests.e2e.shown import keep
from tests.e2e.workload import FOLLOW, Workload, tolerant
from tests.unit.simulation.recorded import Step, modeled, real

STEPS = 30
GROUP = Group(
    group="custom.metrics.k8s.io", version="v1beta2", namespace="model", service="metrics-of-record"
)


def rules(window: int, *policies: tuple[str, int, int], select: str = "Max") -> Mapping[str, Any]:
    """One direction; periods are odd, so that no edge falls on a sync every two seconds."""
    return {
        "stabilizationWindowSeconds": window,
        "selectPolicy": select,
        "policies": [
            {"type": kind, "value": value, "periodSeconds": period}
            for kind, value, period in policies
        ],
    }


FREE = rules(0, ("Percent", 900, 15))
BEHAVIORS: Mapping[str, Mapping[str, Any] | None] = {
    "follow": FOLLOW,
    "tolerant": tolerant(),
    "windows": {"scaleUp": rules(7, ("Pods", 50, 15)), "scaleDown": rules(11, ("Pods", 50, 15))},
    "policies": {
        "scaleUp": rules(0, ("Pods", 3, 5), ("Percent", 50, 9)),
        "scaleDown": rules(0, ("Pods", 2, 7), ("Percent", 30, 7)),
    },
    "slowest": {
        "scaleUp": rules(3, ("Pods", 4, 5), ("Percent", 100, 9), select="Min"),
        "scaleDown": rules(5, ("Pods", 5, 7), ("Percent", 20, 7), select="Min"),
    },
    "up-only": {"scaleUp": FREE, "scaleDown": rules(0, ("Pods", 1, 15), select="Disabled")},
    "bare": None,
}


@attrs.define(kw_only=True)
class Record:
    """One HPA, and every look of it at its metric."""

    workload: Workload
    behavior: Mapping[str, Any] | None
    values: Sequence[float | None]
    steps: list[Step] = attrs.field(factory=list)
    over: asyncio.Event = attrs.field(factory=asyncio.Event)

    @property
    def spec(self) -> Mapping[str, Any]:
        """The HPA's spec, apart from its metric."""
        bounds = {"minReplicas": 2, "maxReplicas": 40}
        return {**bounds, **({"behavior": self.behavior} if self.behavior else {})}

    async def answer(self) -> web.Response:
        """Note what the HPA finds, and give it the next value."""
        if len(self.steps) == len(self.values):
            self.over.set()
            return web.Response(status=503)
        found = await self.workload.api.get(self.workload.deployment)
        value = self.values[len(self.steps)]
        self.steps.append(
            Step(
                round(SystemClock().now(), 2),
                value,
                found["spec"]["replicas"],
                found["status"].get("replicas", 0),
            )
        )
        if value is None:
            return web.Response(status=503)
        name = self.workload.name
        described = {"kind": "Deployment", "name": name, "namespace": self.workload.namespace}
        item = {
            "describedObject": {**described, "apiVersion": "apps/v1"},
            "metric": {"name": "wanted"},
            "timestamp": "2026-01-01T00:00:00Z",
            "value": f"{round(value * 1000)}m",
        }
        kind = {"kind": "MetricValueList", "apiVersion": "custom.metrics.k8s.io/v1beta2"}
        return web.json_response({**kind, "metadata": {}, "items": [item]})

    async def begin(self) -> None:
        """Create the HPA."""
        meta = {"name": self.workload.name, "namespace": self.workload.namespace}
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": self.workload.name}
        metric = {
            "type": "Object",
            "object": {
                "describedObject": target,
                "metric": {"name": "wanted"},
                "target": {"type": "AverageValue", "averageValue": "1"},
            },
        }
        await self.workload.api.apply(
            {
                "apiVersion": "autoscaling/v2",
                "kind": "HorizontalPodAutoscaler",
                "metadata": meta,
                "spec": {**self.spec, "scaleTargetRef": target, "metrics": [metric]},
            }
        )

    async def end(self) -> None:
        """Leave nothing that goes on asking."""
        space = f"/apis/autoscaling/v2/namespaces/{self.workload.namespace}"
        name = self.workload.name
        await self.workload.api.delete(f"{space}/horizontalpodautoscalers/{name}")
        await self.workload.api.delete(self.workload.deployment)


def wandering(seed: int) -> list[float | None]:
    """Values that stay, drift, leap, are fractions, and now and then are not there."""
    rng = np.random.default_rng(seed)
    values: list[float | None] = []
    at = 20.0
    for _ in range(STEPS):
        move = rng.random()
        if move < 0.35:
            at = max(0.0, at + float(rng.integers(-3, 4)))
        elif move < 0.5:
            at = float(rng.integers(0, 50))
        elif move < 0.6:
            at = round(at + 0.4, 3)
        values.append(None if move > 0.95 else at)
    return values


async def test_the_model_does_what_the_real_controller_does(
    land: Rig, api: Api, workload: Workload
) -> None:
    records = {
        name: Record(
            workload=Workload(api=api, namespace=workload.namespace, name=name),
            behavior=behavior,
            values=wandering(seed),
        )
        for seed, (name, behavior) in enumerate(BEHAVIORS.items())
    }

    async def asked(request: web.Request) -> web.Response:
        return await records[request.match_info["name"]].answer()

    path = f"{GROUP.path}/namespaces/{workload.namespace}/deployments.apps/{{name}}/wanted"
    routes = [web.get(path, asked)]
    async with aggregated(
        GROUP, api=api, papers=land.cluster.papers, routes=routes, kind="MetricValueList"
    ):
        for record in records.values():
            await record.workload.deploy(replicas=20, load="0s")
        for record in records.values():
            await record.begin()
        await asyncio.gather(*(record.over.wait() for record in records.values()))
    for record in records.values():
        await record.end()
    kept = [
        {"name": name, "spec": r.spec, "steps": [attrs.astuple(step) for step in r.steps]}
        for name, r in records.items()
    ]
    keep("recorded_hpa.jsonl", "".join(f"{json.dumps(each)}\n" for each in kept))

    for name, record in records.items():
        assert (name, real(record.steps)) == (name, modeled(record.steps, spec=record.spec))
