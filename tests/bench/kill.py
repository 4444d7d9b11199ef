"""Kill a service with an embedded history a hundred times: `python -m tests.bench.kill`."""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from tests.integration.embedded.killing import kill_again_and_again

LIMIT = 15 * 60.0


def main() -> int:
    """Print what is left after the last kill; 1 if anything is broken or different."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        killing = kill_again_and_again(Path(folder), kills=arguments.kills, seed=arguments.seed)
        outcome = asyncio.run(asyncio.wait_for(killing, LIMIT))
    print(  # noqa: T201
        f"{outcome.kills} kills in {time.perf_counter() - began:.0f} s: integrity_check "
        f"{outcome.integrity}, {outcome.compared} settled decisions, {len(outcome.different)} "
        f"different, {outcome.readings} readings, {outcome.answers} answers, "
        f"{outcome.size / 2**20:.1f} MiB"
    )
    for difference in outcome.different[:10]:
        print(difference)  # noqa: T201
    return int(outcome.integrity != "ok" or bool(outcome.different) or not outcome.compared)


if __name__ == "__main__":
    raise SystemExit(main())
