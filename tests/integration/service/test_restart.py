"""A scaler that is killed and starts again decides as one that was never disturbed."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from scaler.runtime.clock import SystemClock
from scaler.serving.keda.client import KedaClient
from tests.integration.service.forescale import Forescale, serving
from tests.integration.service.keda import BAND, BAND_READY, scaled
from tests.integration.service.place import Place

RAMP = scaled("ramp", model="ramp-8b", tokensPerReplica="600")
IN_BAND = scaled("band", profile="rules", latencyTarget="1s", **BAND)
"""GPUs are busy half of the time: too much for fewer replicas, too little for more."""
UNDISTURBED = 2
DOWN = 2
RISEN = 6
"""Seconds: settled ticks of the ramp before the kill, silence after it, settled ticks to come."""


def settings(place: Place) -> Mapping[str, object]:
    return {
        "evaluationInterval": "1s",
        "settle": "3s",
        "log": {"level": "debug"},
        "sources": {"default": {"url": place.prometheus.url, "scrapeInterval": "1s"}},
        "workloads": [
            {"namespace": each.namespace, "name": each.name, "metadata": dict(each.metadata)}
            for each in (RAMP, IN_BAND)
        ],
    }


@asynccontextmanager
async def followed(service: Forescale, place: Place) -> AsyncIterator[None]:
    """KEDA and the HPA: the fleet on its ramp has what the service wants for it."""
    client = KedaClient(service.grpc)

    async def follow() -> None:
        while True:
            target = int((await client.poll(RAMP)).value)
            await asyncio.to_thread(place.scale, "ramp", replicas=target)
            await asyncio.sleep(1)

    following = asyncio.create_task(follow())
    try:
        yield
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await client.close()


async def until_settled(service: Forescale, *, at: int) -> None:
    await service.until_settled("models/ramp", at=at)
    await service.until_settled("models/band", at=at)


def assert_equal_from(twin: Forescale, other: Forescale, *, since: int, at_least: int) -> None:
    """Tick by tick, for as long as both ran."""
    for workload in ("models/ramp", "models/band"):
        expected, actual = (each.settled(workload, since=since) for each in (twin, other))
        common = expected.keys() & actual.keys()
        assert len(common) >= at_least
        assert {at: expected[at] for at in common} == {at: actual[at] for at in common}
        assert set(range(min(common), max(common) + 1)) == common


async def test_killed_in_a_ramp_and_in_the_band_it_decides_as_its_undisturbed_twin(
    world: Place, tmp_path: Path
) -> None:
    clock = SystemClock()
    async with (
        serving(tmp_path / "twin", settings(world)) as twin,
        serving(tmp_path / "killed", settings(world)) as killed,
        followed(twin, world),
    ):
        both_run = int(clock.now())
        await until_settled(killed, at=both_run)
        world.lead("ramp", rate=60, within=15)
        await until_settled(killed, at=int(clock.now()) + UNDISTURBED)
        killed.process.kill()
        await asyncio.sleep(DOWN)
        again = int(clock.now())
        async with serving(tmp_path / "risen", settings(world)) as risen:
            await until_settled(risen, at=again + RISEN)
            await until_settled(twin, at=again + RISEN)
    world.lead("ramp", rate=4, within=1)

    assert_equal_from(twin, killed, since=both_run, at_least=UNDISTURBED)
    assert_equal_from(twin, risen, since=again, at_least=RISEN)
    on_ramp = [said["target"] for said in twin.settled("models/ramp", since=both_run).values()]
    assert on_ramp[0] < on_ramp[-1]
    in_band = twin.settled("models/band", since=both_run).values()
    assert {BAND_READY} == {said["target"] for said in in_band}
    assert all(said["asked"]["tokens"] < BAND_READY - 1 for said in in_band)
