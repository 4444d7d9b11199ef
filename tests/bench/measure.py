"""Figures of one run: each a number with its unit, and a ratio to something of the same run."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
REPEATS = 5


@attrs.frozen(kw_only=True)
class Figure:
    """One line of the report. `met` is None where nothing was promised."""

    name: str
    value: str
    ratio: str = ""
    goal: str = ""
    met: bool | None = None

    def line(self) -> str:
        verdict = {None: "", True: "met", False: "MISSED"}[self.met]
        return f"{self.name:<46}{self.value:>16}  {self.ratio:<42}{self.goal:<20}{verdict}".rstrip()


def best(measure: Callable[[], float]) -> float:
    """The least of several runs: whatever else the machine does only adds to it."""
    return min(measure() for _ in range(REPEATS))


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def cpu_seconds(pid: int) -> float:
    """What a process and its threads have taken so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def core(number: int) -> int:
    """The machine's core with this number, counted round those that there are."""
    cores = sorted(os.sched_getaffinity(0))
    return cores[number % len(cores)]
