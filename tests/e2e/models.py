"""What runs in the pods of paper: simulated engines, and the gateway that holds their requests.

`python -m tests.e2e.models API` follows every Deployment and pod of the cluster at that address,
says on standard output where it listens, and runs until its standard input is closed. Of each
Deployment it serves what kube-state-metrics would, and of each ready pod its engine's page: with no
pod there is nothing but the gateway's. `POST /fleets/NAMESPACE/NAME?rate=R&within=S` leads the
traffic to R requests per second in S seconds, `POST /dials/NAMESPACE/NAME?value=V` turns a gauge,
and with `POST /probes/NAMESPACE/NAME?metric=M` ready pods report a gauge M of 0, like idle engines.
"""

import asyncio
import json
import sys
from collections.abc import Iterator, Sequence

import aiohttp
import attrs
from aiohttp import web

from scaler.runtime.clock import SystemClock
from scaler.simulation.exposition import gateway_page, kube_page, vllm_page
from scaler.simulation.fleet import Fleet
from scaler.simulation.replica import Replica
from scaler.simulation.snapshot import FleetSnapshot, ReplicaSnapshot
from scaler.simulation.spec import EngineSpec, FleetSpec, fixed_lead_time
from scaler.simulation.traffic import Poisson
from tests.e2e.api import Api, Object, talking
from tests.e2e.pods import is_ready, replica_of
from tests.e2e.workload import UNCOUNTED
from tests.integration.service.world import REQUESTS, Rate, Target

STEP = 0.25
BATCH = 8
FRESH = 0.4
Place = tuple[str, str]
"""Namespace and name of a Deployment; its pods are labelled `app: NAME`."""


class Engines:
    """The engines of one Deployment's ready pods, under one gateway."""

    def __init__(self, place: Place, *, start: float) -> None:
        namespace, name = place
        self.rate = Rate(0.0)
        spec = FleetSpec(
            name=name,
            namespace=namespace,
            model=f"{name}-8b",
            engine=EngineSpec(max_batch=BATCH),
            lead_time=fixed_lead_time(0.0),
            grace=1.0,
            step=STEP,
        )
        self._fleet = Fleet(
            spec=spec, traffic=Poisson(self.rate, seed=0, lengths=REQUESTS), start=start
        )
        self._by_pod: dict[str, Replica] = {}

    def follow(self, ready: set[str], *, to: float) -> None:
        """Move on in time, with an engine in each pod that is ready and in no other."""
        for gone in self._by_pod.keys() - ready:
            self._by_pod.pop(gone).terminate(self._fleet.at)
        for new in sorted(ready - self._by_pod.keys()):
            self._fleet.scale(self._fleet.wanted + 1)
            self._by_pod[new] = self._fleet.replicas[-1]
        self._fleet.advance(to)

    def replica(self, pod: str) -> ReplicaSnapshot | None:
        """What can be seen of a pod's engine."""
        spec, replica = self._fleet.spec, self._by_pod.get(pod)
        if replica is None:
            return None
        seen = replica.snapshot(namespace=spec.namespace, model=spec.model)
        return attrs.evolve(seen, name=pod)

    def gateway(self) -> FleetSnapshot:
        """What can be seen of the gateway."""
        return self._fleet.snapshot()


class Models:
    """Everything that runs, and what its exporters say."""

    def __init__(self) -> None:
        self.deployments: dict[Place, Object] = {}
        self.pods: dict[Place, Object] = {}
        self.namespaces: dict[Place, Object] = {}
        self.engines: dict[Place, Engines] = {}
        self.dials: dict[Place, float] = {}
        self.probes: dict[Place, str] = {}

    def advance(self, to: float) -> None:
        for (namespace, name), engines in self.engines.items():
            pods = self._pods_of((namespace, name))
            engines.follow({pod["metadata"]["name"] for pod in pods if is_ready(pod)}, to=to)

    def targets(self) -> Iterator[Target]:
        """Every page with its target labels, as service discovery would find it."""
        for place, deployment in self.deployments.items():
            yield from self._pages(place, deployment)
        dials = [
            f'dial{{namespace="{namespace}",name="{name}"}} {value}\n'
            for (namespace, name), value in self.dials.items()
        ]
        yield Target("dials", "/dials", {}, "".join(dials))

    def _pages(self, place: Place, deployment: Object) -> Iterator[Target]:
        namespace, name = place
        engines = self.engines.get(place)
        replicas = []
        if engines:
            page = gateway_page(engines.gateway())
            yield Target("gateway", f"/gateway/{namespace}/{name}", {}, page)
        for pod in self._pods_of(place):
            called = pod["metadata"]["name"]
            engine = engines.replica(called) if engines else None
            if engine and (own := vllm_page(engine)):
                owner = {"namespace": namespace, "pod": called}
                yield Target("vllm", f"/pods/{namespace}/{called}", owner, own)
            if place in self.probes and is_ready(pod):
                yield _probe(pod, metric=self.probes[place])
            replicas.append(replica_of(pod))
        if not self._is_counted(namespace):
            return
        fleet = FleetSnapshot(
            at=0.0,
            name=name,
            namespace=namespace,
            model=name,
            wanted=deployment["spec"].get("replicas", 1),
            replicas=tuple(replicas),
            arrived=0,
            held=0,
            results={},
            replica_seconds=0.0,
        )
        yield Target("kube", f"/kube/{namespace}/{name}", {}, kube_page(fleet))

    def _is_counted(self, namespace: str) -> bool:
        known = self.namespaces.get(("", namespace), {"metadata": {}})
        return UNCOUNTED not in known["metadata"].get("labels", {})

    def _pods_of(self, place: Place) -> list[Object]:
        namespace, name = place
        return [
            pod
            for (inside, _), pod in self.pods.items()
            if inside == namespace and pod["metadata"].get("labels", {}).get("app") == name
        ]


