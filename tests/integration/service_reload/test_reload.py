"""A running service that is told to read its settings again."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from aiohttp import web

from tests.integration.service.forescale import Forescale, serving
from tests.patience import PATIENCE
from tests.unit.signals.servers import FakePrometheus
from tests.unit.signals.servers import serving as answering

NAME = "models/llama"


@attrs.define
class Engine:
    """An endpoint that serves a page of vLLM's."""

    waiting: int = 0

    async def __call__(self, _: web.Request) -> web.Response:
        page = (
            'vllm:num_requests_running{model_name="llama"} 1\n'
            f'vllm:num_requests_waiting{{model_name="llama"}} {self.waiting}\n'
        )
        return web.Response(text=page)


@attrs.define
class Place:
    """The service, its file, and the engine that it watches."""

    service: Forescale
    config: Path
    settings: dict[str, Any]
    engine: Engine

    def reload(self, **changed: Any) -> None:
        """Write settings with these changes, and say so."""
        self.settings |= changed
        self.config.write_text(json.dumps(self.settings))
        self.service.process.send_signal(signal.SIGHUP)

    async def until(self, meets: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """What the workloads API says of the engine's workload once it meets the condition."""
        async with asyncio.timeout(PATIENCE):
            while True:
                status, text = await self.service.get(f"/api/v1/workloads/{NAME}")
                document: dict[str, Any] = json.loads(text)
                if status == 200 and meets(document):
                    return document
                await asyncio.sleep(0.1)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    engine = Engine()
    async with answering(engine) as address:
        metadata = {"engine": "vllm", "source": "scrape", "endpoints": f"{address}/metrics"}
        declared = {"namespace": "models", "name": "llama", "metadata": metadata}
        settings = {"evaluationInterval": 2, "workloads": [declared]}
        async with serving(tmp_path, settings) as service:
            config = tmp_path / "forescale.yaml"
            yield Place(service, config, json.loads(config.read_text()), engine)


def limits(document: dict[str, Any]) -> dict[str, tuple[float, float]]:
    return {each["by"]: (each["before"], each["after"]) for each in document["limits"]}


async def test_good_settings_count_from_then_on(place: Place) -> None:
    before = await place.until(lambda document: document["target"] == 1)
    assert 0.8 == before["spec"]["headroom"]

    place.reload(defaults={"headroom": "0.5", "minReplicas": "3"})
    used = await place.service.until("config_used")
    assert "needs_restart" not in used

    after = await place.until(lambda document: document["target"] == 3)
    assert (0.5, (1, 3)) == (after["spec"]["headroom"], limits(after)["minReplicas"])


async def test_an_event_that_is_declared_counts_from_then_on(place: Place) -> None:
    await place.until(lambda document: document["target"] == 1)
    launch = {"name": "launch", "start": "2000-01-01", "end": "2100-01-01", "minReplicas": 4}

    place.reload(calendars={"shop": {"events": [launch]}}, defaults={"calendar": "shop"})

    during = await place.until(lambda document: document["target"] == 4)
    assert "event" == during["winner"]
    assert ["launch"] == [each["name"] for each in during["knowledge"]["declared"]]


async def test_bad_settings_change_nothing_and_say_why(place: Place) -> None:
    place.reload(defaults={"headroom": "0.5"}, settel="1m")
    refused = await place.service.until("config_refused")
    assert ["settel: unknown key (did you mean 'settle'?)"] == refused["problems"]
    assert "error" == refused["level"]

    document = await place.until(lambda document: document["target"] == 1)
    assert 0.8 == document["spec"]["headroom"]


async def test_what_cannot_change_is_named(place: Place) -> None:
    place.reload(grpc={"address": "127.0.0.1:9", "heartbeat": "20s"}, settle="40s")
    used = await place.service.until("config_used")
    assert ["grpc.address", "grpc.heartbeat"] == used["needs_restart"]


async def test_log_level_counts_at_once(place: Place) -> None:
    place.reload(log={"format": "json", "level": "info"}, settle="40s")
    await place.service.until("config_used")
    used = len(place.service.lines)
    before = await place.until(lambda document: document["target"] == 1)
    await place.until(lambda document: document["at"] > before["at"])
    assert "debug" not in {line.get("level") for line in place.service.lines[used:]}


async def test_frozen_targets_stay_where_they_are(place: Place) -> None:
    await place.until(lambda document: document["target"] == 1)
    place.reload(freeze=True)
    used = await place.service.until("config_used")
    assert used["frozen"]

    place.engine.waiting = 5000
    frozen = await place.until(lambda document: limits(document).get("freeze", (0, 0))[0] > 1)
    assert (1, 1) == (frozen["target"], limits(frozen)["freeze"][1])

    place.reload(freeze=False)
    thawed = await place.until(lambda document: document["target"] > 1)
    assert "freeze" not in limits(thawed)


async def test_sources_are_replaced_while_workloads_go_on(place: Place) -> None:
    old, new = FakePrometheus(), FakePrometheus()
    async with answering(old) as before, answering(new) as after:
        workload = {"namespace": "models", "name": "mistral", "metadata": {"engine": "vllm"}}
        workloads = [*place.settings["workloads"], workload]
        place.reload(sources={"default": {"url": before}}, workloads=workloads)
        await asyncio.wait_for(old.first.wait(), PATIENCE)

        place.reload(sources={"default": {"url": after}})
        await asyncio.wait_for(new.first.wait(), PATIENCE)
        ticked = await place.until(lambda document: document["target"] == 1)
        asked = len(old.asked)
        await place.until(lambda document: document["at"] > ticked["at"] + 2)
        assert asked == len(old.asked)
    assert [] == [line for line in place.service.lines if line["event"] == "slot_failed"]
