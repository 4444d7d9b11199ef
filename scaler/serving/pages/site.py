"""The status page over HTTP."""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs
from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from scaler.errors import SignalError
from scaler.serving.operations import Operations, Shown
from scaler.serving.pages import wording
from scaler.serving.pages.detail import detail, serving
from scaler.serving.pages.overview import SORTS, Assessed, assess, overview, query
from scaler.serving.pages.subject import Level, Subject
from scaler.serving.pages.trails import KEPT

REFRESH = 15
"""Seconds between two looks: as often as decisions change by default."""
A_TURN = 200
"""Workloads looked at before others get their turn."""
PIECES = 200
"""Pieces of a page written before others get their turn: some five rows."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Nothing from outside, nothing inline, in no frame; the numbers are of now."""

_STATIC = Path(__file__).parent / "static"
_KINDS = {"page.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}
_TEMPLATES = ("overview.html", "workload.html", "missing.html", "base.html", "parts.html")
_FOREVER = "public, max-age=31536000, immutable"


class Site:
    """The pages and what they are made of."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._files = {name: (_STATIC / name).read_bytes() for name in _KINDS}
        environment = _environment(self._files)
        # Compiled now, since the first reader should not stall everybody else.
        self._templates = {name: environment.get_template(name) for name in _TEMPLATES}

    def routes(self) -> list[web.RouteDef]:
        """Where everything is found."""
        return [
            web.get("/", self.overview),
            web.get("/workloads/{namespace}/{name}", self.workload),
            web.get("/static/{name}", self.static),
        ]

    async def overview(self, request: web.Request) -> web.Response:
        """All workloads, the worst first."""
        now = self._operations.now()
        assessed = await self._assessed(now)
        asked = query(request.query)
        shown = overview(assessed, query=asked, trails=self._operations.trails, now=now)
        return await self._page(
            "overview.html", now=now, refresh=asked.refresh, content={"overview": shown}
        )

    async def workload(self, request: web.Request) -> web.Response:
        """One workload with its reasons."""
        now = self._operations.now()
        namespace, name = request.match_info["namespace"], request.match_info["name"]
        refresh = query(request.query).refresh
        subject = self._named(namespace, name, now=now)
        if subject is None:
            content = {"missing": f"{namespace}/{name}"}
            return await self._page(
                "missing.html", now=now, refresh=refresh, status=404, content=content
            )
        shown = detail(subject, trail=self._operations.trails.of(namespace, name))
        try:
            served = self._operations.served
            answers = await served.between(namespace, name, start=now - KEPT, stop=now)
            shown = serving(shown, answers)
        except SignalError as error:
            shown = attrs.evolve(shown, unread=str(error))
        return await self._page(
            "workload.html", now=now, refresh=refresh, content={"detail": shown}
        )

    async def static(self, request: web.Request) -> web.Response:
        """Style, script and icon; their address changes with them."""
        name = request.match_info["name"]
        if name not in self._files:
            raise web.HTTPNotFound
        headers = {**HEADERS, "Cache-Control": _FOREVER}
        return web.Response(body=self._files[name], content_type=_KINDS[name], headers=headers)

    async def _assessed(self, now: int) -> list[Assessed]:
        found = []
        for subject in self._subjects(now):
            found.append(assess(subject))
            if len(found) % A_TURN == 0:
                await asyncio.sleep(0)
        return found

    def _subjects(self, now: int) -> Iterator[Subject]:
        """Everything on the board, and what should be there and is not yet."""
        for shown in self._operations.every():
            yield self._subject(shown, now=now)

    def _named(self, namespace: str, name: str, *, now: int) -> Subject | None:
        shown = self._operations.shown(namespace, name)
        return None if shown is None else self._subject(shown, now=now)

    def _subject(self, shown: Shown, *, now: int) -> Subject:
        key = shown.workload.key
        return Subject(
            workload=shown.workload,
            published=shown.published,
            failure=shown.trouble,
            asked=self._operations.telemetry.last_poll(key.namespace, key.name),
            now=now,
        )

    async def _page(
        self,
        template: str,
        *,
        now: int,
        refresh: bool,
        content: Mapping[str, object],
        status: int = 200,
    ) -> web.Response:
        pieces = self._templates[template].generate(
            version=self._operations.telemetry.version,
            unready=self._operations.unready(),
            now=now,
            refresh=REFRESH if refresh else 0,
            **content,
        )
        text = []
        for piece in pieces:
            text.append(piece)
            if len(text) % PIECES == 0:
                await asyncio.sleep(0)
        return web.Response(
            text="".join(text), status=status, content_type="text/html", headers=HEADERS
        )


def _environment(files: Mapping[str, bytes]) -> Environment:
    environment = Environment(
        loader=PackageLoader("scaler.serving.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    versions = {name: hashlib.sha256(body).hexdigest()[:12] for name, body in files.items()}
    environment.globals |= {
        "Level": Level,
        "SORTS": SORTS,
        "static": lambda name: f"/static/{name}?{versions[name]}",
    }
    environment.filters |= {
        "ago": wording.ago,
        "clock": wording.clock,
        "duration": wording.duration,
        "number": wording.number,
        "plural": wording.plural,
        "stamp": wording.stamp,
        "when": wording.when,
    }
    return environment
