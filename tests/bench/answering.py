"""Calls: how many on one core, beside a server that does nothing but answer."""

import subprocess
import sys
from collections.abc import Iterator

from tests.bench.measure import Figure, core, cpu_seconds
from tests.bench.processes import Process, server

WORKLOADS = 100
SECONDS = 4.0
ROUNDS = 3
GOAL = 0.8


def figures() -> Iterator[Figure]:
    with server("constant") as constant, server("serving", str(WORKLOADS)) as service:
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


def capacity(process: Process, port: int) -> float:
    """Calls in a second of the server's own time: clients may be slower than it is."""
    before = cpu_seconds(process.pid)
    calls = asked(port)
    return calls / (cpu_seconds(process.pid) - before)


def asked(port: int) -> int:
    arguments = (f"127.0.0.1:{port}", core(1), WORKLOADS, SECONDS)
    command = [sys.executable, "-m", "tests.bench.load", *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return int(done.stdout)
