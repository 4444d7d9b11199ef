"""One rig for all tests here, and a namespace of its own for each."""

import re
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.e2e.api import Api, talking
from tests.e2e.rig import Rig, rig
from tests.e2e.table import Table
from tests.e2e.workload import Workload


@pytest.fixture(scope="session")
def land(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rig(tmp_path_factory.mktemp("land")) as found:
        yield found


@pytest.fixture
async def api(land: Rig) -> AsyncIterator[Api]:
    async with talking(land.cluster.address) as found:
        yield found


@pytest.fixture
async def workload(api: Api, request: pytest.FixtureRequest) -> AsyncIterator[Workload]:
    """A workload to be, in a namespace named after the test; gone afterwards."""
    words = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")
    namespace = f"{words[:52]}-{abs(hash(request.node.nodeid)) % 10**6}"
    named = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    await api.apply(named)
    found = Workload(api=api, namespace=namespace, name="llama")
    try:
        yield found
    finally:
        await api.delete(found.scaled_object)
        await api.delete(found.deployment)


@pytest.fixture(scope="session")
def table() -> Iterator[Table]:
    found = Table()
    yield found
    found.write()
