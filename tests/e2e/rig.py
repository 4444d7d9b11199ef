"""Everything that a test end to end stands on, started once: some ten seconds."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import attrs

from tests.e2e.api import talking
from tests.e2e.cluster import Cluster
from tests.e2e.keda import Keda
from tests.e2e.kwok import kwok, node
from tests.e2e.processes import PATIENCE
from tests.integration.prometheus import free_port
from tests.integration.service.place import Prometheus


@attrs.frozen(kw_only=True)
class Rig:
    """The control plane, KEDA, and a Prometheus that scrapes what runs in the pods."""

    cluster: Cluster
    keda: Keda
    prometheus: Prometheus
    models: str
    """Where the simulated engines listen."""

    async def turn(self, namespace: str, name: str, *, value: float) -> None:
        """Turn a dial: a gauge that Prometheus scrapes every second."""
        await self._order(f"dials/{namespace}/{name}", value=value)

    async def lead(self, namespace: str, name: str, *, rate: float, within: float) -> None:
        """Lead a workload's traffic to `rate` requests per second in `within` seconds."""
        await self._order(f"fleets/{namespace}/{name}", rate=rate, within=within)

    async def report(self, namespace: str, name: str, *, metric: str) -> None:
        """Let every ready pod of a Deployment report, by a gauge of this name."""
        await self._order(f"probes/{namespace}/{name}", metric=metric)

    async def until_scraped(self, query: str) -> None:
        """Return once Prometheus has an answer to the query."""
        url = f"{self.prometheus.url}/api/v1/query?{urlencode({'query': query})}"
        async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as session:
            while True:
                async with session.get(url) as response:
                    if (await response.json())["data"]["result"]:
                        return
                await asyncio.sleep(0.2)

    async def _order(self, path: str, **query: float | str) -> None:
        url = f"http://{self.models}/{path}?{urlencode(query)}"
        async with aiohttp.ClientSession() as session, session.post(url) as response:
            assert response.status == 200, await response.text()


@contextmanager
def rig(folder: Path) -> Iterator[Rig]:
    """Start it all, and end it all."""
    cluster = Cluster(folder)
    kubelet = kwok(cluster)
    keda = Keda(cluster)
    try:
        cluster.start()
        kubelet.start()
        keda.install()
        asyncio.run(_begin(cluster, keda))
        with _models(cluster) as address, _prometheus(folder, address) as server:
            yield Rig(cluster=cluster, keda=keda, prometheus=server, models=address)
    finally:
        keda.stop()
        kubelet.kill()
        cluster.stop()


async def _begin(cluster: Cluster, keda: Keda) -> None:
    async with talking(cluster.address) as api:
        await api.apply(node())
        await keda.start(api)


@contextmanager
def _models(cluster: Cluster) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.e2e.models", cluster.address]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield str(json.loads(process.stdout.readline()))
        finally:
            process.stdin.close()
            process.kill()


@contextmanager
def _prometheus(folder: Path, models: str) -> Iterator[Prometheus]:
    job = {
        "job_name": "models",
        "honor_labels": True,
        "http_sd_configs": [{"url": f"http://{models}/targets", "refresh_interval": "1s"}],
    }
    every = {"scrape_interval": "1s", "scrape_timeout": "1s"}
    config = json.dumps({"global": every, "scrape_configs": [job]})
    server = Prometheus(folder=folder, config=config, port=free_port())
    server.start()
    try:
        yield server
    finally:
        server.stop()
