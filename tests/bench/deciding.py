"""`decide`, and a tick of 10,000 workloads."""

import asyncio
import time
from collections.abc import Iterator

from scaler.policy.engine import decide, start
from scaler.runtime.advance import advance
from scaler.runtime.fold import Fold
from scaler.runtime.knowledge import Learning
from tests.bench.measure import Figure, best
from tests.bench.subjects import Free, busy, workloads
from tests.builders import EPOCH, STEP, knowledge

DECISIONS = 500
LOOP = 1_000
MANY = 10_000
SETTLE = 30
INTERVAL = 15


def figures() -> Iterator[Figure]:
    one, plain = best(seconds_to_decide), best(seconds_of_plain_python)
    yield Figure(
        name="decide",
        value=f"{one * 1e6:.0f} µs",
        ratio=f"{one / plain:.2f} x {LOOP} turns of a plain loop",
        goal="100 µs at most",
        met=one <= 100e-6,
    )
    tick = asyncio.run(seconds_to_tick())
    yield Figure(
        name=f"a tick of {MANY:,} workloads, reading apart",
        value=f"{tick:.2f} s",
        ratio=f"{tick / INTERVAL:.0%} of one core for each {INTERVAL} s",
    )


def seconds_to_decide() -> float:
    """One decision, in a fold that remembers all that it may."""
    (workload,) = workloads(1)
    spec, known = workload.spec, knowledge()
    state = start(spec, EPOCH)
    warm = range(EPOCH, EPOCH + 150 * STEP, STEP)
    measured = range(warm.stop, warm.stop + DECISIONS * STEP, STEP)
    for at in warm:
        _, state = decide(readings=busy(at), knowledge=known, state=state, spec=spec)
    lessons = [busy(at) for at in measured]
    began = time.process_time()
    for readings in lessons:
        _, state = decide(readings=readings, knowledge=known, state=state, spec=spec)
    return (time.process_time() - began) / DECISIONS


def seconds_of_plain_python() -> float:
    """A loop of additions and a look-up each: what this machine and this Python can do."""
    table = {number: number for number in range(LOOP)}
    began = time.process_time()
    for _ in range(DECISIONS):
        total = 0
        for number in range(LOOP):
            total += table[number]
    return (time.process_time() - began) / DECISIONS


async def seconds_to_tick() -> float:
    """All workloads by one tick each, those that settle folded again; the best of three."""
    folds = [Fold(workload=workload) for workload in workloads(MANY)]
    learning, took = Learning(), []
    for turn in range(TICKS + 1):
        began = time.process_time()
        await advance(
            folds,
            history=Free(),
            to=EPOCH + turn * INTERVAL,
            settle=SETTLE,
            learning=learning,
        )
        took.append(time.process_time() - began)
    return min(took[1:])


TICKS = 3
