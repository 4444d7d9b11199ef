"""Memory of a service with 10,000 workloads, over hours that pass in minutes.

`python -m tests.bench.memory --hours 8` says what the process holds at every hour: everything that
outlives a call is there, and only the sockets are left away. KEDA asks for each workload, each hour
one in twenty has other metadata than before, and `/metrics` is written.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import attrs
import looptime

from scaler.config.understand import understand
from scaler.config.workload import Workload
from scaler.errors import UnknownWorkload
from scaler.runtime.board import Published
from scaler.runtime.loop import Loop
from scaler.runtime.turns import collect_by_turns
from scaler.serving.exposition import pieces
from scaler.serving.journal import Journal
from scaler.serving.keda.answers import Metadata
from scaler.serving.pages.trails import Trails
from scaler.serving.recorder import Recorder
from scaler.serving.served import MemoryServed
from scaler.telemetry import Telemetry, configure_logging
from tests.bench.subjects import SETTINGS, Own, scaled

HOUR = 3600
START = 1_700_002_800
POLL_EVERY = 300
STEP = 120
"""Seconds between decisions: how many there were counts for memory, not how fast they came."""
CHANGING = 20
MEBIBYTE = 1024 * 1024


class FlyingClock:
    """The event loop's own time, which does not wait."""

    def now(self) -> float:
        return START + asyncio.get_running_loop().time()

    async def sleep_until(self, at: float) -> None:
        await asyncio.sleep(max(0.0, at - self.now()))


class Serving:
    """Everything of the service that remembers."""

    def __init__(self, count: int) -> None:
        self.clock = FlyingClock()
        self.settings = attrs.evolve(SETTINGS, evaluation_interval=STEP)
        self.telemetry = Telemetry(version="bench")
        self.served, self.trails = MemoryServed(build="bench"), Trails()
        journal = Journal(telemetry=self.telemetry, served=self.served, trails=self.trails)
        self.loop = Loop(
            history=Own(), clock=self.clock, settle=self.settings.settle, listener=journal
        )
        self.recorder = Recorder(
            telemetry=self.telemetry, served_log=self.served, now=lambda: int(self.clock.now())
        )
        self.metadata = Metadata(partial(understand, settings=self.settings))
        self._count = count

    def workloads(self) -> Iterator[Workload]:
        """As KEDA names them in this hour."""
        hour = int(self.clock.now()) // HOUR
        for index in range(self._count):
            asked = scaled(index)
            changed = {"queueLimit": str(100 + hour)} if (index + hour) % CHANGING == 0 else {}
            changing = attrs.evolve(asked, metadata={**asked.metadata, **changed})
            yield self.metadata.workload(changing.ref())

    async def poll(self) -> None:
        """KEDA asks once for each; the first look at a new one may take longer than it waits."""
        answers = (self.loop.answer(workload) for workload in self.workloads())
        for published in await asyncio.gather(*answers, return_exceptions=True):
            if isinstance(published, Published):
                self.recorder.answered("GetMetrics", code="OK", seconds=0.001)
                self.recorder.served(published)
            elif not isinstance(published, UnknownWorkload):
                raise published

    def scrape(self) -> int:
        """Write the page of metrics; its bytes."""
        now = int(self.clock.now())
        return sum(map(len, pieces(self.loop.board, telemetry=self.telemetry, now=now)))


async def fly(*, count: int, hours: int) -> list[int]:
    """Bytes that the process holds: at the start, empty, and after each hour."""
    held = [resident()]
    serving = Serving(count)
    ticking = asyncio.create_task(serving.loop.run())
    for hour in range(1, hours + 1):
        for _ in range(HOUR // POLL_EVERY):
            await serving.poll()
            await asyncio.sleep(POLL_EVERY)
        series = serving.scrape()
        held.append(resident())
        grown = (held[-1] - held[-2]) / MEBIBYTE
        say(f"hour {hour}: {held[-1] / MEBIBYTE:.0f} MiB, {grown:+.1f}; page of {series} bytes")
    ticking.cancel()
    return held


def resident() -> int:
    """Bytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workloads", type=int, default=10_000)
    parser.add_argument("--hours", type=int, default=8)
    asked = parser.parse_args()
    configure_logging(style="text", level="warning")
    collect_by_turns()
    flying = partial(looptime.new_event_loop, start=0.0)
    with asyncio.Runner(loop_factory=flying) as runner:
        held = runner.run(fly(count=asked.workloads, hours=asked.hours))
    each = (held[-1] - held[0]) / asked.workloads / 1024
    say(f"{each:.1f} KiB a workload; in the last hour {(held[-1] - held[-2]) / MEBIBYTE:+.1f} MiB")


def say(what: str) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
