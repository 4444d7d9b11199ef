"""Whatever a Prometheus does, targets hold, then nothing is said, and nobody waits."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from scaler.simulation.names import pod_name
from tests.integration.service.faulty import Fault, Faulty, faulty
from tests.integration.service.forescale import serving
from tests.integration.service.keda import BAND, BAND_READY, BAND_TARGET, asking, scaled
from tests.integration.service.place import Place
from tests.integration.service.world import NAMESPACE

NO_ANSWER = {Fault.REFUSED, Fault.HUNG, Fault.SLOW, Fault.FAILING, Fault.GARBAGE, Fault.EMPTY}
HALF = "|".join(pod_name("band", namespace=NAMESPACE, index=index) for index in range(0, 4, 2))
SLOWLY = {"scaleDownWindow": "1m", "staleAfter": "40s", "forecast": "disabled"}
"""A minute is what rates look back on; a server that starts again scrapes after some seconds. Until
a forecast is there nothing is lowered, which is not what this is about."""
LIMIT = 0.1
"""Seconds that a call about a known workload may take."""
UNAVAILABLE = "UNAVAILABLE"
HELD = {BAND_TARGET, BAND_READY}
"""What was said, or what is there: a page that a slow machine is late with holds what is wanted."""


def settings(sources: Mapping[str, str]) -> Mapping[str, object]:
    return {
        "evaluationInterval": "2s",
        "settle": "4s",
        "sources": {
            name: {"url": url, "scrapeInterval": "1s", "timeout": "1s"}
            for name, url in sources.items()
        },
    }


async def test_targets_hold_then_nothing_is_said_and_one_good_answer_is_enough(
    world: Place, tmp_path: Path
) -> None:
    upstream = world.prometheus.url
    async with AsyncExitStack() as stack:
        proxies = {
            fault: await stack.enter_async_context(faulty(upstream, half=HALF)) for fault in Fault
        }
        urls = {fault.value: proxy.url for fault, proxy in proxies.items()}
        service = await stack.enter_async_context(serving(tmp_path, settings(urls)))
        objects = [scaled(fault.value, prometheus=fault.value, **SLOWLY, **BAND) for fault in Fault]
        keda = await stack.enter_async_context(asking(service, objects))
        await keda.until(dict.fromkeys(Fault, BAND_TARGET))
        begun = {fault: len(keda.answers[fault]) for fault in Fault}
        await spoil(proxies)
        await keda.until(dict.fromkeys(NO_ANSWER, UNAVAILABLE))
        await heal(proxies)
        await keda.until(dict.fromkeys(Fault, BAND_TARGET))

    during = {fault: keda.answers[fault][start:] for fault, start in begun.items()}
    for fault in NO_ANSWER:
        silence = during[fault].index(UNAVAILABLE)
        assert set(during[fault][:silence]) <= HELD
        assert set(during[fault]) <= {*HELD, UNAVAILABLE}
    for answered in (Fault.HALF, Fault.NONE, Fault.LATE):
        assert set(during[answered]) <= HELD
    assert keda.slowest < LIMIT


async def test_a_hung_and_a_stopped_prometheus_are_survived_likewise(
    world: Place, tmp_path: Path
) -> None:
    server = world.prometheus
    steady = scaled("band", **SLOWLY, **BAND)
    async with (
        serving(tmp_path, settings({"default": server.url})) as service,
        asking(service, [steady]) as keda,
    ):
        await keda.until({"band": BAND_TARGET})
        try:
            server.hang()
            await keda.until({"band": UNAVAILABLE})
        finally:
            server.go_on()
        await keda.until({"band": BAND_TARGET})
        server.stop()
        await keda.until({"band": UNAVAILABLE})
        await asyncio.to_thread(server.start)
        await keda.until({"band": BAND_TARGET})

    first = keda.answers["band"].index(BAND_TARGET)
    assert set(keda.answers["band"][first:]) <= {*HELD, UNAVAILABLE}
    assert keda.slowest < LIMIT


async def spoil(proxies: Mapping[Fault, Faulty]) -> None:
    for fault, proxy in proxies.items():
        await proxy.begin(fault)


async def heal(proxies: Mapping[Fault, Faulty]) -> None:
    for proxy in proxies.values():
        await proxy.begin(Fault.NONE)
