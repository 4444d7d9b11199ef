"""Range queries over HTTP to one Prometheus, within bounds of time and size.

Credentials live in a session that only ever talks to the source they belong to, and redirects are
not followed: an answer that points elsewhere is no answer.
"""

import asyncio
import random
from base64 import b64encode
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import aiohttp
import structlog

from scaler.config.sources import PrometheusSource
from scaler.errors import (
    ConfigError,
    SignalError,
    SignalMalformed,
    SignalTimeout,
    SignalUnavailable,
)
from scaler.signals.meter import Meter
from scaler.signals.reply import LONGEST_EXCERPT, Reply, Series, complaint, read_reply
from scaler.signals.trust import Trust

_LOG = structlog.get_logger()
_MAX_BYTES = 4 * 1024 * 1024
"""Seven times what the largest question is answered with; decoding it takes 30 ms in one go."""
_CHUNK = 64 * 1024
_REFUSED_QUERY = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})
_UNAUTHORIZED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_LONGEST_PAUSE = 0.3
_AT_ONCE = 2000
"""Values read before others get their turn: about a third of a millisecond."""


class _WorthARetry(SignalUnavailable):
    """A failure that the next attempt may not meet."""


class Client:
    """Asks one Prometheus, known by `name`."""

    def __init__(
        self,
        name: str,
        source: PrometheusSource,
        *,
        meter: Meter,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._name = name
        self._source = source
        self._meter = meter
        self._url = source.url.rstrip("/") + "/api/v1/query_range"
        self._session: aiohttp.ClientSession | None = None
        self._trust = Trust(name, source.tls)
        self._jitter = random.SystemRandom()
        self._clock = clock
        self.skew = 0
        """Seconds by which the source's clock was ahead of ours when it last answered."""
        self._warned: frozenset[str] = frozenset()

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def query(self, text: str, ticks: range) -> list[Series]:
        """The series of `text` at `ticks`; each has values only where it has any.

        Raises:
            SignalError: there is no answer, within the source's timeout and one retry.
        """
        clock = asyncio.get_running_loop().time
        started, error = clock(), None
        try:
            async with asyncio.timeout(self._source.timeout):
                return await self._twice(text, ticks)
        except TimeoutError:
            error = SignalTimeout.reason
            raise SignalTimeout(self._says(f"no answer in {self._source.timeout:g} s")) from None
        except SignalError as failure:
            error = failure.reason
            raise
        finally:
            self._meter.observe(self._name, clock() - started, error)

    async def _twice(self, text: str, ticks: range) -> list[Series]:
        try:
            return await self._once(text, ticks)
        except _WorthARetry:
            # Spread, so that many queries that failed together do not come back together.
            await asyncio.sleep(self._jitter.uniform(0.0, _LONGEST_PAUSE))
            return await self._once(text, ticks)

    async def _once(self, text: str, ticks: range) -> list[Series]:
        form = {
            "query": text,
            "start": str(ticks[0]),
            "end": str(ticks[-1]),
            "step": str(ticks.step),
            "timeout": f"{self._source.timeout:g}",
            # Where a store is away, Thanos would sum what is left; Prometheus does not read it.
            "partial_response": "false",
        }
        headers = self._headers()
        try:
            async with self._opened().post(
                self._url,
                data=form,
                headers=headers,
                allow_redirects=False,
                ssl=self._trust.context(),
            ) as response:
                self._compare(response)
                body = await self._body(response)
                self._refuse(response, body)
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as failure:
            raise _WorthARetry(self._says(str(failure) or type(failure).__name__)) from failure
        except (aiohttp.ClientError, OSError, ValueError) as failure:
            # Certificates that cannot be loaded and headers that cannot be sent are among them.
            raise SignalUnavailable(self._says(str(failure))) from failure
        return await self._series(body)

    def _compare(self, response: aiohttp.ClientResponse) -> None:
        """Hold the server's clock against ours. Who sends no date is taken to be right."""
        if self._clock is None:
            return
        try:
            theirs = parsedate_to_datetime(response.headers["Date"]).timestamp()
        except (KeyError, OverflowError, ValueError):
            return
        self.skew = round(theirs - self._clock())

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            body += chunk
            if len(body) > _MAX_BYTES:
                raise SignalMalformed(self._says(f"the answer exceeds {_MAX_BYTES} bytes"))
        return bytes(body)

    def _refuse(self, response: aiohttp.ClientResponse, body: bytes) -> None:
        """Let only good answers pass."""
        status = response.status
        if status == HTTPStatus.OK:
            return
        detail = f"HTTP {status}: {complaint(body)}"
        if status in _REFUSED_QUERY:
            raise SignalMalformed(self._says(f"the query was refused, {detail}"))
        if status in _UNAUTHORIZED:
            raise SignalUnavailable(self._says(f"not authorized, {detail}"))
        if "Location" in response.headers:
            place = response.headers["Location"][:LONGEST_EXCERPT]
            raise SignalUnavailable(self._says(f"redirects to {place}, which is not followed"))
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
            raise _WorthARetry(self._says(detail))
        raise SignalUnavailable(self._says(detail))

    async def _series(self, body: bytes) -> list[Series]:
        found: list[Series] = []
        done = 0
        try:
            reply = read_reply(body)
            for series in reply.series():
                found.append(series)
                done += 1 + len(series.values)
                if done >= _AT_ONCE:
                    await asyncio.sleep(0)
                    done = 0
        except ValueError as failure:
            detail = f"not an answer of Prometheus: {failure}"
            raise SignalMalformed(self._says(detail)) from failure
        self._warn(reply)
        return found

    def _warn(self, reply: Reply) -> None:
        new = frozenset(reply.warnings)
        if new - self._warned:
            _LOG.warning("source_warned", source=self._name, warnings=sorted(new))
        self._warned = new

    def _says(self, what: str) -> str:
        return f"{self._name}: {what}"

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session

    def _headers(self) -> dict[str, str]:
        """Who asks. Secrets are read for every query, because they are rotated under us."""
        source, headers = self._source, {}
        if source.tenant is not None:
            headers["X-Scope-OrgID"] = source.tenant
        try:
            if source.bearer_token is not None:
                headers["Authorization"] = f"Bearer {source.bearer_token.reveal()}"
            if source.basic is not None:
                pair = f"{source.basic.username}:{source.basic.password.reveal()}"
                headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        except ConfigError as failure:
            raise SignalUnavailable(self._says(str(failure))) from failure
        return headers
