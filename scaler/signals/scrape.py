"""History by direct scrape: pages of the replicas themselves, remembered here.

For one scaler without a Prometheus. Reading the newest tick scrapes; older ticks come from memory,
and what nobody watched is a gap that says so. With a store, memory outlives the process: readings
are on the disk before anybody decides on them.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import attrs

from scaler.config.workload import Workload
from scaler.errors import Defect, ForescaleError, SignalError
from scaler.policy.engine import memory as memory_of
from scaler.policy.model import Readings
from scaler.signals.compact import decode, encode, nothing
from scaler.signals.lookout import Lookout, signals_of
from scaler.signals.memory import Kept, Memory
from scaler.signals.stored import Identity, StoredReadings, identity
from scaler.signals.targets import Targets

_MOST_WORKLOADS = 1000
_FULL = 2 * 3600
_LATE = 5
"""Seconds: a tick is asked for a second late, and a machine may be busy."""
_AT_ONCE = 50
"""Readings decoded before others get their turn."""


@attrs.define(kw_only=True, eq=False)
class _Watched:
    """One workload's memory, once it is loaded, and who makes its readings."""

    lookout: Lookout
    memory: Memory | None = None
    turn: asyncio.Lock = attrs.field(factory=asyncio.Lock)


class ScrapeHistory:
    """Readings of ticks that it scraped itself. Implements the runtime's `History`."""

    def __init__(
        self,
        targets: Targets,
        *,
        clock: Callable[[], float],
        stored: StoredReadings | None = None,
    ) -> None:
        self._targets = targets
        self._clock = clock
        self._stored = stored
        self._watched: dict[Identity, _Watched] = {}

    async def close(self) -> None:
        """Close the connections."""
        await self._targets.close()

    async def lead_times(self, workloads: Sequence[Workload], *, at: int) -> Mapping[Workload, int]:
        """None: pages of replicas do not tell how long these took to start."""
        return {}

    async def read(
        self, workloads: Sequence[Workload], ticks: range
    ) -> Mapping[Workload, Sequence[Readings] | ForescaleError]:
        """Readings of every workload at every tick; scrapes if the last tick is now.

        A workload of whose endpoints none gave a page or refused has the error in their place.
        """
        answers = await asyncio.gather(*(self._one(workload, ticks) for workload in workloads))
        return dict(zip(workloads, answers, strict=True))

    async def _one(self, workload: Workload, ticks: range) -> list[Readings] | ForescaleError:
        who = identity(workload)
        watched = self._known(who, workload)
        try:
            async with watched.turn:
                memory = watched.memory or await self._memory(who, workload)
                watched.memory = memory
                if memory.forget_after(int(self._clock()) + workload.spec.step):
                    # Pages of the future make no rates with those of now.
                    watched.lookout = Lookout(workload)
                if self._is_due(memory.newest, ticks[-1], step=workload.spec.step):
                    now = self._clock()
                    seen = await watched.lookout.look(self._targets, now=now, at=ticks[-1])
                    await self._keep(who, memory, Kept(ticks[-1], encode(seen)))
            return await _told(memory, workload, ticks)
        except SignalError as failure:
            return failure
        except Exception as error:  # noqa: BLE001 - one workload's pages are not the others' trouble
            return Defect(error)

    def _known(self, who: Identity, workload: Workload) -> _Watched:
        """What is known of `workload`; that which was asked for longest ago makes room."""
        watched = self._watched.pop(who, None) or _Watched(lookout=Lookout(workload))
        self._watched[who] = watched
        if len(self._watched) > _MOST_WORKLOADS:
            del self._watched[next(iter(self._watched))]
        return watched

    async def _memory(self, who: Identity, workload: Workload) -> Memory:
        """What earlier processes kept. A fold never looks back further than is kept in full."""
        spec = workload.spec
        full = max(_FULL, memory_of(spec, spec.lead_time_max))
        now = int(self._clock())
        return Memory(full=full, kept=await self._stored.load(who, now=now) if self._stored else ())

    async def _keep(self, who: Identity, memory: Memory, kept: Kept) -> None:
        thinned = memory.thinned
        memory.keep(kept)
        if self._stored:
            await self._stored.keep(who, kept)
            if memory.thinned > thinned:
                self._stored.thin(who, until=memory.thinned)

    def _is_due(self, newest: int | None, tick: int, *, step: int) -> bool:
        """Whether what is seen now may stand for `tick`."""
        return (newest is None or newest < tick) and abs(self._clock() - tick) <= step + _LATE


async def _told(memory: Memory, workload: Workload, ticks: range) -> list[Readings]:
    signals = signals_of(workload)
    fresh_for = workload.spec.stale_after
    told = []
    for count, tick in enumerate(ticks, start=1):
        kept = memory.at(tick, fresh_for=fresh_for)
        told.append(
            decode(kept.body, taken=kept.taken, at=tick, signals=signals)
            if kept
            else nothing(tick, signals)
        )
        if count % _AT_ONCE == 0:
            await asyncio.sleep(0)
    return told
