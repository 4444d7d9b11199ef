"""A ramp of traffic over what an example scales, and what its HPA makes of it."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import attrs

from scaler.config.engines import ENGINES
from scaler.signals.catalog import ROWS
from tests.e2e.api import Api, Object, path_of
from tests.e2e.kwok import LOAD, NODE
from tests.e2e.processes import PATIENCE
from tests.e2e.rig import Rig
from tests.e2e.workload import watching
from tests.integration.service.forescale import Forescale

PER_REPLICA = 10
SHARE = 0.8
"""Of a replica's capacity that is planned for: `headroom`, which no example changes."""
QUICK = {
    "forecast": "disabled",
    "leadTime": "2s",
    "scaleDownWindow": "0s",
    "staleAfter": "10s",
    "holdFor": "1m",
}
"""What makes minutes seconds."""
HPA_WINDOW = 5
"""Seconds in place of the 120 of the examples' window downwards, which nobody wants to wait for."""


@attrs.frozen(kw_only=True)
class Example:
    """A ScaledObject of ours in `manifests/examples`, and what it scales."""

    file: str
    scaled: Mapping[str, Any]
    target: Object

    @property
    def name(self) -> str:
        return str(self.scaled["metadata"]["name"])

    @property
    def namespace(self) -> str:
        return str(self.scaled["metadata"]["namespace"])

    @property
    def trigger(self) -> Mapping[str, str]:
        """The metadata of the trigger that asks us."""
        every = (each["metadata"] for each in self.scaled["spec"]["triggers"])
        return next(each for each in every if "scalerAddress" in each)

    @property
    def alone(self) -> bool:
        """Whether no other trigger keeps the HPA from scaling in."""
        return len(self.scaled["spec"]["triggers"]) == 1

    @property
    def steps(self) -> list[int]:
        """Replicas that the ramp leads to."""
        spec = self.scaled["spec"]
        least = max(1, spec["minReplicaCount"])
        return [min(least + more, spec["maxReplicaCount"]) for more in (1, 2, 5)]

    def deployed(self) -> Object:
        """What is scaled, as it can run here: on the one node there is, and loaded at once."""
        spec = self.target["spec"]
        least = max(1, self.scaled["spec"]["minReplicaCount"])
        if "template" not in spec:
            # Nobody here makes pods of it: what its controller would say is said for it.
            said = {"replicas": least, "selector": f"app={self.target['metadata']['name']}"}
            return {**self.target, "spec": {**spec, "replicas": least}, "status": said}
        pod = {**spec["template"]["spec"], "nodeName": NODE}
        meta = {**spec["template"]["metadata"], "annotations": {LOAD: "1s"}}
        template = {"metadata": meta, "spec": pod}
        return {**self.target, "spec": {**spec, "replicas": least, "template": template}}

    def asking(self, address: str) -> Object:
        """The ScaledObject, asking at `address` about a dial, and quick to scale in."""
        spec = self.scaled["spec"]
        changed = [
            {**each, "metadata": {**each["metadata"], **self._dialed(), "scalerAddress": address}}
            if "scalerAddress" in each["metadata"]
            else each
            for each in spec["triggers"]
        ]
        quick = json.loads(
            json.dumps(spec.get("advanced", {})).replace(
                '"stabilizationWindowSeconds": 120', f'"stabilizationWindowSeconds": {HPA_WINDOW}'
            )
        )
        spec = {**spec, "pollingInterval": 2, "advanced": quick, "triggers": changed}
        return {**self.scaled, "spec": spec}

    def _dialed(self) -> Mapping[str, str]:
        unit = "tokens" if ENGINES[self.trigger["engine"]].tokens else "requests"
        dial = f'sum(dial{{namespace="{self.namespace}",name="{self.name}"}})'
        wakes = {"activationQuery": dial} if "activationQuery" in self.trigger else {}
        return {
            f"{unit}Query": dial,
            f"{unit}PerReplica": str(PER_REPLICA),
            **QUICK,
            **wakes,
        }


@attrs.frozen(kw_only=True)
class Ramp:
    """An example while traffic rises and falls."""

    example: Example
    land: Rig
    api: Api
    service: Forescale

    async def play(self) -> None:
        """Rise step by step and fall; at each end, the HPA has as many as we say."""
        example = self.example
        await self._need(example.steps[0] - 1)
        if probe := ROWS[example.trigger["engine"]].probe:
            await self.land.report(example.namespace, self._target_name, metric=probe[0])
        await self._apply(example.deployed())
        async with watching(self.api, path_of(example.target)) as course:
            await self._apply(example.asking(self.service.grpc))
            for replicas in example.steps:
                await self._need(replicas)
                await self._until(least=replicas)
            if example.alone:
                peak = course.wanted[-1]
                await self._need(1)
                await self._until(most=peak - 1)
        await self.api.delete(path_of(example.scaled))
        await self.api.delete(path_of(example.target))
        # Not a number that was not ours reached the target, but the one it began with.
        assert set(course.wanted[1:]) <= await self._served(), f"{example.name}: {course.wanted}"

    async def _served(self) -> set[int]:
        """Every number that KEDA was given."""
        example = self.example
        place = f"/api/v1/workloads/{example.namespace}/{example.name}"
        status, text = await self.service.get(f"{place}/decisions?from=0")
        assert 200 == status, text
        return {each["target"] for each in json.loads(text)["decisions"]}

    @property
    def _target_name(self) -> str:
        return str(self.example.target["metadata"]["name"])

    async def _apply(self, item: Object) -> None:
        self.land.cluster.kubectl(
            "apply", "--server-side", "--force-conflicts", "-f", "-", given=json.dumps(item)
        )

    async def _need(self, replicas: int) -> None:
        value = SHARE * PER_REPLICA * replicas
        await self.land.turn(self.example.namespace, self.example.name, value=value)

    async def _until(self, *, least: int = 0, most: int = 10**6) -> None:
        """Return once the target is told to have what we say, which is within these bounds."""
        example, seen, why = self.example, (None, None), ""
        place = f"/api/v1/workloads/{example.namespace}/{example.name}"
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    status, text = await self.service.get(place)
                    why = text
                    said = json.loads(text)["target"] if status == 200 else None
                    told = (await self.api.get(path_of(example.target)))["spec"]["replicas"]
                    seen = (said, told)
                    if said == told and least <= told <= most:
                        return
                    await asyncio.sleep(0.3)
        except TimeoutError:
            raise AssertionError(f"{example.name}: {least} to {most}, but {seen}; {why}") from None
