"""Several scalers side by side behind one name, each with a way to Prometheus of its own."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import attrs

from tests.e2e.dial import settings
from tests.e2e.names import headless
from tests.e2e.processes import PATIENCE
from tests.integration.prometheus import free_port
from tests.integration.service.faulty import Faulty, faulty
from tests.integration.service.forescale import Forescale, serving


@attrs.define(kw_only=True)
class Scaler:
    """One of them, under one address through every end it meets."""

    folder: Path
    host: str
    port: int
    road: Faulty
    """The way to Prometheus."""
    _stack: AsyncExitStack = attrs.field(factory=AsyncExitStack)
    _service: Forescale | None = None

    @property
    def service(self) -> Forescale:
        assert self._service is not None
        return self._service

    async def start(self, **more: object) -> None:
        """Run, and return when it listens; `more` settings than the others have are its own."""
        grpc = {"address": f"{self.host}:{self.port}", "connectionAge": "30s"}
        asked = {**settings(self.road.url), "grpc": grpc, **more}
        self._service = await self._stack.enter_async_context(serving(self.folder, asked))

    async def kill(self) -> None:
        await self._stack.aclose()

    async def restart(self) -> None:
        """End it as Kubernetes does, and run it again until it is ready."""
        self.service.process.terminate()
        await self.service.process.wait()
        await self.kill()
        await self.start()
        await self.until_ready()

    async def until_ready(self) -> None:
        """Return once it has looked at whatever it was asked about."""
        async with asyncio.timeout(PATIENCE):
            while True:
                status, _ = await self.service.get("/readyz")
                if status == 200:
                    return
                await asyncio.sleep(0.2)

    def hang(self) -> None:
        self.service.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.service.process.send_signal(signal.SIGCONT)


@attrs.frozen(kw_only=True)
class Scalers:
    """All of them, and the address that KEDA is given for them."""

    address: str
    each: tuple[Scaler, ...]

    async def start(self) -> None:
        await asyncio.gather(*(scaler.start() for scaler in self.each))

    async def kill(self) -> None:
        for scaler in self.each:
            await scaler.kill()


@asynccontextmanager
async def scalers(folder: Path, *, prometheus: str, count: int) -> AsyncIterator[Scalers]:
    """Run so many while inside."""
    hosts = [f"127.0.0.{2 + number}" for number in range(count)]
    port = free_port()
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(headless(hosts, port=port))
        roads = [await stack.enter_async_context(faulty(prometheus, half="")) for _ in range(count)]
        found = Scalers(
            address=address,
            each=tuple(
                Scaler(folder=folder / host, host=host, port=port, road=road)
                for host, road in zip(hosts, roads, strict=True)
            ),
        )
        stack.push_async_callback(found.kill)
        await found.start()
        yield found
