"""Operations over HTTP: metrics, probes, the workloads API, and the status page."""

import asyncio
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime

import attrs
import orjson
from aiohttp import web

from scaler.errors import ForescaleError, SignalError
from scaler.runtime.board import Published
from scaler.serving.documents import SCHEMA, comparison, explanation, summary
from scaler.serving.exposition import pieces
from scaler.serving.operations import Operations
from scaler.serving.pages.site import Site
from scaler.serving.port import listen

HOUR = 3600
LONGEST = 14 * 24 * HOUR
"""Seconds that are compared at once: as long as what was served is kept."""
LAST_WORDS = 1.0
"""Seconds for answers that are being written when the service stops."""


class OpsServer:
    """The operations port. Plain HTTP: it says nothing secret and takes no orders."""

    def __init__(self, operations: Operations, *, address: str) -> None:
        self._operations = operations
        self._address = address
        self._runner = web.AppRunner(
            _application(operations), access_log=None, shutdown_timeout=LAST_WORDS
        )

    async def start(self) -> int:
        """Listen, and return the port.

        Raises:
            ConfigError: the address cannot be listened on.
        """
        return await listen(self._runner, self._address, key="ops.address")

    async def stop(self) -> None:
        """Close the port, once what is being written is written, or its time is over."""
        await self._runner.cleanup()


class _Handlers:
    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._comparing = asyncio.Lock()

    async def metrics(self, request: web.Request) -> web.StreamResponse:
        """The exposition, written in pieces between which others get their turn."""
        operations = self._operations
        page = pieces(operations.board, telemetry=operations.telemetry, now=operations.now())
        kind = "text/plain; version=0.0.4; charset=utf-8"
        return await _stream(request, (piece.encode() for piece in page), kind=kind)

    async def live(self, request: web.Request) -> web.Response:
        return _probed(self._operations.dead(), well="alive")

    async def ready(self, request: web.Request) -> web.Response:
        return _probed(self._operations.unready(), well="ready")

    async def workloads(self, request: web.Request) -> web.StreamResponse:
        """Every workload in a line."""
        now = self._operations.now()
        return await _stream(request, _list(self._operations.board, now=now), kind=_JSON)

    async def workload(self, request: web.Request) -> web.Response:
        """The last decision of one workload, with its reasons, and why there is no newer one."""
        namespace, name = request.match_info["namespace"], request.match_info["name"]
        shown = self._operations.shown(namespace, name)
        if shown is None:
            raise _refusal(web.HTTPNotFound, f"{namespace}/{name}: nobody asked for it")
        if shown.published is None:
            message = f"{namespace}/{name}: nothing was decided yet: {shown.trouble}"
            raise _refusal(web.HTTPServiceUnavailable, message)
        operations = self._operations
        document = explanation(
            shown.published,
            now=operations.now(),
            trouble=shown.trouble,
            asked=operations.telemetry.last_poll(namespace, name),
            mile=operations.mile(shown.workload),
        )
        return _json(document)

    async def decisions(self, request: web.Request) -> web.Response:
        """What was served, by default in the last hour."""
        now = self._operations.now()
        stop = _time(request, "to", default=now)
        start = _time(request, "from", default=stop - HOUR)
        namespace, name = request.match_info["namespace"], request.match_info["name"]
        try:
            answers = await self._operations.served.between(namespace, name, start=start, stop=stop)
        except SignalError as error:
            raise _refusal(web.HTTPServiceUnavailable, str(error)) from error
        document = {
            "schema": SCHEMA,
            "namespace": namespace,
            "name": name,
            "from": start,
            "to": stop,
            "lasting": self._operations.served.lasting,
            "decisions": [attrs.asdict(answer) for answer in answers],
        }
        return _json(document)

    async def comparison(self, request: web.Request) -> web.Response:
        """What it would have asked for against what was there, by default in the last day.

        One at a time: each reads its source for minutes, and a second would take them from it.
        """
        namespace, name = request.match_info["namespace"], request.match_info["name"]
        shown = self._operations.shown(namespace, name)
        if shown is None:
            raise _refusal(web.HTTPNotFound, f"{namespace}/{name}: nobody asked for it")
        start, stop = self._stretch(request)
        if self._comparing.locked():
            raise _refusal(web.HTTPServiceUnavailable, "another comparison is being made")
        async with self._comparing:
            try:
                made = await self._operations.compare(shown.workload, start=start, stop=stop)
            except ForescaleError as error:
                raise _refusal(web.HTTPServiceUnavailable, str(error)) from error
        return _json(comparison(shown.workload, made))

    def _stretch(self, request: web.Request) -> tuple[int, int]:
        """What is to be compared; the future is not."""
        now = self._operations.now()
        stop = min(_time(request, "to", default=now), now)
        start = _time(request, "from", default=stop - 24 * HOUR)
        if not 0 < stop - start <= LONGEST:
            message = f"from: must be before to, and at most {LONGEST // HOUR} h, got {start}"
            raise _refusal(web.HTTPBadRequest, message)
        return start, stop


