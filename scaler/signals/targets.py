"""Getting pages from endpoints, all at once and within bounds."""

import asyncio
import ssl
from collections.abc import Iterable, Mapping
from enum import Enum
from http import HTTPStatus
from ipaddress import ip_address

import aiohttp
import attrs
from yarl import URL

from scaler.errors import SignalMalformed, SignalTimeout, SignalUnavailable
from scaler.signals.meter import Meter
from scaler.signals.resolver import Resolver, Unknown

_CONCURRENCY = 64
_MAX_BYTES = 8 * 1024 * 1024
_CHUNK = 64 * 1024
_TIMEOUT = 4.0
_ACCEPT = {"Accept": "text/plain;version=0.0.4"}
_METERED_AS = "scrape"
_TOO_LONG = f"sent more than {_MAX_BYTES // 1024**2} MiB: is this its /metrics?"
_ON_FAILURE = (
    (aiohttp.ClientConnectorCertificateError, "has a certificate that is not trusted here"),
    (aiohttp.ClientSSLError, "does not agree on TLS"),
    (aiohttp.ClientConnectorError, "cannot be reached: is the address right?"),
    (aiohttp.ClientConnectionError, "closed the connection without a page: is the port right?"),
    (aiohttp.ClientResponseError, "answered no HTTP: is the port right, or is it https://?"),
    (aiohttp.ClientPayloadError, "broke off in the middle of its page"),
    (Exception, "gave no page"),
)
"""What came of asking, by the first kind of failure that fits."""
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"})
"""What OpenSSL calls an answer that is none in TLS."""
_ON_STATUS = (
    (range(300, 400), "name where it leads"),
    ((401, 403), "no credentials are sent, so that the page must be open to the scaler"),
    (range(400, 500), "is the path right?"),
    (range(500, 600), "look at its log"),
)


class Missing(Enum):
    """Why an endpoint gave no page where it was not heard at all."""

    REFUSED = "refused the connection"
    """Nothing listens: that replica is not there."""
    UNRESOLVED = "has no address"
    """The name server knows no such name, or no address of it: nobody is there."""
    UNKNOWN = "could not be resolved"
    """No name server said anything: who is there cannot be told."""


@attrs.frozen
class Silence:
    """Somebody is there and does not report: slow, garbage, an error."""

    why: str
    """What came of asking and what to do, said after the URL."""


Outcome = bytes | Missing | Silence


@attrs.frozen(kw_only=True)
class Target:
    """One replica's page: where to connect, and whom to ask for there."""

    url: URL
    host: str | None = None
    """The name that the address was found by; None where the URL has an address itself."""

    @property
    def headers(self) -> Mapping[str, str]:
        """What to say."""
        return _ACCEPT if self.host is None else {**_ACCEPT, "Host": self.authority}

    @property
    def authority(self) -> str:
        """The name with the port, where that is not the scheme's own."""
        port = "" if self.url.is_default_port() else f":{self.url.port}"
        return f"{self.host}{port}"


class Targets:
    """Scrapes endpoints. No credentials are sent, and redirects are not followed."""

    def __init__(
        self, *, meter: Meter, timeout: float = _TIMEOUT, resolver: Resolver | None = None
    ) -> None:
        self._meter = meter
        self._timeout = timeout
        self._resolver = resolver or Resolver()
        self._slots = asyncio.Semaphore(_CONCURRENCY)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def scrape(self, urls: Iterable[str]) -> Mapping[str, Mapping[str, Outcome]]:
        """For each of `urls` a page, or why there is none, of every replica behind it.

        A URL with a name is asked at each of the name's addresses, which tell the replicas apart.
        """
        distinct = tuple(dict.fromkeys(urls))
        outcomes = await asyncio.gather(*(self._all(url) for url in distinct))
        return dict(zip(distinct, outcomes, strict=True))

    async def _all(self, given: str) -> Mapping[str, Outcome]:
        url = URL(given)
        host = url.host or ""
        if _is_address(host):
            return {given: await self._one(Target(url=url))}
        try:
            families = await self._resolver.addresses(host)
        except Unknown:
            return {given: Missing.UNKNOWN}
        outcomes: Mapping[str, Outcome] = {given: Missing.UNRESOLVED}
        for addresses in families:
            outcomes = await self._each(url, host, addresses)
            if any(outcome is not Missing.REFUSED for outcome in outcomes.values()):
                break
        return outcomes

    async def _each(self, url: URL, host: str, addresses: Iterable[str]) -> Mapping[str, Outcome]:
        targets = {
            f"{url} at {address}": Target(url=url.with_host(address), host=host)
            for address in addresses
        }
        outcomes = await asyncio.gather(*(self._one(target) for target in targets.values()))
        return dict(zip(targets, outcomes, strict=True))

    async def _one(self, target: Target) -> Outcome:
        clock = asyncio.get_running_loop().time
        async with self._slots:
            started = clock()
            outcome, error = await self._classified(target)
            self._meter.observe(_METERED_AS, clock() - started, error)
            return outcome

    async def _classified(self, target: Target) -> tuple[Outcome, str | None]:
        try:
            async with asyncio.timeout(self._timeout):
                return await self._page(target)
        except TimeoutError:
            return Silence(f"gave no answer in {self._timeout:g} s"), SignalTimeout.reason
        except (aiohttp.ClientError, ValueError) as failure:
            return _heard(failure), SignalUnavailable.reason

    async def _page(self, target: Target) -> tuple[Outcome, str | None]:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
            )
        body = bytearray()
        async with self._session.get(
            target.url, headers=target.headers, allow_redirects=False, server_hostname=target.host
        ) as response:
            if response.status != HTTPStatus.OK:
                return Silence(_answered(response.status)), SignalUnavailable.reason
            async for chunk in response.content.iter_chunked(_CHUNK):
                body += chunk
                if len(body) > _MAX_BYTES:
                    return Silence(_TOO_LONG), SignalMalformed.reason
        return bytes(body), None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _heard(failure: Exception) -> Missing | Silence:
    """Whether anybody is there, and what came of asking."""
    cause = failure.os_error if isinstance(failure, aiohttp.ClientConnectorError) else None
    if isinstance(cause, ConnectionRefusedError):
        return Missing.REFUSED
    if isinstance(cause, ssl.SSLError) and cause.reason in _NO_TLS:
        return Silence("speaks no TLS: write http://")
    return Silence(next(why for kind, why in _ON_FAILURE if isinstance(failure, kind)))


def _answered(status: int) -> str:
    """What to do about a status other than 200."""
    do = next((do for statuses, do in _ON_STATUS if status in statuses), "is this its /metrics?")
    return f"answered {status}: {do}"
