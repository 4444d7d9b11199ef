"""Getting pages from endpoints, all at once and within bounds."""

import asyncio
from collections.abc import Iterable, Mapping
from enum import Enum
from http import HTTPStatus

import aiohttp

from scaler.errors import SignalMalformed, SignalTimeout, SignalUnavailable
from scaler.signals.meter import Meter

_CONCURRENCY = 64
_MAX_BYTES = 8 * 1024 * 1024
_CHUNK = 64 * 1024
_TIMEOUT = 4.0
_ACCEPT = {"Accept": "text/plain;version=0.0.4"}
_METERED_AS = "scrape"


class Missing(Enum):
    """Why an endpoint gave no page, as far as it says whether somebody is there."""

    REFUSED = "refused"
    """Nothing listens: that replica is not there."""
    UNRESOLVED = "unresolved"
    """The name has no address: not there, if the name server can be believed."""
    SILENT = "silent"
    """Somebody is there and does not report: slow, garbage, an error."""


Outcome = bytes | Missing


class Targets:
    """Scrapes endpoints. No credentials are sent, and redirects are not followed."""

    def __init__(self, *, meter: Meter, timeout: float = _TIMEOUT) -> None:
        self._meter = meter
        self._timeout = timeout
        self._slots = asyncio.Semaphore(_CONCURRENCY)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def scrape(self, urls: Iterable[str]) -> Mapping[str, Outcome]:
        """A page, or why there is none, for each of `urls`, in little longer than the slowest."""
        distinct = tuple(dict.fromkeys(urls))
        outcomes = await asyncio.gather(*(self._one(url) for url in distinct))
        return dict(zip(distinct, outcomes, strict=True))

    async def _one(self, url: str) -> Outcome:
        clock = asyncio.get_running_loop().time
        async with self._slots:
            started = clock()
            outcome, error = await self._classified(url)
            self._meter.observe(_METERED_AS, clock() - started, error)
            return outcome

    async def _classified(self, url: str) -> tuple[Outcome, str | None]:
        try:
            async with asyncio.timeout(self._timeout):
                return await self._page(url)
        except TimeoutError:
            return Missing.SILENT, SignalTimeout.reason
        except aiohttp.ClientConnectorDNSError:
            return Missing.UNRESOLVED, SignalUnavailable.reason
        except aiohttp.ClientConnectorError as failure:
            refused = isinstance(failure.os_error, ConnectionRefusedError)
            return Missing.REFUSED if refused else Missing.SILENT, SignalUnavailable.reason
        except (aiohttp.ClientError, ValueError):
            return Missing.SILENT, SignalUnavailable.reason

    async def _page(self, url: str) -> tuple[Outcome, str | None]:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
            )
        body = bytearray()
        async with self._session.get(url, headers=_ACCEPT, allow_redirects=False) as response:
            if response.status != HTTPStatus.OK:
                return Missing.SILENT, SignalUnavailable.reason
            async for chunk in response.content.iter_chunked(_CHUNK):
                body += chunk
                if len(body) > _MAX_BYTES:
                    return Missing.SILENT, SignalMalformed.reason
        return bytes(body), None
