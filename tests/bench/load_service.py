"""The whole service over a history that costs nothing, watched from inside its event loop.

`python -m tests.bench.load_service WORKLOADS` says both ports on one line once every workload has
been decided on. To `begin` on standard input it says `done` and watches anew; to `tell` it says
what it saw since as one JSON document.
"""

import asyncio
import json
import os
import sys
import time
from pathlib import Path

import attrs

from scaler.bootstrap import Service
from scaler.config.settings import Grpc, Ops
from scaler.runtime.turns import collect_by_turns
from scaler.telemetry import configure_logging
from tests.bench.subjects import SETTINGS, Own, workloads

EVERY = 0.002


@attrs.define
class Watchman:
    """Wants a turn every two milliseconds, and remembers the longest that it had to wait.

    `stall` is by the clock, whoever else had the core; `work` is what this thread did meanwhile.
    """

    stall: float = 0.0
    work: float = 0.0

    async def watch(self) -> None:
        while True:
            began, worked = time.perf_counter(), time.thread_time()
            await asyncio.sleep(EVERY)
            late = time.perf_counter() - began - EVERY
            self.stall = max(self.stall, late)
            self.work = max(self.work, min(late, time.thread_time() - worked))


async def serve(count: int) -> None:
    settings = attrs.evolve(
        SETTINGS, grpc=Grpc(address="127.0.0.1:0"), ops=Ops(address="127.0.0.1:0")
    )
    service = Service(settings, history=Own())
    service.loop.declare(workloads(count, settings=settings))
    ports = await service.start()
    service.loop.declare(workloads(count, settings=settings))
    while not service.loop.passed:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.1)
    say(f"{ports.grpc} {ports.ops}")
    watchman = Watchman()
    watching = asyncio.create_task(watchman.watch())
    while (told := (await asyncio.to_thread(sys.stdin.readline)).strip()) in {"begin", "tell"}:
        if told == "begin":
            watchman.stall = watchman.work = 0.0
            say("done")
        else:
            say(json.dumps({"resident": resident(), **attrs.asdict(watchman)}))
    watching.cancel()
    await service.stop()


def resident() -> int:
    """Bytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def say(what: str) -> None:
    print(what, flush=True)  # noqa: T201 - whoever started it reads this


if __name__ == "__main__":
    configure_logging(style="text", level="warning")
    collect_by_turns()
    asyncio.run(serve(int(sys.argv[1])))
