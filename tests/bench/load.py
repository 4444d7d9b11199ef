"""KEDA's questions at a given rate, from a process of its own.

`python -m tests.bench.load ADDRESS CORE WORKLOADS RATE SECONDS` says the seconds of every call as
one JSON list. RATE 0 asks as fast as answers come, with a few calls under way at a time.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence

import grpc

from scaler.pb import externalscaler_pb2 as pb
from scaler.pb.externalscaler_pb2_grpc import ExternalScalerStub
from tests.bench.subjects import scaled

AT_ONCE = 32


async def load(address: str, *, workloads: int, rate: float, seconds: float) -> list[float]:
    requests = [
        pb.GetMetricsRequest(scaledObjectRef=scaled(index).ref(), metricName="replicas")
        for index in range(workloads)
    ]
    async with grpc.aio.insecure_channel(address) as channel:
        asker = _Asker(channel, requests)
        await asker.one()
        asker.took.clear()
        stop = time.perf_counter() + seconds
        if rate:
            await asker.at(rate, stop)
        else:
            await asyncio.gather(*(asker.until(stop) for _ in range(AT_ONCE)))
        return asker.took


class _Asker:
    def __init__(self, channel: grpc.aio.Channel, requests: Sequence[pb.GetMetricsRequest]) -> None:
        self.took: list[float] = []
        self._call = ExternalScalerStub(channel).GetMetrics
        self._requests = requests
        self._asked = 0

    async def one(self) -> None:
        request = self._requests[self._asked * 7919 % len(self._requests)]
        self._asked += 1
        began = time.perf_counter()
        await self._call(request)
        self.took.append(time.perf_counter() - began)

    async def until(self, stop: float) -> None:
        while time.perf_counter() < stop:
            await self.one()

    async def at(self, rate: float, stop: float) -> None:
        due, calls = time.perf_counter(), set[asyncio.Task[None]]()
        while due < stop:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            call = asyncio.create_task(self.one())
            calls.add(call)
            call.add_done_callback(calls.discard)
            due += 1 / rate
        await asyncio.gather(*calls)


if __name__ == "__main__":
    address, core, *numbers = sys.argv[1:]
    os.sched_setaffinity(0, {int(core)})
    count, rate, seconds = map(float, numbers)
    took = asyncio.run(load(address, workloads=int(count), rate=rate, seconds=seconds))
    print(json.dumps(took))  # noqa: T201 - whoever started it reads this
