"""KEDA's questions as fast as answers come, from a process of its own.

`python -m tests.bench.load ADDRESS CORE WORKLOADS SECONDS` says how many were answered.
"""

import asyncio
import os
import sys
import time

import grpc

from scaler.pb import externalscaler_pb2 as pb
from scaler.pb.externalscaler_pb2_grpc import ExternalScalerStub
from tests.bench.subjects import scaled

AT_ONCE = 32


async def load(address: str, *, workloads: int, seconds: float) -> int:
    requests = [
        pb.GetMetricsRequest(scaledObjectRef=scaled(index).ref(), metricName="replicas")
        for index in range(workloads)
    ]
    async with grpc.aio.insecure_channel(address) as channel:
        call = ExternalScalerStub(channel).GetMetrics
        await call(requests[0])
        stop = time.perf_counter() + seconds

        async def ask(first: int) -> int:
            calls = 0
            while time.perf_counter() < stop:
                await call(requests[(first + calls * AT_ONCE) % workloads])
                calls += 1
            return calls

        return sum(await asyncio.gather(*map(ask, range(AT_ONCE))))


if __name__ == "__main__":
    address, core, workloads, seconds = sys.argv[1:]
    os.sched_setaffinity(0, {int(core)})
    calls = asyncio.run(load(address, workloads=int(workloads), seconds=float(seconds)))
    print(calls)  # noqa: T201 - whoever started it reads this
