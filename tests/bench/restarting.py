"""From the start of a process to an answer about each of 1,000 workloads."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import grpc

from scaler.pb import externalscaler_pb2 as pb
from scaler.pb.externalscaler_pb2_grpc import ExternalScalerStub
from tests.bench.history import WORKLOADS, blocks
from tests.bench.measure import Figure, cpu_seconds
from tests.bench.processes import server
from tests.bench.subjects import scaled
from tests.integration.prometheus import running

GOAL = 15.0
LAST = 120.0
"""Seconds after which a workload without an answer is given up."""
EVERY = 5.0
"""Seconds from one question about a workload to the next, and over which the first are spread."""


def figures() -> Iterator[Figure]:
    data = blocks()
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), data=data) as (url, prometheus),
    ):
        before, began = cpu_seconds(prometheus.pid), time.perf_counter()
        with server("starting", url, pinned=False) as (process, port):
            answered = asyncio.run(until_answered(port, began=began))
            ours = cpu_seconds(process.pid)
        theirs = cpu_seconds(prometheus.pid) - before
    last, half = max(answered), sorted(answered)[len(answered) // 2]
    yield Figure(
        name=f"restart: the last of {WORKLOADS:,} workloads is answered",
        value=f"{last:.1f} s",
        ratio=f"half of them {half:.1f} s; CPU {ours:.1f} s, Prometheus {theirs:.1f} s",
        goal=f"{GOAL:.0f} s",
        met=last <= GOAL,
    )


async def until_answered(port: int, *, began: float) -> list[float]:
    """Seconds from the start to the first answer about each workload, as KEDA asks for it."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = ExternalScalerStub(channel)

        async def answered(index: int) -> float:
            request = pb.GetMetricsRequest(
                scaledObjectRef=scaled(index).ref(), metricName="replicas"
            )
            await asyncio.sleep(EVERY * index / WORKLOADS)
            while time.perf_counter() - began < LAST:
                try:
                    await stub.GetMetrics(request)
                    break
                except grpc.aio.AioRpcError:
                    await asyncio.sleep(EVERY)
            return time.perf_counter() - began

        return await asyncio.gather(*map(answered, range(WORKLOADS)))
