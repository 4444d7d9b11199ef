"""Fuzzing for as long as one likes: `python -m tests.bench.fuzz --inputs 100000`.

Inputs are numbered, so a finding is repeated with `--first NUMBER --inputs 1 --only TARGET`.
"""

import argparse
import sys
import tempfile
import time
import traceback
from pathlib import Path
from random import Random

import attrs

from tests.unit.fuzz.targets import Try, targets


@attrs.define
class Tally:
    """What came of one target's inputs."""

    inputs: int = 0
    findings: int = 0
    seconds: float = 0.0
    longest: float = 0.0
    slowest: int = 0

    def line(self, name: str) -> str:
        return (
            f"{name:10} {self.inputs:>8} inputs {self.seconds:8.1f} s {self.findings:>4} findings"
            f"   longest {self.longest * 1e3:7.2f} ms without a turn (input {self.slowest})"
        )


def attempt(name: str, attempted: Try, number: int, tally: Tally) -> None:
    """Try one input, and say what it broke."""
    began = time.perf_counter()
    try:
        longest = attempted(Random(number))  # noqa: S311 - repeatable, not secret
        if longest > tally.longest:
            tally.longest, tally.slowest = longest, number
    except Exception:  # noqa: BLE001 - that is what is looked for
        tally.findings += 1
        sys.stderr.write(f"{name}, input {number}:\n{traceback.format_exc()}\n")
    tally.inputs += 1
    tally.seconds += time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        every = targets(Path(folder))
        chosen = {asked.only: every[asked.only]} if asked.only else every
        tallies = {name: Tally() for name in chosen}
        for number in range(asked.first, asked.first + asked.inputs // len(chosen)):
            for name, attempted in chosen.items():
                attempt(name, attempted, number, tallies[name])
    for name, tally in tallies.items():
        sys.stdout.write(f"{tally.line(name)}\n")
    return 1 if any(tally.findings for tally in tallies.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
