"""The adapter's port: who is answered, and where each question goes."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import orjson
import structlog
from aiohttp import web

from scaler.config.settings import Adapter
from scaler.serving.adapter import documents
from scaler.serving.adapter.answers import ANY, Answers, Question
from scaler.serving.adapter.documents import CUSTOM, EXTERNAL, GROUPS, Group
from scaler.serving.adapter.frontproxy import FrontProxy
from scaler.serving.adapter.kinds import PODS
from scaler.serving.adapter.listening import Listening
from scaler.serving.adapter.status import Document, Refused, silent, status
from scaler.serving.port import listen

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LAST_WORDS = 1.0
"""Seconds for answers that are being written when the service stops."""
IDLE = 120.0
"""Seconds for which a silent connection is kept: longer than an API server keeps it."""

_OPEN = frozenset({"/livez", "/readyz", "/healthz"})
"""What probes ask, who have no certificate."""

log = structlog.get_logger()


class AdapterServer:
    """What listens for the API server. `front_proxy` is None while the cluster does not say."""

    def __init__(
        self, answers: Answers, *, settings: Adapter, front_proxy: Callable[[], FrontProxy | None]
    ) -> None:
        self._answers = answers
        self._settings = settings
        self._front_proxy = front_proxy
        application = web.Application(middlewares=[_said, self._trusted])
        application.add_routes(self._routes())
        self._runner = web.AppRunner(
            application, access_log=None, shutdown_timeout=LAST_WORDS, keepalive_timeout=IDLE
        )

    async def start(self) -> int:
        """Listen, and return the port.

        Raises:
            ConfigError: the address or the certificate cannot be used.
        """
        listening = Listening(self._settings.tls, authority=self._authority)
        return await listen(
            self._runner, self._settings.address, key="adapter.address", context=listening.context
        )

    async def stop(self) -> None:
        """Close the port, once what is being written is written, or its time is over."""
        await self._runner.cleanup()

    def _routes(self) -> list[web.RouteDef]:
        spaces = "namespaces/{namespace}"
        return [
            web.get("/livez", _well),
            web.get("/healthz", _well),
            web.get("/readyz", self._ready),
            web.get("/apis", _document(documents.groups)),
            *(route for group in GROUPS for route in _discovery(group)),
            web.get(f"{CUSTOM.path}/{spaces}/{{resource}}/{{name}}/{{metric}}", self._objects),
            web.get(f"{EXTERNAL.path}/{spaces}/{{metric}}", self._workloads),
        ]

    def _authority(self) -> str:
        proxy = self._front_proxy()
        return proxy.authority if proxy else ""

    @web.middleware
    async def _trusted(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let through what the front proxy asks. The API server has authorized it."""
        if request.path not in _OPEN:
            try:
                self._believe(request)
            except Refused as refused:
                # A connection that is not believed, or not any more, is no use to anybody.
                response = _refusal(refused.code, str(refused))
                response.headers["Retry-After"] = "1"
                response.force_close()
                return response
        return await handler(request)

    def _believe(self, request: web.Request) -> None:
        proxy = self._front_proxy()
        transport = request.transport
        connection = transport.get_extra_info("ssl_object") if transport else None
        certificate = connection.getpeercert() if connection else None
        if proxy is None or not certificate or not proxy.is_believed(certificate):
            raise Refused(HTTPStatus.UNAUTHORIZED, "only the API server's front proxy is answered")
        if connection is not None and connection.context.authority != proxy.authority:
            raise silent("the front proxy's authority has changed: connect again")
        if not proxy.user(request.headers):
            raise Refused(HTTPStatus.UNAUTHORIZED, "the front proxy names no user")

    async def _ready(self, request: web.Request) -> web.Response:
        if self._front_proxy() is None:
            raise silent("the front proxy's authority is not known")
        return await _well(request)

    async def _objects(self, request: web.Request) -> web.Response:
        resource, name = request.match_info["resource"], request.match_info["name"]
        question = _question(request)
        if (resource, name) == (PODS, ANY):
            return self._answered(CUSTOM, lambda: self._answers.of_pods(question))
        return self._answered(
            CUSTOM, lambda: self._answers.of_object(question, resource=resource, name=name)
        )

    async def _workloads(self, request: web.Request) -> web.Response:
        return self._answered(EXTERNAL, lambda: self._answers.of_workloads(_question(request)))

    def _answered(self, group: Group, answer: Callable[[], Document]) -> web.Response:
        """The answer, counted by how it ended."""
        clock = asyncio.get_running_loop().time
        began, code = clock(), HTTPStatus.INTERNAL_SERVER_ERROR
        try:
            found, code = answer(), HTTPStatus.OK
        except Refused as refused:
            code = refused.code
            raise
        finally:
            self._answers.recorder.answered(group.name, code=code.name, seconds=clock() - began)
        return _json(found)


def _question(request: web.Request) -> Question:
    return Question(
        namespace=request.match_info["namespace"],
        metric=request.match_info["metric"],
        selector=request.query.get("labelSelector", ""),
        metric_selector=request.query.get("metricLabelSelector", ""),
    )


def _discovery(group: Group) -> list[web.RouteDef]:
    return [
        web.get(f"/apis/{group.name}", _document(lambda: documents.group(group))),
        web.get(group.path, _document(lambda: documents.resources(group))),
    ]


def _document(make: Callable[[], Document]) -> Handler:
    async def answer(request: web.Request) -> web.Response:
        return _json(make())

    return answer


async def _well(request: web.Request) -> web.Response:
    return web.Response(text="ok")


@web.middleware
async def _said(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Say whatever goes wrong as a `Status`: clients of Kubernetes understand nothing else."""
    try:
        return await handler(request)
    except Refused as refused:
        return _refusal(refused.code, str(refused))
    except web.HTTPException as error:
        return _refusal(error.status, f"{request.path}: {error.reason}")
    except Exception:
        log.exception("adapter_failed", path=request.path)
        return _refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "a fault in Forescale")


def _refusal(code: int, message: str) -> web.Response:
    return _json(status(code, message), code=code)


def _json(document: Document, *, code: int = HTTPStatus.OK) -> web.Response:
    return web.Response(body=orjson.dumps(document), content_type="application/json", status=code)
