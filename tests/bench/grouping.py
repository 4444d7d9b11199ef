"""What asking about many workloads in one query spares the Prometheus that is asked."""

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from scaler.config.sources import PrometheusSource
from scaler.config.workload import Workload
from scaler.runtime.advance import TOGETHER
from scaler.runtime.grid import phase
from scaler.signals.prometheus import PrometheusHistory
from tests.bench.history import NOW, WORKLOADS, blocks
from tests.bench.measure import Figure, cpu_seconds
from tests.bench.subjects import SETTINGS, TAIL, workloads
from tests.integration.prometheus import running

GOAL = 0.25
ALONE = 100
"""Workloads that are asked for one by one; a cycle of them all takes that many times longer."""
ROUNDS = 3


class Unmetered:
    """Nobody looks at what queries take here."""

    def observe(self, source: str, seconds: float, error: str | None) -> None:
        """Forget it."""


def figures() -> Iterator[Figure]:
    everyone, data = workloads(WORKLOADS), blocks()
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), data=data) as (url, prometheus),
    ):
        groups, single = list(_groups(everyone)), [[each] for each in everyone[:ALONE]]
        cost(url, prometheus.pid, groups)
        rounds = [
            (
                cost(url, prometheus.pid, groups),
                cost(url, prometheus.pid, single) * WORKLOADS / ALONE,
            )
            for _ in range(ROUNDS)
        ]
    grouped, alone = (min(each) for each in zip(*rounds, strict=True))
    yield Figure(
        name=f"Prometheus, a cycle of {WORKLOADS:,} workloads",
        value=f"{grouped:.2f} s CPU",
        ratio=f"{grouped / alone:.2f} x a query each ({alone:.1f} s)",
        goal=f"{GOAL} x",
        met=grouped / alone <= GOAL,
    )


def cost(url: str, pid: int, groups: Sequence[Sequence[Workload]]) -> float:
    """Seconds of the server's CPU for one tick of all groups."""
    before = cpu_seconds(pid)
    asyncio.run(_read(url, groups))
    return cpu_seconds(pid) - before


async def _read(url: str, groups: Sequence[Sequence[Workload]]) -> None:
    # The interval is given: that it is measured costs a query an hour, which no cycle is charged.
    source = PrometheusSource(url=url, scrape_interval=15, timeout=30.0)
    history = PrometheusHistory("default", source, meter=Unmetered())
    step = SETTINGS.evaluation_interval
    for group in groups:
        await history.read(group, range(NOW - (TAIL - 1) * step, NOW + 1, step))
    await history.close()


def _groups(everyone: Sequence[Workload]) -> Iterator[Sequence[Workload]]:
    """As a cycle asks for them: by the second in which they tick, some at a time."""
    slots: dict[int, list[Workload]] = {}
    for each in everyone:
        slots.setdefault(phase(each), []).append(each)
    for members in slots.values():
        for start in range(0, len(members), TOGETHER):
            yield members[start : start + TOGETHER]
