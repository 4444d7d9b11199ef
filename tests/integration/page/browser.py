"""A real browser without a window, driven over its DevTools protocol."""

import asyncio
import base64
import json
import os
import re
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import attrs

from tests.patience import PATIENCE

"""Seconds for one command: long, because machines are busy."""
_ALONE = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)


@attrs.define(kw_only=True)
class Tab:
    """One page.

    `complaints` are the console's errors and warnings, and what the content policy refused; `asked`
    is every address that was asked for.
    """

    socket: aiohttp.ClientWebSocketResponse
    complaints: list[str] = attrs.field(factory=list)
    asked: list[str] = attrs.field(factory=list)
    loaded: asyncio.Event = attrs.field(factory=asyncio.Event)
    _numbers: Iterator[int] = attrs.field(factory=count)
    _answers: dict[int, asyncio.Future[Mapping[str, Any]]] = attrs.field(factory=dict)

    async def listen(self) -> None:
        """Take in what the browser says until it goes."""
        async for message in self.socket:
            said = json.loads(message.data)
            if "id" in said:
                self._answers.pop(said["id"]).set_result(said)
            else:
                self._noted(said["method"], said["params"])

    def _noted(self, event: str, about: Mapping[str, Any]) -> None:
        match event:
            case "Page.loadEventFired":
                self.loaded.set()
            case "Network.requestWillBeSent":
                self.asked.append(about["request"]["url"])
            case "Runtime.exceptionThrown":
                self.complaints.append(str(about["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if about["type"] in {"error", "warning"}:
                self.complaints.append(str(about["args"]))
            case "Log.entryAdded" if about["entry"]["level"] in {"error", "warning"}:
                self.complaints.append(about["entry"]["text"])

    async def do(self, method: str, **given: object) -> Mapping[str, Any]:
        """Give one command and return its result."""
        number = next(self._numbers)
        answer = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        await self.socket.send_json({"id": number, "method": method, "params": given})
        async with asyncio.timeout(PATIENCE):
            said = await answer
        assert "error" not in said, said["error"]
        result: Mapping[str, Any] = said["result"]
        return result

    async def open(self, url: str) -> None:
        """Go there, with nothing asked or complained about yet; return when all is loaded."""
        self.complaints.clear()
        self.asked.clear()
        self.loaded.clear()
        await self.do("Page.navigate", url=url)
        await self.arrive()

    async def arrive(self) -> None:
        """Return when the page that is under way is loaded."""
        async with asyncio.timeout(PATIENCE):
            await self.loaded.wait()

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression; of a promise, once it is kept."""
        said = await self.do(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    async def size(self, *, width: int, height: int = 900) -> None:
        """Be a screen of so many CSS pixels."""
        await self.do(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )

    async def colors(self, scheme: str) -> None:
        """Prefer `light` or `dark`."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        await self.do("Emulation.setEmulatedMedia", features=features)

    async def scripts(self, *, on: bool) -> None:
        """Run scripts from the next page on, or run none."""
        await self.do("Emulation.setScriptExecutionDisabled", value=not on)

    async def press(self, key: str) -> None:
        """Press a key once; a page that follows is yet to arrive."""
        self.loaded.clear()
        codes = {"Tab": 9, "Enter": 13}
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
            code = codes[key]
            await self.do(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                **text,
            )

    async def type(self, text: str) -> None:
        """Type into what has the focus."""
        await self.do("Input.insertText", text=text)

    async def shot(self, file: Path) -> None:
        """Keep a picture of the whole page."""
        said = await self.do("Page.captureScreenshot", captureBeyondViewport=True)
        picture = base64.b64decode(said["data"])
        await asyncio.to_thread(file.write_bytes, picture)


@asynccontextmanager
async def tab(chromium: Path, folder: Path) -> AsyncIterator[Tab]:
    """One tab of a browser that knows nobody; it ends with the context."""
    process = await asyncio.create_subprocess_exec(
        str(chromium),
        *_ALONE,
        f"--user-data-dir={folder}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        address = await _address(process)
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(await _page(session, address), max_msg_size=0) as socket,
        ):
            opened = Tab(socket=socket)
            listening = asyncio.create_task(opened.listen())
            for domain in ("Page", "Runtime", "Log", "Network"):
                await opened.do(f"{domain}.enable")
            yield opened
            await opened.do("Browser.close")
            await listening
    finally:
        if process.returncode is None:
            await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            await process.wait()
    except TimeoutError:
        # Its children are in its group, and would outlive it.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    """Where the browser listens, which it says on standard error."""
    assert process.stderr is not None
    said = []
    async with asyncio.timeout(PATIENCE):
        async for line in process.stderr:
            said.append(line.decode(errors="replace"))
            found = re.search(r"DevTools listening on ws://([^/]+)/", said[-1])
            if found:
                return found[1]
    raise AssertionError(f"the browser ended: {said[-5:]}")


async def _page(session: aiohttp.ClientSession, address: str) -> str:
    async with session.get(f"http://{address}/json/list") as response:
        pages = await response.json()
    return str(next(page for page in pages if page["type"] == "page")["webSocketDebuggerUrl"])
