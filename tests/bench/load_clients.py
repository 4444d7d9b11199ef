"""What else is asked while calls are measured: open push streams, and scrapes of `/metrics`.

`python -m tests.bench.load_clients GRPC_PORT OPS_PORT CORE STREAMS` says `open` once every stream
has had its first message, holds them, and scrapes every 15 s until its standard input ends; then it
says how long a scrape took and how large it was.
"""

import asyncio
import json
import os
import sys
import time

import aiohttp
import grpc

from scaler.pb import externalscaler_pb2 as pb
from scaler.pb.externalscaler_pb2_grpc import ExternalScalerStub
from tests.bench.subjects import scaled

SCRAPE_EVERY = 15.0
ON_ONE_CONNECTION = 100
"""KEDA has one for all workloads of a scaler; several spare the client, not the server."""


async def hold(grpc_port: int, ops_port: int, *, streams: int) -> dict[str, float]:
    channels = [
        grpc.aio.insecure_channel(f"127.0.0.1:{grpc_port}", [("grpc.use_local_subchannel_pool", 1)])
        for _ in range(-(-streams // ON_ONE_CONNECTION))
    ]
    calls = [
        ExternalScalerStub(channels[index // ON_ONE_CONNECTION]).StreamIsActive(scaled(index).ref())
        for index in range(streams)
    ]
    for call in calls:
        await call.read()
    holding = [asyncio.create_task(_drain(call)) for call in calls]
    say("open")
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    took, size = 0.0, 0
    async with aiohttp.ClientSession() as session:
        while not ended.done():
            began = time.perf_counter()
            async with session.get(f"http://127.0.0.1:{ops_port}/metrics") as page:
                size = sum([len(chunk) async for chunk in page.content.iter_any()])
            took = max(took, time.perf_counter() - began)
            await asyncio.wait([ended], timeout=SCRAPE_EVERY)
    for task in holding:
        task.cancel()
    await asyncio.gather(*holding, return_exceptions=True)
    for channel in channels:
        await channel.close()
    return {"seconds": took, "bytes": size}


async def _drain(call: grpc.aio.UnaryStreamCall[pb.ScaledObjectRef, pb.IsActiveResponse]) -> None:
    while await call.read() is not grpc.aio.EOF:
        pass


def say(what: str) -> None:
    print(what, flush=True)  # noqa: T201 - whoever started it reads this


if __name__ == "__main__":
    grpc_port, ops_port, core, streams = map(int, sys.argv[1:])
    os.sched_setaffinity(0, {core})
    say(json.dumps(asyncio.run(hold(grpc_port, ops_port, streams=streams))))
