"""One look at what a history says of workloads now, outside of any loop."""

import asyncio
from collections.abc import Mapping, Sequence

from scaler.config.workload import SourceKind, Workload
from scaler.errors import ForescaleError, SignalError, SignalTimeout, SignalUnavailable
from scaler.policy.model import Readings
from scaler.runtime.clock import Clock
from scaler.runtime.history import History

PATIENCE = 20.0
"""Seconds for one workload, whatever the timeouts of its source."""

APART = 3
"""Seconds between two scrapes of one page, which make a rate."""

Look = Readings | ForescaleError


async def look(
    workloads: Sequence[Workload], *, history: History, clock: Clock
) -> Mapping[Workload, Look]:
    """The readings of each workload now, or why there are none; each one's trouble is its own."""
    looks = await asyncio.gather(
        *(_patiently(workload, history=history, clock=clock) for workload in workloads)
    )
    return dict(zip(workloads, looks, strict=True))


async def _patiently(workload: Workload, *, history: History, clock: Clock) -> Look:
    try:
        async with asyncio.timeout(PATIENCE):
            return await _look(workload, history=history, clock=clock)
    except TimeoutError:
        return SignalTimeout(f"{workload.key}: no answer in {PATIENCE:g} s")
    except SignalError as error:
        return error


async def _look(workload: Workload, *, history: History, clock: Clock) -> Look:
    first = await _read(workload, history=history, at=int(clock.now()))
    if workload.watch.source is not SourceKind.SCRAPE or isinstance(first, ForescaleError):
        return first
    await clock.sleep_until(clock.now() + APART)
    return await _read(workload, history=history, at=int(clock.now()))


async def _read(workload: Workload, *, history: History, at: int) -> Look:
    answered = await history.read([workload], range(at, at + 1))
    answer = answered.get(workload)
    if isinstance(answer, ForescaleError):
        return answer
    if not answer:
        return SignalUnavailable(f"{workload.key}: its source left it out")
    return answer[-1]
