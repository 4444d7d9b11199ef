"""The servers that are measured, each in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.measure import core

Process = subprocess.Popen[str]


@contextmanager
def server(module: str, *arguments: str, pinned: bool = True) -> Iterator[tuple[Process, int]]:
    """Run a server of this package, on a core of its own or on all; give it and its port."""
    command = [sys.executable, "-m", f"tests.bench.{module}", *arguments]
    with subprocess.Popen(  # noqa: S603 - our own modules
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            if pinned:
                os.sched_setaffinity(process.pid, {core(0)})
            assert process.stdout is not None
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


def order(process: Process, what: str) -> None:
    """Tell a server something, and return when it has done it."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{what}\n")
    process.stdin.flush()
    process.stdout.readline()