_JSON = "application/json"


def _application(operations: Operations) -> web.Application:
    handlers = _Handlers(operations)
    workload = "/api/v1/workloads/{namespace}/{name}"
    application = web.Application()
    application.add_routes(
        [
            *Site(operations).routes(),
            web.get("/metrics", handlers.metrics),
            web.get("/livez", handlers.live),
            web.get("/readyz", handlers.ready),
            web.get("/api/v1/workloads", handlers.workloads),
            web.get(workload, handlers.workload),
            web.get(f"{workload}/decisions", handlers.decisions),
            web.get(f"{workload}/comparison", handlers.comparison),
        ]
    )
    return application


def _json(document: object) -> web.Response:
    return web.Response(body=orjson.dumps(document), content_type=_JSON)


def _probed(reason: str, *, well: str) -> web.Response:
    return web.Response(text=f"{reason or well}\n", status=503 if reason else 200)


def _refusal(kind: type[web.HTTPException], message: str) -> web.HTTPException:
    text = orjson.dumps({"schema": SCHEMA, "error": message}).decode()
    return kind(text=text, content_type=_JSON)


def _time(request: web.Request, name: str, *, default: int) -> int:
    """A time of the query: Unix seconds, or RFC 3339."""
    given = request.query.get(name)
    if given is None:
        return default
    if re.fullmatch(r"[0-9]{1,12}", given):
        return int(given)
    try:
        at = datetime.fromisoformat(given)
        return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())
    except ValueError:
        message = f"{name}: must be Unix seconds or RFC 3339, got {given!r}"
        raise _refusal(web.HTTPBadRequest, message) from None


def _list(board: Iterable[Published], *, now: int) -> Iterator[bytes]:
    yield b'{"schema":"' + SCHEMA.encode() + b'","workloads":['
    separator = b""
    for published in board:
        yield separator + orjson.dumps(summary(published, now=now))
        separator = b","
    yield b"]}"


_CHUNK = 64 * 1024
_WORK, _REST = 0.0005, 0.002
"""Seconds of writing, and of rest after them. Turns of the loop alone are not enough for others: an
answer takes several, with waits between them, and all answers waited for a large page to end."""


async def _stream(request: web.Request, page: Iterator[bytes], *, kind: str) -> web.StreamResponse:
    """Write `page` to a client that may leave in the middle of it, which is nobody's mistake."""
    response = web.StreamResponse(headers={"Content-Type": kind})
    with suppress(ConnectionError):
        await response.prepare(request)
        await _write(response, page)
    return response


async def _write(response: web.StreamResponse, page: Iterator[bytes]) -> None:
    """Write `page`, gathered into chunks, and rest after every few of its pieces."""
    clock = asyncio.get_running_loop().time
    gathered = bytearray()
    began = clock()
    for piece in page:
        gathered += piece
        if len(gathered) >= _CHUNK:
            await response.write(bytes(gathered))
            gathered.clear()
        if clock() - began >= _WORK:
            await asyncio.sleep(_REST)
            began = clock()
    await response.write_eof(bytes(gathered))