def _probe(pod: Object, *, metric: str) -> Target:
    namespace, name = _place(pod)
    owner = {"namespace": namespace, "pod": name}
    return Target("probe", f"/probes/{namespace}/{name}", owner, f"{metric} 0\n")


async def follow(api: Api, path: str, known: dict[Place, Object]) -> None:
    """Keep `known` as the API server says; what was last heard stands while it says nothing."""
    while True:
        try:
            heard: dict[Place, Object] = {}
            listed = await api.get(path)
            for item in listed["items"]:
                heard[_place(item)] = item
            known.clear()
            known.update(heard)
            async for change in api.changes(
                f"{path}?resourceVersion={listed['metadata']['resourceVersion']}"
            ):
                if change["type"] == "DELETED":
                    known.pop(_place(change["object"]), None)
                elif change["type"] in {"ADDED", "MODIFIED"}:
                    known[_place(change["object"])] = change["object"]
                else:
                    break
        except (aiohttp.ClientError, AssertionError):
            await asyncio.sleep(0.5)


def _place(item: Object) -> Place:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


class Site:
    """The models over HTTP."""

    def __init__(self, models: Models, clock: SystemClock) -> None:
        self._models = models
        self._clock = clock
        self.address = ""
        self._targets: Sequence[Target] = ()
        self._looked = 0.0

    async def listen(self) -> web.AppRunner:
        application = web.Application()
        application.add_routes(
            [
                web.get("/targets", self.discover),
                web.post("/fleets/{namespace}/{name}", self.lead),
                web.post("/dials/{namespace}/{name}", self.turn),
                web.post("/probes/{namespace}/{name}", self.probe),
                web.get("/{path:.+}", self.page),
            ]
        )
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.address = f"127.0.0.1:{runner.addresses[0][1]}"
        return runner

    async def discover(self, request: web.Request) -> web.Response:
        found = [
            {
                "targets": [self.address],
                "labels": {**target.discovered(self.address), "__metrics_path__": target.path},
            }
            for target in self._fresh()
        ]
        return web.json_response(found)

    async def page(self, request: web.Request) -> web.Response:
        for target in self._fresh():
            if target.path == request.path:
                return web.Response(text=target.page)
        raise web.HTTPServiceUnavailable

    def _fresh(self) -> Sequence[Target]:
        """All pages, not older than the shortest time between two scrapes of the same."""
        now = self._clock.now()
        if now - self._looked > FRESH:
            self._targets, self._looked = tuple(self._models.targets()), now
        return self._targets

    async def lead(self, request: web.Request) -> web.Response:
        place, now = _asked(request), self._clock.now()
        engines = self._models.engines.setdefault(place, Engines(place, start=now))
        query = request.query
        engines.rate.lead(to=float(query["rate"]), at=now, within=float(query["within"]))
        return web.json_response({})

    async def turn(self, request: web.Request) -> web.Response:
        self._models.dials[_asked(request)] = float(request.query["value"])
        return web.json_response({})

    async def probe(self, request: web.Request) -> web.Response:
        self._models.probes[_asked(request)] = request.query["metric"]
        return web.json_response({})


def _asked(request: web.Request) -> Place:
    return request.match_info["namespace"], request.match_info["name"]


async def live(address: str) -> None:
    """Run in real time until standard input is closed."""
    clock, models = SystemClock(), Models()
    site = Site(models, clock)
    runner = await site.listen()
    print(json.dumps(site.address), flush=True)  # noqa: T201 - whoever started it reads this
    over = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    async with talking(address) as api:
        following = [
            asyncio.create_task(follow(api, path, known))
            for path, known in (
                ("/apis/apps/v1/deployments", models.deployments),
                ("/api/v1/pods", models.pods),
                ("/api/v1/namespaces", models.namespaces),
            )
        ]
        while not over.done():
            models.advance(clock.now())
            await asyncio.wait([over], timeout=0.1)
        for task in following:
            task.cancel()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(live(sys.argv[1]))
