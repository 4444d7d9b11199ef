"""A browser for all tests here, and services that show what a test wants."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import attrs
import pytest
import pytest_asyncio

from scaler.serving.operations import Operations
from scaler.serving.ops import OpsServer
from tests.integration.page.browser import Tab, tab
from tests.integration.page.fleets import Fleets
from tests.tools.servers import need
from tests.unit.serving.published import NOW


@attrs.frozen(kw_only=True)
class Shown:
    """A service whose status page shows these fleets."""

    fleets: Fleets
    url: str
    server: OpsServer


Show = Callable[[Fleets], Awaitable[Shown]]


@asynccontextmanager
async def showing(fleets: Fleets, *, unready: str = "") -> AsyncIterator[Shown]:
    operations = Operations(
        board=fleets.board,
        served=fleets.served,
        telemetry=fleets.telemetry,
        now=lambda: NOW,
        unready=lambda: unready,
        trails=fleets.trails,
        troubles=lambda: fleets.troubles,
    )
    server = OpsServer(operations, address="127.0.0.1:0")
    port = await server.start()
    yield Shown(fleets=fleets, url=f"http://127.0.0.1:{port}", server=server)
    await server.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def show() -> AsyncIterator[Show]:
    """Starts services; they end with the test."""
    async with AsyncExitStack() as stack:

        async def start(fleets: Fleets) -> Shown:
            return await stack.enter_async_context(showing(fleets))

        yield start


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Tab]:
    path: Path = need("chromium")["chromium"]
    async with tab(path, tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chromium: Tab) -> AsyncIterator[Tab]:
    """A tab as a person finds it."""
    await chromium.size(width=1280)
    await chromium.colors("light")
    await chromium.scripts(on=True)
    yield chromium
    await chromium.open("about:blank")
