"""From asleep to awake and back, by what a gateway or a Prometheus says meanwhile."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs

import attrs
import pytest
from aiohttp import web

from scaler.runtime.clock import SystemClock
from scaler.serving.keda.client import KedaClient, ScaledObject
from tests.integration.embedded.killing import QUICK
from tests.integration.service.forescale import Forescale, serving
from tests.patience import PATIENCE

NAME = "models/sleeper"
QUERY = "sum(requests_held)"


@attrs.define
class World:
    """A gateway, a Prometheus that knows what it holds, and one replica that may run."""

    held: int = 0
    running: int = 0
    port: int = 0
    replica: int = 0
    _site: web.AppRunner | None = None

    async def gateway(self, _: web.Request) -> web.Response:
        return web.Response(text=f"inference_extension_flow_control_queue_size {self.held}\n")

    async def prometheus(self, request: web.Request) -> web.Response:
        form = {key: values[0] for key, values in parse_qs(await request.text()).items()}
        start, stop, step = (int(float(form[key])) for key in ("start", "end", "step"))
        values = [[at, str(self.held)] for at in range(start, stop + 1, step)]
        series = [{"metric": {}, "values": values}] if form["query"] == QUERY else []
        data = {"resultType": "matrix", "result": series}
        return web.json_response({"status": "success", "data": data})

    async def engine(self, _: web.Request) -> web.Response:
        label = '{model_name="m"}'
        names = {"num_requests_running": self.running, "num_requests_waiting": 0}
        return web.Response(text="".join(f"vllm:{n}{label} {v}\n" for n, v in names.items()))

    async def wake(self) -> None:
        """A replica is there, and serves what was held."""
        self._site, _ = await _listen(web.get("/metrics", self.engine), port=self.replica)
        self.held, self.running = 0, 1

    async def end(self) -> None:
        if self._site:
            await self._site.cleanup()


async def _listen(*routes: web.RouteDef, port: int) -> tuple[web.AppRunner, int]:
    application = web.Application()
    application.add_routes(routes)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
    return runner, runner.addresses[0][1]


@asynccontextmanager
async def worlds() -> AsyncIterator[World]:
    world = World()
    with socket.socket() as reserved:
        # Bound and not listened on, it refuses until the replica takes it over.
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(("127.0.0.1", 0))
        world.replica = reserved.getsockname()[1]
        routes = (
            web.get("/metrics", world.gateway),
            web.post("/api/v1/query_range", world.prometheus),
        )
        runner, world.port = await _listen(*routes, port=0)
        try:
            yield world
        finally:
            await world.end()
            await runner.cleanup()


def sleeper(world: World, key: str) -> ScaledObject:
    value = QUERY if key == "activationQuery" else f"http://127.0.0.1:{world.port}/metrics"
    metadata = {
        **QUICK,
        "endpoints": f"http://127.0.0.1:{world.replica}/metrics",
        "minReplicas": "0",
        "idleAfter": "4s",
        key: value,
    }
    return ScaledObject(namespace="models", name="sleeper", metadata=metadata)


def settings(world: World) -> Mapping[str, object]:
    return {
        "evaluationInterval": "1s",
        "settle": "2s",
        "log": {"level": "debug"},
        "allowedAddresses": [f"http://127.0.0.1:{port}" for port in (world.port, world.replica)],
        "sources": {"default": {"url": f"http://127.0.0.1:{world.port}", "scrapeInterval": "1s"}},
    }


async def until(stream: AsyncIterator[bool], active: bool) -> None:
    async with asyncio.timeout(PATIENCE):
        while await anext(stream) is not active:
            pass


def first_awake(service: Forescale, *, since: int) -> tuple[int, object]:
    """The tick after the last that it slept through, and what won there."""
    slept = [at for at, said in service.settled(NAME, since=since).items() if said["target"] == 0]
    changed = [
        line for line in service.lines if line["event"] == "target_changed" and line["target"] == 1
    ]
    assert changed
    assert max(slept) < changed[-1]["at"]
    return changed[-1]["at"], changed[-1]["winner"]


@pytest.mark.parametrize("key", ["activationEndpoints", "activationQuery"])
async def test_a_held_request_wakes_and_idleness_puts_to_sleep(key: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(worlds())
        service = await stack.enter_async_context(serving(tmp_path, settings(world)))
        client = KedaClient(service.grpc)
        stack.push_async_callback(client.close)
        scaled = sleeper(world, key)
        stream = client.pushes(scaled)
        await until(stream, active=False)
        assert 0 == (await client.poll(scaled)).value
        now = int(SystemClock().now())
        await service.until_settled(NAME, at=now)

        world.held = 1
        await until(stream, active=True)
        assert 1 == (await client.poll(scaled)).value
        woken, winner = first_awake(service, since=now)
        assert "activation" == winner

        await world.wake()
        await service.until_settled(NAME, at=woken + 5)
        assert (await client.poll(scaled)).active
        world.running = 0
        await until(stream, active=False)
        assert 0 == (await client.poll(scaled)).value
