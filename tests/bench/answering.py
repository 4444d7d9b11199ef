"""Calls: how many on one core, and how long they take while 10,000 workloads tick."""

import json
import subprocess
import sys
from collections.abc import Iterator

from tests.bench.measure import Figure, core, cpu_seconds, percentile
from tests.bench.processes import Process, order, server

FEW, MANY = 100, 10_000
SECONDS = 4.0
CYCLE = 15.0
"""Seconds in which every workload ticks once."""
RATE = 200.0
ROUNDS = 3
GOAL = 0.8


def figures() -> Iterator[Figure]:
    with server("constant") as constant, server("serving", str(FEW)) as service:
        pairs = [(capacity(*constant), capacity(*service)) for _ in range(ROUNDS)]
    bare, ours = (max(each) for each in zip(*pairs, strict=True))
    share = max(own / base for base, own in pairs)
    yield Figure(
        name="calls on one core",
        value=f"{ours:.0f} /s",
        ratio=f"{share:.2f} x a server of constants ({bare:.0f} /s)",
        goal=f"{GOAL} x",
        met=share >= GOAL,
    )
    with server("serving", str(MANY)) as (process, port):
        rounds = [beside(process, port) for _ in range(ROUNDS)]
    ticking, resting = min(rounds, key=lambda each: each[0] / each[1])
    yield Figure(
        name=f"p99 of a call at {RATE:.0f} /s, {MANY:,} workloads tick",
        value=f"{ticking * 1e3:.1f} ms",
        ratio=f"{ticking / resting:.1f} x at rest ({resting * 1e3:.1f} ms)",
    )


def capacity(process: Process, port: int) -> float:
    """Calls in a second of the server's own time: clients may be slower than it is."""
    before = cpu_seconds(process.pid)
    calls = len(ask(port, workloads=FEW, rate=0, seconds=SECONDS))
    return calls / (cpu_seconds(process.pid) - before)


def beside(process: Process, port: int) -> tuple[float, float]:
    """The slow calls while all workloads tick, and while nothing does."""
    order(process, "tick")
    ticking = slowest(port, seconds=CYCLE)
    order(process, "rest")
    return ticking, slowest(port, seconds=SECONDS)


def slowest(port: int, *, seconds: float) -> float:
    return percentile(ask(port, workloads=MANY, rate=RATE, seconds=seconds), 0.99)


def ask(port: int, *, workloads: int, rate: float, seconds: float) -> list[float]:
    arguments = (f"127.0.0.1:{port}", core(1), workloads, rate, seconds)
    command = [sys.executable, "-m", "tests.bench.load", *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    took: list[float] = json.loads(done.stdout)
    return took
