"""Calls while all else goes on: 10,000 workloads tick, 1,000 streams are open, metrics are read."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.bench.measure import Figure, core, cpu_seconds
from tests.bench.processes import Process, order, server

FEW, MANY, STREAMS = 10, 10_000, 1_000
RATES = (500, 2_000)
SECONDS = 16.0
"""A whole cycle of ticks, and a scrape."""
WARM = 25.0
"""Seconds in which every workload's metadata come for the first time, at the lower rate."""
ROUNDS = 3
GOAL, LONGEST_STALL = 0.010, 0.020
KIBIBYTE = 1024

Seen = Mapping[str, float]


def figures() -> Iterator[Figure]:
    with service(FEW) as (process, _):
        empty = told(process)["resident"]
    with service(MANY) as (process, ports):
        full = told(process)["resident"]
        with clients(*ports) as everyone:
            streaming = told(process)["resident"]
            asked(ports[0], rate=min(RATES), seconds=WARM)
            for rate in RATES:
                yield from under(process, ports[0], rate=rate)
        scrape = json.loads(everyone[0])
    yield Figure(
        name=f"a scrape of {MANY:,} workloads, meanwhile",
        value=f"{scrape['seconds']:.1f} s",
        ratio=f"{scrape['bytes'] / KIBIBYTE**2:.0f} MiB",
    )
    yield Figure(name="memory of a workload", value=f"{(full - empty) / MANY / KIBIBYTE:.1f} KiB")
    yield Figure(
        name="memory of an open stream", value=f"{(streaming - full) / STREAMS / KIBIBYTE:.1f} KiB"
    )


def under(process: Process, port: int, *, rate: int) -> Iterator[Figure]:
    """The slow calls and the longest stall at `rate`, of the round that others disturbed least."""
    rounds = []
    for _ in range(ROUNDS):
        order(process, "begin")
        before, began = cpu_seconds(process.pid), time.perf_counter()
        calls = asked(port, rate=rate, seconds=SECONDS)
        busy = (cpu_seconds(process.pid) - before) / (time.perf_counter() - began)
        rounds.append((calls, {**told(process), "busy": busy}))
    calls, _ = min(rounds, key=lambda each: each[0]["p99"])
    stall, work, busy = (
        min(seen[name] for _, seen in rounds) for name in ("stall", "work", "busy")
    )
    with server("constant") as (_, constant):
        bare = min(asked(constant, rate=rate, seconds=SECONDS / 4)["p99"] for _ in range(ROUNDS))
    yield Figure(
        name=f"p99 of a call at {rate:,} /s, all at once",
        value=f"{calls['p99'] * 1e3:.1f} ms",
        ratio=f"p50 {calls['p50'] * 1e3:.1f} ms; a server of constants {bare * 1e3:.1f} ms",
        goal=f"{GOAL * 1e3:.0f} ms",
        met=calls["p99"] <= GOAL,
    )
    yield Figure(
        name=f"longest stall at {rate:,} /s",
        value=f"{stall * 1e3:.1f} ms",
        ratio=f"of it our own work {work * 1e3:.1f} ms; {busy:.0%} of a core",
        goal=f"{LONGEST_STALL * 1e3:.0f} ms",
        met=work <= LONGEST_STALL,
    )


@contextmanager
def service(workloads: int) -> Iterator[tuple[Process, tuple[int, int]]]:
    """The service on a core of its own, and its ports for calls and for operations."""
    command = [sys.executable, "-m", "tests.bench.load_service", str(workloads)]
    with subprocess.Popen(  # noqa: S603 - our own module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            os.sched_setaffinity(process.pid, {core(0)})
            assert process.stdout is not None
            grpc, ops = map(int, process.stdout.readline().split())
            yield process, (grpc, ops)
        finally:
            process.kill()


@contextmanager
def clients(grpc: int, ops: int) -> Iterator[list[str]]:
    """Streams that are open and scrapes that come; what they say at the end is put in the list."""
    arguments = map(str, (grpc, ops, core(1), STREAMS))
    command = [sys.executable, "-m", "tests.bench.load_clients", *arguments]
    said: list[str] = []
    with subprocess.Popen(  # noqa: S603 - our own module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield said
            said.append(process.communicate(timeout=60)[0])
        finally:
            process.kill()


def told(process: Process) -> Seen:
    """What the service has seen of itself since it was told to begin."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("tell\n")
    process.stdin.flush()
    seen: Seen = json.loads(process.stdout.readline())
    return seen


def asked(port: int, *, rate: int, seconds: float) -> Seen:
    """What calls at `rate` met; every one of them was answered with a number."""
    arguments = map(str, (port, core(1), MANY, rate, seconds))
    command = [sys.executable, "-m", "tests.bench.load_calls", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    found: Seen = json.loads(done.stdout)
    assert found["numbers"] >= 0.99 * found["calls"], found
    return found
