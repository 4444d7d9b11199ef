"""Real HTTP servers on loopback that answer as a test wants them to."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

import attrs
from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

EMPTY = {"status": "success", "data": {"resultType": "matrix", "result": []}}


@asynccontextmanager
async def serving(handler: Handler, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Serve `handler` on every path; gives the address."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await handler(request)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"{'https' if tls else 'http'}://{host}:{port}"
    finally:
        await runner.cleanup()


@attrs.define
class Question:
    """What a query came with."""

    headers: dict[str, str]
    form: dict[str, str]
    path: str
    remote: tuple[str, int] | None = None


@attrs.define
class FakePrometheus:
    """Answers each query with the next of `answers`, and the last one from then on.

    An answer is a document, or a handler of its own.
    """

    answers: list[object] = attrs.field(factory=lambda: [EMPTY])
    asked: list[Question] = attrs.field(factory=list)
    first: asyncio.Event = attrs.field(factory=asyncio.Event)
    at_once: int = 0
    most_at_once: int = 0

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        body = parse_qs((await request.read()).decode())
        form = {name: values[0] for name, values in body.items()}
        self.asked.append(Question(dict(request.headers), form, request.path))
        self.first.set()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if callable(answer):
                return await answer(request)  # type: ignore[no-any-return]
            return web.json_response(answer)
        finally:
            self.at_once -= 1


def matrix(*series: tuple[dict[str, str], dict[int, str]]) -> dict[str, object]:
    """An answer of Prometheus with these series."""
    result = [
        {"metric": labels, "values": [[at, value] for at, value in values.items()]}
        for labels, values in series
    ]
    return {"status": "success", "data": {"resultType": "matrix", "result": result}}


async def hang(_: web.Request) -> web.StreamResponse:
    """Never answer."""
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


def status(code: int, text: str = "", **headers: str) -> Handler:
    """Answer with a status."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=code, text=text, headers=headers)

    answer.__name__ = f"{code} {text}".strip()
    return answer


def body(content: bytes) -> Handler:
    """Answer 200 with any bytes."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=content)

    answer.__name__ = str(content[:60])
    return answer


async def drip(request: web.Request) -> web.StreamResponse:
    """Begin a good answer and never come to its end."""
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b'{"status":"success",')
    await asyncio.Event().wait()
    return response


async def cut_off(request: web.Request) -> web.StreamResponse:
    """Promise more than is sent."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"status":"success",')
    assert request.transport is not None
    request.transport.close()
    return response
