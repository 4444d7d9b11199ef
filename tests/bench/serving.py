"""The service over a history that costs nothing, to be measured from outside.

`python -m tests.bench.serving WORKLOADS` says its port on standard output once it has decided on
all of them, and ends with its standard input.
"""

import asyncio
import sys
from contextlib import suppress
from functools import partial

from scaler.config.settings import Grpc
from scaler.config.understand import understand
from scaler.runtime.clock import Clock, SystemClock
from scaler.runtime.history import History
from scaler.runtime.loop import Loop
from scaler.runtime.turns import collect_by_turns
from scaler.serving.keda.answers import Metadata
from scaler.serving.keda.server import KedaServer
from scaler.serving.keda.servicer import Servicer
from scaler.serving.recorder import Recorder
from scaler.serving.served import MemoryServed
from scaler.telemetry import Telemetry, configure_logging
from tests.bench.subjects import SETTINGS, Free, workloads


def composed(history: History, *, clock: Clock) -> tuple[Loop, KedaServer]:
    """The service without its operations port, over a history that the measure chooses."""
    telemetry = Telemetry(version="bench")
    loop = Loop(history=history, clock=clock, settle=SETTINGS.settle)
    recorder = Recorder(
        telemetry=telemetry, served_log=MemoryServed(build="bench"), now=lambda: int(clock.now())
    )
    servicer = Servicer(
        metadata=Metadata(partial(understand, settings=SETTINGS)),
        answers=loop,
        audience=recorder,
    )
    return loop, KedaServer(servicer, settings=Grpc(address="127.0.0.1:0"))


async def serve(count: int) -> None:
    loop, server = composed(Free(), clock=SystemClock())
    port = await server.start()
    loop.declare(workloads(count))
    ticking = asyncio.create_task(loop.run())
    while not loop.passed:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.1)
    say(port)
    await asyncio.to_thread(sys.stdin.read)
    ticking.cancel()
    with suppress(asyncio.CancelledError):
        await ticking
    await server.stop()


def say(what: object) -> None:
    print(what, flush=True)  # noqa: T201 - whoever started it reads this


if __name__ == "__main__":
    configure_logging(style="text", level="warning")
    collect_by_turns()
    asyncio.run(serve(int(sys.argv[1])))
