"""Addresses behind host names, asked for anew at every scrape: a headless Service has many."""

import asyncio
import socket
from collections.abc import Mapping, Sequence
from typing import Protocol

import attrs

_TIMEOUT = 2.0
_BELIEVED = 300.0
"""Seconds for which what a name server said last stands in while it says nothing."""
_NAMELESS = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})

Families = tuple[tuple[str, ...], ...]
"""Addresses of one kind, then of the other. A pod may have one of each."""


class Lookup(Protocol):
    """What the system's resolver does."""

    async def __call__(self, host: str) -> Sequence[tuple[socket.AddressFamily, str]]:
        """Addresses of `host`.

        Raises:
            OSError: there are none (`EAI_NONAME`), or nobody knows.
        """
        ...


async def system_lookup(host: str) -> Sequence[tuple[socket.AddressFamily, str]]:
    """Addresses as the system's resolver finds them, in a thread of its own."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [(family, str(address[0])) for family, _, _, _, address in found]


class Unknown(Exception):
    """No name server said anything."""


@attrs.frozen(kw_only=True)
class _Believed:
    families: Families
    said_at: float


class Resolver:
    """Resolves names, one question about each at a time. Remembers what was said last."""

    def __init__(self, *, lookup: Lookup = system_lookup, timeout: float = _TIMEOUT) -> None:
        self._lookup = lookup
        self._timeout = timeout
        self._asking: dict[str, asyncio.Task[Families]] = {}
        self._believed: dict[str, _Believed] = {}

    async def addresses(self, host: str) -> Families:
        """Addresses of `host`, sorted; none where a name server says so.

        Raises:
            Unknown: no name server says anything, nor has one lately.
        """
        now = asyncio.get_running_loop().time()
        try:
            # A lookup cannot be stopped: whoever asks next waits for the same one.
            async with asyncio.timeout(self._timeout):
                families = await asyncio.shield(self._ask(host))
        except (OSError, TimeoutError, UnicodeError) as error:
            believed = self._believed.get(host)
            if believed is None or now - believed.said_at > _BELIEVED:
                raise Unknown(str(error)) from error
            return believed.families
        self._believed[host] = _Believed(families=families, said_at=now)
        return families

    def _ask(self, host: str) -> asyncio.Task[Families]:
        asking = self._asking.get(host)
        if asking is None:
            asking = self._asking[host] = asyncio.create_task(self._asked(host))
            asking.add_done_callback(lambda task: self._answered(host, task))
        return asking

    def _answered(self, host: str, task: asyncio.Task[Families]) -> None:
        del self._asking[host]
        if not task.cancelled():
            # Whoever asked may be gone; then nobody else looks at the error.
            task.exception()

    async def _asked(self, host: str) -> Families:
        try:
            found = await self._lookup(host)
        except socket.gaierror as error:
            if error.errno in _NAMELESS:
                return ()
            raise
        return _sorted(found)


def _sorted(found: Sequence[tuple[socket.AddressFamily, str]]) -> Families:
    """IPv4 first, where what listens on one kind only mostly listens."""
    by_family: Mapping[socket.AddressFamily, set[str]] = {
        socket.AF_INET: set(),
        socket.AF_INET6: set(),
    }
    for family, address in found:
        by_family.get(family, set()).add(address)
    return tuple(tuple(sorted(addresses)) for addresses in by_family.values() if addresses)
