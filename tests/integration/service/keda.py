"""KEDA, asking all the time: what it was told, and how long it waited."""

import asyncio
import time
from collections.abc import Iterable, Mapping

import attrs
import grpc

from scaler.serving.keda.client import KedaClient, PollFailed, ScaledObject
from tests.integration.service.world import NAMESPACE

EVERY = 0.1
"""Seconds between two polls of one ScaledObject: a hundred times as eager as KEDA."""

QUICK: Mapping[str, str] = {
    "scalerAddress": "here",
    "engine": "vllm",
    "capacity": "fixed",
    "leadTime": "3s",
    "scaleUpWindow": "0s",
    "scaleDownWindow": "10s",
    "scaleDownPolicies": "1/10s",
    "utilizationHighFor": "5s",
    "utilizationLowFor": "10s",
    "idleAfter": "20s",
    "staleAfter": "20s",
    "holdFor": "4s",
}
"""Metadata by which a fold remembers little more than a minute."""


def scaled(name: str, **metadata: str) -> ScaledObject:
    """A ScaledObject in the world's namespace that goes through its windows quickly."""
    return ScaledObject(namespace=NAMESPACE, name=name, metadata={**QUICK, **metadata})


BAND = {"workload": "band", "model": "band-8b", "tokensPerReplica": "1000"}
"""225 tokens of 8 requests per second: 2.25 replicas at 80 %, where 4 run."""
BAND_READY, BAND_TARGET = 4, 3


@attrs.define(kw_only=True)
class Keda:
    """Polls every ScaledObject, each on its own, and keeps what was said."""

    client: KedaClient
    answers: dict[str, list[int | grpc.StatusCode]] = attrs.field(factory=dict)
    slowest: float = 0.0
    """Seconds for the three calls of the slowest poll about a workload that had an answer."""
    _polls: list[asyncio.Task[None]] = attrs.field(factory=list)
    _told: asyncio.Condition = attrs.field(factory=asyncio.Condition)

    def ask(self, objects: Iterable[ScaledObject]) -> None:
        """Begin to poll these."""
        for each in objects:
            self.answers[each.name] = []
            self._polls.append(asyncio.create_task(self._keep_asking(each)))

    async def close(self) -> None:
        for poll in self._polls:
            poll.cancel()
        await asyncio.gather(*self._polls, return_exceptions=True)
        await self.client.close()

    async def until(self, expected: Mapping[str, object], *, within: float) -> None:
        """Return once the newest answer about each of these is the expected one."""

        def met() -> bool:
            return all(answer in self.answers[name][-1:] for name, answer in expected.items())

        try:
            async with asyncio.timeout(within), self._told:
                await self._told.wait_for(met)
        except TimeoutError:
            newest = {name: self.answers[name][-1:] for name in expected}
            raise AssertionError(f"expected {expected}, newest answers are {newest}") from None

    async def _keep_asking(self, each: ScaledObject) -> None:
        while True:
            began = time.perf_counter()
            answer = await self._answer(each)
            took = time.perf_counter() - began
            async with self._told:
                if self.answers[each.name]:
                    self.slowest = max(self.slowest, took)
                self.answers[each.name].append(answer)
                self._told.notify_all()
            await asyncio.sleep(EVERY)

    async def _answer(self, each: ScaledObject) -> int | grpc.StatusCode:
        try:
            return int((await self.client.poll(each)).value)
        except PollFailed as failure:
            return failure.code
