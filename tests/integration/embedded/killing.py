"""A service with an embedded history that is killed again and again, and its undisturbed twin."""

import asyncio
import json
import random
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import attrs
import grpc

from scaler.bootstrap import declared
from scaler.config.load import read
from scaler.config.workload import Workload
from scaler.pb import externalscaler_pb2 as pb
from scaler.pb.externalscaler_pb2_grpc import ExternalScalerStub
from scaler.runtime.advance import advance
from scaler.runtime.clock import SystemClock
from scaler.runtime.fold import Fold
from scaler.runtime.knowledge import Learning
from scaler.serving.journal import _said
from scaler.serving.keda.client import ScaledObject
from scaler.signals.scrape import ScrapeHistory
from scaler.signals.store import FILE, Store
from scaler.signals.stored import StoredReadings
from scaler.signals.targets import Targets
from scaler.telemetry import Telemetry
from tests.integration.embedded.engines import swinging
from tests.integration.service.forescale import DECIDED, Forescale

WORKLOADS = 20
SETTLE = 3
LIVES = 6.0
"""Seconds at most from the moment that it serves to the moment that it is killed."""
EARLY = 0.2
"""Share of kills at any moment of the start."""
SAME_MOMENT = 0.05
STRIDE = 20

QUICK = {
    "engine": "vllm",
    "source": "scrape",
    "capacity": "fixed",
    "tokensPerReplica": "900",
    "leadTime": "3s",
    "scaleDownWindow": "10s",
    "scaleDownPolicies": "1/10s",
    "utilizationHighFor": "5s",
    "utilizationLowFor": "10s",
    "idleAfter": "20s",
    "staleAfter": "20s",
    "holdFor": "30s",
}

Decisions = Mapping[int, Mapping[str, object]]
"""What was settled, by tick."""


@attrs.frozen(kw_only=True)
class Life:
    """One process from its start, in Unix seconds, to its death."""

    began: int
    service: Forescale


@attrs.frozen(kw_only=True)
class Outcome:
    """What is left after the last kill."""

    integrity: str
    kills: int
    readings: int
    answers: int
    size: int
    compared: int
    different: Sequence[str]


async def kill_again_and_again(folder: Path, *, kills: int, seed: int) -> Outcome:
    """Kill a service under load at random moments, and hold what it settled against its twin."""
    chance = random.Random(seed)  # noqa: S311 - a test's
    async with swinging() as address:
        settings = _settings(folder, address)
        config = folder / "forescale.yaml"
        await asyncio.to_thread(config.write_text, json.dumps(settings))
        objects = _objects(address)
        lives = [await _live(config, objects, chance=chance) for _ in range(kills)]
        lives.append(await _live(config, objects, chance=chance, last=True))
    store = folder / "state" / FILE
    with closing(sqlite3.connect(store)) as connection:
        [integrity] = connection.execute("PRAGMA integrity_check").fetchone()
        [readings] = connection.execute("SELECT count(*) FROM reading").fetchone()
        [answers] = connection.execute("SELECT count(*) FROM answer").fetchone()
        [first] = connection.execute("SELECT min(tick) FROM reading").fetchone()
    workloads = declared(read(settings, environ={}))
    twins = await _twins(folder / "state", workloads, first=first)
    compared, different = 0, list[str]()
    for life in lives:
        for name, at, decision in _settled(life, since=max(first, life.began)):
            compared += 1
            expected = twins[name].get(at)
            if expected != decision:
                different.append(f"{name} at {at}: {decision}, its twin {expected}")
    size = store.stat().st_size
    return Outcome(
        integrity=integrity,
        kills=kills,
        readings=readings,
        answers=answers,
        size=size,
        compared=compared,
        different=different,
    )


def _settings(folder: Path, address: str) -> dict[str, object]:
    return {
        "grpc": {"address": "127.0.0.1:0"},
        "ops": {"address": "127.0.0.1:0"},
        "log": {"format": "json", "level": "debug"},
        "evaluationInterval": "1s",
        "settle": f"{SETTLE}s",
        "state": str(folder / "state"),
        "allowedAddresses": [f"http://{address}"],
        "workloads": [
            {"namespace": each.namespace, "name": each.name, "metadata": dict(each.metadata)}
            for each in _objects(address)
        ],
    }


def _objects(address: str) -> list[ScaledObject]:
    return [
        ScaledObject(
            namespace="models",
            name=f"fleet-{number}",
            metadata={
                **QUICK,
                "endpoints": ",".join(
                    f"http://{address}/fleet-{number}/{replica}" for replica in range(3)
                ),
            },
        )
        for number in range(WORKLOADS)
    ]


async def _live(
    config: Path, objects: Sequence[ScaledObject], *, chance: random.Random, last: bool = False
) -> Life:
    """Start the service, let it live for a while, and kill it; the last may end by itself."""
    early, moment = chance.random() < EARLY and not last, chance.random()
    began = int(SystemClock().now())
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "scaler", "serve", "--config", str(config)),
        stderr=asyncio.subprocess.PIPE,
        limit=2**20,
    )
    service = Forescale(process=process)
    listening = asyncio.create_task(service.listen())
    try:
        if early:
            await asyncio.sleep(moment)
            return Life(began=began, service=service)
        ports = await service.until("serving")
        async with _asked(f"127.0.0.1:{ports['grpc']}", objects):
            if last:
                await service.until_settled("models/fleet-0", at=began + SETTLE)
                process.terminate()
                await process.wait()
            else:
                await asyncio.sleep(moment * LIVES)
        return Life(began=began, service=service)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await listening


@asynccontextmanager
async def _asked(address: str, objects: Sequence[ScaledObject]) -> AsyncIterator[None]:
    """KEDA, never tired: all workloads again and again, whatever becomes of the service."""

    async def ask() -> None:
        async with grpc.aio.insecure_channel(address) as channel:
            stub = ExternalScalerStub(channel)
            while True:
                for each in objects:
                    request = pb.GetMetricsRequest(
                        scaledObjectRef=each.ref(), metricName="replicas"
                    )
                    with suppress(grpc.aio.AioRpcError):
                        await stub.GetMetrics(request)
                await asyncio.sleep(SAME_MOMENT)

    asking = asyncio.create_task(ask())
    try:
        yield
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


def _settled(life: Life, *, since: int) -> Iterator[tuple[str, int, Mapping[str, object]]]:
    """What a process settled of the ticks since its start: before, its fold had just begun."""
    for line in life.service.lines:
        if line["event"] == "settled" and line["at"] >= since:
            yield line["workload"], line["at"], {name: line[name] for name in DECIDED}


async def _twins(
    state: Path, workloads: Sequence[Workload], *, first: int
) -> Mapping[str, Decisions]:
    """What somebody decides who reads what is stored, from the first tick on and undisturbed."""
    telemetry = Telemetry(version="twin")
    store = Store(state, meter=telemetry)
    end = int(SystemClock().now())
    history = ScrapeHistory(
        Targets(meter=telemetry), clock=lambda: end + 3600.0, stored=StoredReadings(store)
    )
    decisions: dict[str, dict[int, Mapping[str, object]]] = {}
    try:
        folds = [Fold(workload=workload) for workload in workloads]
        for to in range(first, end + STRIDE, STRIDE):
            for progress in await advance(
                folds, history=history, to=to, settle=0, learning=Learning()
            ):
                own = decisions.setdefault(str(progress.published.workload.key), {})
                for decision in progress.settled:
                    said = {**_said(decision)}
                    own[decision.at] = {name: said[name] for name in DECIDED}
    finally:
        await history.close()
        await store.close()
    return decisions
