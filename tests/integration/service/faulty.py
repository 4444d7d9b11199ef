"""A Prometheus behind somebody who spoils its answers, on demand."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from itertools import cycle

import aiohttp
import attrs
from aiohttp import web

LATE = 0.2
"""Seconds: late, but well within the time for one query."""
DRIP = 0.2


class Fault(StrEnum):
    """What can be done to answers."""

    NONE = "none"
    REFUSED = "refused"
    """Nobody listens: the server is stopped."""
    HUNG = "hung"
    """The connection is taken, and nothing comes."""
    SLOW = "slow"
    """Byte by byte, so that no answer is ever whole in time."""
    LATE = "late"
    FAILING = "failing"
    GARBAGE = "garbage"
    EMPTY = "empty"
    """A good answer without any series."""
    HALF = "half"
    """A good answer of which half of the replicas are missing."""


GARBAGE = cycle(
    [
        b"<html>Welcome to the sign-in page</html>",
        b'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"valu',
        b'{"status":"success","data":{"result":[{"metric":{},"values":[["soon","many"]]}]}}',
        b"[]",
        b"\x00\xff\x00\xff",
        b"",
    ]
)


@attrs.define(kw_only=True)
class Faulty:
    """One proxy. `half` matches the pods that remain when half of them are missing."""

    upstream: str
    half: str
    fault: Fault = Fault.NONE
    url: str = ""
    asked: asyncio.Event = attrs.field(factory=asyncio.Event)
    """Set by the first question."""
    _session: aiohttp.ClientSession = attrs.field(factory=aiohttp.ClientSession)
    _runner: web.AppRunner | None = None

    async def begin(self, fault: Fault) -> None:
        """From now on, answer so."""
        if Fault.REFUSED in (fault, self.fault) and fault is not self.fault:
            await (self.close() if fault is Fault.REFUSED else self.listen())
        self.fault = fault

    async def listen(self) -> None:
        """Take connections, on the same port as before if there was one."""
        application = web.Application()
        application.add_routes([web.post("/api/v1/query_range", self._answer)])
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        port = int(self.url.rpartition(":")[2] or 0)
        await web.TCPSite(runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._runner = runner

    async def close(self) -> None:
        """Take no connections, and drop those that are open."""
        if self._runner:
            await self._runner.cleanup()
        self._runner = None

    async def end(self) -> None:
        await self.close()
        await self._session.close()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.set()
        form = {name: str(value) for name, value in (await request.post()).items()}
        match self.fault:
            case Fault.HUNG:
                await asyncio.Event().wait()
            case Fault.LATE:
                await asyncio.sleep(LATE)
            case Fault.FAILING:
                return web.Response(status=503, text="upstream connect error")
            case Fault.GARBAGE:
                return web.Response(body=next(GARBAGE), content_type="application/json")
            case Fault.EMPTY:
                form["query"] = f"({form['query']}) and on () vector(1) < 0"
            case Fault.HALF:
                remaining = rf'\1{{pod=~"{self.half}",'
                form["query"] = re.sub(r"(vllm:\w+)\{", remaining, form["query"])
        try:
            body = await self._ask(form)
        except aiohttp.ClientError:
            # As a proxy says it; a traceback for each question would be work for a busy machine.
            return web.Response(status=502, text="upstream is away")
        return await self._pass_on(request, body)

    async def _ask(self, form: dict[str, str]) -> bytes:
        url = f"{self.upstream}/api/v1/query_range"
        async with self._session.post(url, data=form) as answer:
            return await answer.read()

    async def _pass_on(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if self.fault is not Fault.SLOW:
            return web.Response(body=body, content_type="application/json")
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        # Whoever asked leaves in the middle.
        with suppress(ConnectionResetError):
            for byte in body:
                await response.write(bytes([byte]))
                await asyncio.sleep(DRIP)
        return response


@asynccontextmanager
async def faulty(upstream: str, *, half: str) -> AsyncIterator[Faulty]:
    """Run a proxy that is honest until it is told otherwise."""
    proxy = Faulty(upstream=upstream, half=half)
    try:
        await proxy.listen()
        yield proxy
    finally:
        await proxy.end()
