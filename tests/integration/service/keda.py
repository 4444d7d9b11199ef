"""KEDA in a process of its own, asking all the time: what it was told, and how long it waited.

`python -m tests.integration.service.keda ADDRESS CALM` reads ScaledObjects from its first line of
standard input, says every answer on standard output, and ends with its input. CALM is the address
of a server that has nothing to do: what it takes then, the machine takes.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

import attrs
import grpc

from scaler.pb import externalscaler_pb2 as pb
from scaler.pb.externalscaler_pb2_grpc import ExternalScalerStub
from scaler.serving.keda.client import ScaledObject
from tests.integration.service.world import NAMESPACE

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
    """Seconds for the slowest call about a workload that had an answer before."""
    slowest_calm: float = 0.0
    """Seconds for the slowest call of the server that has nothing to do."""
    _told: asyncio.Condition = attrs.field(factory=asyncio.Condition)

    async def listen(self) -> None:
        """Take in answers until the process ends."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            name, answer, seconds, calm = json.loads(line)
            async with self._told:
                self.slowest_calm = max(self.slowest_calm, calm)
                if self.answers[name]:
                    self.slowest = max(self.slowest, seconds)
                self.answers[name].append(answer)
                self._told.notify_all()

    async def until(self, expected: Mapping[str, int | str], *, within: float) -> None:
        """Return once the newest answer about each of these is the expected one."""

        def met() -> bool:
            return all(answer in self.answers[name][-1:] for name, answer in expected.items())

        try:
            async with asyncio.timeout(within), self._told:
                await self._told.wait_for(met)
        except TimeoutError:
            newest = {name: self.answers[name][-1:] for name in expected}
            raise AssertionError(f"expected {expected}, newest answers are {newest}") from None


@asynccontextmanager
async def asking(address: str, objects: Iterable[ScaledObject]) -> AsyncIterator[Keda]:
    """Poll these from now on, and a server that has nothing to do as well."""
    named = {each.name: each for each in objects}
    async with AsyncExitStack() as stack:
        calm = await stack.enter_async_context(_module("tests.bench.constant"))
        assert calm.stdout is not None
        calm_address = f"127.0.0.1:{int(await calm.stdout.readline())}"
        arguments = ("tests.integration.service.keda", address, calm_address)
        process = await stack.enter_async_context(_module(*arguments))
        assert process.stdin is not None
        process.stdin.write(json.dumps([attrs.asdict(each) for each in named.values()]).encode())
        process.stdin.write(b"\n")
        keda = Keda(process=process, answers={name: [] for name in named})
        listening = asyncio.create_task(keda.listen())
        yield keda
    await listening


@asynccontextmanager
async def _module(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


async def ask(address: str, *, calm: str) -> None:
    """Poll what standard input names until it ends."""
    objects = [ScaledObject(**each) for each in json.loads(sys.stdin.readline())]
    async with (
        grpc.aio.insecure_channel(address) as channel,
        grpc.aio.insecure_channel(calm) as calm_channel,
    ):
        polls = [
            asyncio.create_task(_keep_asking(each.name, each.ref(), channel, calm_channel))
            for each in objects
        ]
        await asyncio.to_thread(sys.stdin.read)
        for poll in polls:
            poll.cancel()


async def _keep_asking(
    name: str, ref: pb.ScaledObjectRef, channel: grpc.aio.Channel, calm: grpc.aio.Channel
) -> None:
    while True:
        (answer, slowest), (_, slowest_calm) = await asyncio.gather(
            _poll(ref, channel), _poll(ref, calm)
        )
        print(json.dumps([name, answer, slowest, slowest_calm]), flush=True)  # noqa: T201
        await asyncio.sleep(EVERY)


async def _poll(ref: pb.ScaledObjectRef, channel: grpc.aio.Channel) -> tuple[int | str, float]:
    """What KEDA asks in one poll: the target or a status, and the seconds of the slowest call."""
    stub, took = ExternalScalerStub(channel), list[float]()

    async def timed(call: Awaitable[T]) -> T:
        began = time.perf_counter()
        try:
            return await call
        finally:
            took.append(time.perf_counter() - began)

    spec = (await timed(stub.GetMetricSpec(ref))).metricSpecs[0]
    request = pb.GetMetricsRequest(scaledObjectRef=ref, metricName=spec.metricName)
    try:
        metrics = await timed(stub.GetMetrics(request))
        await timed(stub.IsActive(ref))
    except grpc.aio.AioRpcError as failure:
        return failure.code().name, max(took)
    return int(metrics.metricValues[0].metricValue), max(took)


if __name__ == "__main__":
    asyncio.run(ask(sys.argv[1], calm=sys.argv[2]))
