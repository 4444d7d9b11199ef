"""One scaled Deployment: how it is written down, and what becomes of its replicas."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import attrs

from tests.e2e.api import Api, ApiError, Object
from tests.e2e.kwok import LOAD, NODE

UNCOUNTED = "forescale.io/uncounted"
"""Label of a namespace that the stand-in for kube-state-metrics does not see."""

FOLLOW: Mapping[str, Any] = {
    "scaleUp": {
        "stabilizationWindowSeconds": 0,
        "tolerance": "0",
        "selectPolicy": "Max",
        "policies": [{"type": "Percent", "value": 900, "periodSeconds": 15}],
    },
    "scaleDown": {
        "stabilizationWindowSeconds": 0,
        "tolerance": "0",
        "selectPolicy": "Max",
        "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
    },
}
"""The shipped behavior, with no window: an HPA that does what it is told, at once."""


def tolerant(behavior: Mapping[str, Any] = FOLLOW) -> Mapping[str, Any]:
    """The same behavior with the tolerance of 10 % that an HPA has where nobody says otherwise."""
    return {
        way: {key: value for key, value in rules.items() if key != "tolerance"}
        for way, rules in behavior.items()
    }


@attrs.define(kw_only=True)
class Course:
    """The numbers of replicas that a Deployment was told to have, each change one entry."""

    wanted: list[int] = attrs.field(factory=list)

    def see(self, deployment: Object) -> None:
        replicas = deployment["spec"]["replicas"]
        if self.wanted[-1:] != [replicas]:
            self.wanted.append(replicas)


@attrs.frozen(kw_only=True)
class Workload:
    """A Deployment of pods of paper and its ScaledObject, both of one name."""

    api: Api
    namespace: str
    name: str

    @property
    def deployment(self) -> str:
        return f"/apis/apps/v1/namespaces/{self.namespace}/deployments/{self.name}"

    @property
    def scaled_object(self) -> str:
        return f"/apis/keda.sh/v1alpha1/namespaces/{self.namespace}/scaledobjects/{self.name}"

    @property
    def hpa(self) -> str:
        space = f"/apis/autoscaling/v2/namespaces/{self.namespace}"
        return f"{space}/horizontalpodautoscalers/keda-hpa-{self.name}"

    async def hide(self) -> None:
        """Let nobody but the API server count the replicas: there is no kube-state-metrics here."""
        await self._name({UNCOUNTED: "true"})

    async def show(self) -> None:
        """Have a namespace in which kube-state-metrics counts."""
        await self._name({})

    async def _name(self, labels: Mapping[str, str]) -> None:
        space = {"name": self.namespace, "labels": labels}
        await self.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": space})

    async def deploy(self, *, replicas: int, load: str = "2s") -> None:
        """Have so many pods, which take `load` to become ready, and wait until they are."""
        labels = {"app": self.name}
        await self.api.apply(
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": self.name, "namespace": self.namespace},
                "spec": {
                    "replicas": replicas,
                    "selector": {"matchLabels": labels},
                    "template": {
                        "metadata": {"labels": labels, "annotations": {LOAD: load}},
                        "spec": {
                            "nodeName": NODE,
                            "terminationGracePeriodSeconds": 0,
                            "containers": [
                                {
                                    "name": "engine",
                                    "image": "engine:1",
                                    "resources": {"requests": {"cpu": "1"}},
                                }
                            ],
                        },
                    },
                },
            }
        )
        await self.until_ready(replicas)

    async def watch_over(
        self,
        address: str,
        metadata: Mapping[str, str],
        *,
        kind: str = "external",
        authentication: str = "",
        behavior: Mapping[str, Any] = FOLLOW,
        triggers: tuple[Object, ...] = (),
        **spec: Any,
    ) -> None:
        """Have KEDA ask the scaler at `address` every two seconds; `triggers` come after it.

        `authentication` names a TriggerAuthentication.
        """
        trigger = {
            "type": kind,
            "metadata": {**metadata, "scalerAddress": address},
            **({"authenticationRef": {"name": authentication}} if authentication else {}),
        }
        await self.api.apply(
            {
                "apiVersion": "keda.sh/v1alpha1",
                "kind": "ScaledObject",
                "metadata": {"name": self.name, "namespace": self.namespace},
                "spec": {
                    "scaleTargetRef": {"name": self.name},
                    "pollingInterval": 2,
                    "advanced": {"horizontalPodAutoscalerConfig": {"behavior": behavior}},
                    "triggers": [trigger, *triggers],
                    **spec,
                },
            }
        )

    async def replicas(self) -> int:
        return int((await self.api.get(self.deployment))["spec"]["replicas"])

    async def until_wanted(self, replicas: int) -> None:
        """Return once the Deployment is told to have so many."""
        await self.api.until(self.deployment, lambda seen: seen["spec"]["replicas"] == replicas)

    async def until_ready(self, replicas: int) -> None:
        """Return once exactly so many are wanted, exist and are ready."""
        counts = ("replicas", "readyReplicas", "updatedReplicas")

        def meets(seen: Any) -> bool:
            status = seen.get("status", {})
            observed = status.get("observedGeneration", 0) >= seen["metadata"]["generation"]
            return (
                observed
                and seen["spec"]["replicas"] == replicas
                and all(status.get(count, 0) == replicas for count in counts)
            )

        await self.api.until(self.deployment, meets)

    async def until_refused(self) -> None:
        """Return once KEDA says that the trigger does not work."""
        await self._until_said("Ready", "False")

    async def until_active(self) -> None:
        """Return once KEDA has heard that there is work."""
        await self._until_said("Active", "True")

    async def _until_said(self, condition: str, status: str) -> None:
        def said(seen: Any) -> bool:
            conditions = seen.get("status", {}).get("conditions", ())
            return any((c["type"], c["status"]) == (condition, status) for c in conditions)

        await self.api.until(self.scaled_object, said)

    @asynccontextmanager
    async def course(self) -> AsyncIterator[Course]:
        """What the replicas do inside, from the number at its start on."""
        async with watching(self.api, self.deployment) as course:
            yield course


@asynccontextmanager
async def watching(api: Api, path: str) -> AsyncIterator[Course]:
    """What the replicas of a scale target do inside, from the number at its start on."""
    course = Course()
    course.see(await api.get(path))
    collection, _, name = path.rpartition("/")

    async def look() -> None:
        one = f"{collection}?fieldSelector=metadata.name={name}"
        while True:
            # The API server may be away meanwhile, and then says again what is there.
            with suppress(aiohttp.ClientError, ApiError):
                async for change in api.changes(one):
                    course.see(change["object"])
            await asyncio.sleep(0.2)

    looking = asyncio.create_task(look())
    try:
        yield course
    finally:
        looking.cancel()
