"""Every workload's readings from the source it names; one source's failure is its own."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import structlog

from scaler.config.workload import SourceKind, Workload
from scaler.errors import ForescaleError, SignalError, SignalUnavailable
from scaler.policy.model import Readings

_LOG = structlog.get_logger()
_MOST_ADDRESSES = 100


Answer = Sequence[Readings] | ForescaleError
"""What is said about one workload: its readings, or why there are none."""


class Readable(Protocol):
    """A history that holds connections."""

    async def read(self, workloads: Sequence[Workload], ticks: range) -> Mapping[Workload, Answer]:
        """Readings of every workload at every tick."""
        ...

    async def lead_times(self, workloads: Sequence[Workload], *, at: int) -> Mapping[Workload, int]:
        """How long replicas took to start up to `at`, in seconds, of whom that is known."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class Histories:
    """Routes workloads to their sources. Implements the runtime's `History`.

    `named` are the configured sources; `scrape` reads endpoints; `at_address` makes a history
    without credentials of an address that metadata gave, which the operator allows or not.
    """

    def __init__(
        self,
        *,
        named: Mapping[str, Readable],
        scrape: Readable,
        at_address: Callable[[str], Readable],
    ) -> None:
        self._named = named
        self._scrape = scrape
        self._at_address = at_address
        self._addresses: dict[str, Readable] = {}
        self._reads: Counter[Readable | None] = Counter()
        self._retired: set[Readable] = set()

    @property
    def named(self) -> Mapping[str, Readable]:
        """The configured sources, as they are now."""
        return self._named

    async def use(self, named: Mapping[str, Readable]) -> None:
        """Read from these sources from now on; others are closed when nobody reads them."""
        self._retired |= set(self._named.values()) - set(named.values())
        self._named = named
        await self._close_unread()

    async def close(self) -> None:
        """Close all connections."""
        named = (*self._named.values(), *self._retired)
        for history in (*named, self._scrape, *self._addresses.values()):
            await history.close()

    async def read(self, workloads: Sequence[Workload], ticks: range) -> Mapping[Workload, Answer]:
        """Readings of every workload, or why its source gave none.

        Raises:
            SignalError: no source answered; the first one's reason.
        """
        shares = await self._shares(workloads)
        answers = await asyncio.gather(
            *(self._read(source, share, ticks) for source, share in shares.items())
        )
        failures = [answer for answer in answers if isinstance(answer, SignalError)]
        if failures and len(failures) == len(answers):
            raise failures[0]
        found: dict[Workload, Answer] = {}
        for share, answer in zip(shares.values(), answers, strict=True):
            found |= dict.fromkeys(share, answer) if isinstance(answer, SignalError) else answer
        return found

    async def lead_times(self, workloads: Sequence[Workload], *, at: int) -> Mapping[Workload, int]:
        """How long replicas took to start up to `at`, in seconds, where a source knows.

        A source that does not answer knows nothing: others may.
        """
        found: dict[Workload, int] = {}
        for source, share in (await self._shares(workloads)).items():
            try:
                found |= await source.lead_times(share, at=at) if source else {}
            except SignalError as failure:
                _LOG.warning("lead_times_not_read", error=str(failure))
            finally:
                await self._leave(source)
        return found

    async def _shares(
        self, workloads: Sequence[Workload]
    ) -> Mapping[Readable | None, Sequence[Workload]]:
        """Whose source is which; each counts as being read until it is left."""
        shares: dict[Readable | None, list[Workload]] = {}
        for workload in workloads:
            source = await self._source(workload)
            if source not in shares:
                self._reads[source] += 1
            shares.setdefault(source, []).append(workload)
        return shares

    async def _leave(self, source: Readable | None) -> None:
        self._reads[source] -= 1
        await self._close_unread()

    async def _source(self, workload: Workload) -> Readable | None:
        watch = workload.watch
        if watch.source is SourceKind.SCRAPE:
            return self._scrape
        if watch.server_address is None:
            return self._named.get(watch.prometheus)
        return await self._by_address(watch.server_address)

    async def _by_address(self, address: str) -> Readable:
        """The history at `address`; that which was used longest ago makes room."""
        history = self._addresses.pop(address, None) or self._at_address(address)
        self._addresses[address] = history
        if len(self._addresses) > _MOST_ADDRESSES:
            self._retired.add(self._addresses.pop(next(iter(self._addresses))))
            await self._close_unread()
        return history

    async def _read(
        self, source: Readable | None, workloads: Sequence[Workload], ticks: range
    ) -> Mapping[Workload, Answer] | SignalError:
        try:
            if source is None:
                return SignalUnavailable(f"no source is called {workloads[0].watch.prometheus!r}")
            return await source.read(workloads, ticks)
        except SignalError as failure:
            return failure
        finally:
            await self._leave(source)

    async def _close_unread(self) -> None:
        """Close what is no longer used, once the last read of it is over."""
        self._reads = +self._reads
        unread = self._retired - self._reads.keys()
        self._retired -= unread
        for history in unread:
            await history.close()
