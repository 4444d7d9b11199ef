"""KEDA in a process of its own, asking all the time: what it was told, and how long it waited.

`python -m tests.integration.service.keda ADDRESS PID` reads ScaledObjects from its first line of
standard input, says every answer on standard output, and ends with its input. PID is the process
that answers: time for which the machine let it or this one wait for a core is not its own.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import attrs
import grpc

from scaler.pb import externalscaler_pb2 as pb
from scaler.pb.externalscaler_pb2_grpc import ExternalScalerStub
from scaler.serving.keda.client import ScaledObject
from tests.integration.service.forescale import Forescale
from tests.integration.service.world import NAMESPACE
from tests.patience import PATIENCE

T = TypeVar("T")
EVERY = 0.2
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
    "holdFor": "6s",
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
    """What the process was told so far, by ScaledObject: a target, or a status."""

    process: asyncio.subprocess.Process
    answers: dict[str, list[int | str]]
    slowest: float = 0.0
    """Seconds that the slowest call about a workload took that had an answer before."""
    _told: asyncio.Condition = attrs.field(factory=asyncio.Condition)

    async def listen(self) -> None:
        """Take in answers until the process ends."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            name, answer, seconds = json.loads(line)
            async with self._told:
                if self.answers[name]:
                    self.slowest = max(self.slowest, seconds)
                self.answers[name].append(answer)
                self._told.notify_all()

    async def until(self, expected: Mapping[str, int | str]) -> None:
        """Return once the newest answer about each of these is the expected one."""

        def met() -> bool:
            return all(answer in self.answers[name][-1:] for name, answer in expected.items())

        try:
            async with asyncio.timeout(PATIENCE), self._told:
                await self._told.wait_for(met)
        except TimeoutError:
            newest = {name: self.answers[name][-1:] for name in expected}
            raise AssertionError(f"expected {expected}, newest answers are {newest}") from None


@asynccontextmanager
async def asking(service: Forescale, objects: Iterable[ScaledObject]) -> AsyncIterator[Keda]:
    """Poll these from now on."""
    named = {each.name: each for each in objects}
    module = ("-m", "tests.integration.service.keda", service.grpc, str(service.process.pid))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *module),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    keda = Keda(process=process, answers={name: [] for name in named})
    listening = asyncio.create_task(keda.listen())
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps([attrs.asdict(each) for each in named.values()]).encode())
        process.stdin.write(b"\n")
        yield keda
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await listening


async def ask(address: str, *, service: int) -> None:
    """Poll what standard input names until it ends."""
    objects = [ScaledObject(**each) for each in json.loads(sys.stdin.readline())]
    async with grpc.aio.insecure_channel(address) as channel:
        asker = _Asker(channel=channel, pids=(service, os.getpid()))
        polls = [asyncio.create_task(asker.keep_asking(each)) for each in objects]
        await asyncio.to_thread(sys.stdin.read)
        for poll in polls:
            poll.cancel()


@attrs.frozen(kw_only=True)
class _Asker:
    """Makes KEDA's calls one by one, each timed."""

    channel: grpc.aio.Channel
    pids: tuple[int, ...]

    async def keep_asking(self, each: ScaledObject) -> None:
        while True:
            answer, slowest = await self._poll(each.ref())
            print(json.dumps([each.name, answer, slowest]), flush=True)  # noqa: T201
            await asyncio.sleep(EVERY)

    async def _poll(self, ref: pb.ScaledObjectRef) -> tuple[int | str, float]:
        """What KEDA asks in one poll: the target or a status, and seconds of the slowest call."""
        stub, took = ExternalScalerStub(self.channel), list[float]()

        async def timed(call: Awaitable[T]) -> T:
            withheld, began = self._withheld(), time.perf_counter()
            try:
                return await call
            finally:
                took.append(time.perf_counter() - began - (self._withheld() - withheld))

        spec = (await timed(stub.GetMetricSpec(ref))).metricSpecs[0]
        request = pb.GetMetricsRequest(scaledObjectRef=ref, metricName=spec.metricName)
        try:
            metrics = await timed(stub.GetMetrics(request))
            await timed(stub.IsActive(ref))
        except grpc.aio.AioRpcError as failure:
            return failure.code().name, max(took)
        return int(metrics.metricValues[0].metricValue), max(took)

    def _withheld(self) -> float:
        """Seconds for which threads of these processes could have run and were not let."""
        found = 0
        for pid in self.pids:
            for file in Path(f"/proc/{pid}/task").glob("*/schedstat"):
                found += int(file.read_text().split()[1])
        return found / 1e9


if __name__ == "__main__":
    asyncio.run(ask(sys.argv[1], service=int(sys.argv[2])))
