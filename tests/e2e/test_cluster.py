"""What Forescale knows of the cluster itself, by watches: lead times, brakes, the dead zone.

All of it with the rights that `manifests/` gives its service account, and no others.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from scaler.cluster.facts import UNCREATED
from tests.e2e.dial import answered, asked, dialed, settings, turn
from tests.e2e.processes import PATIENCE
from tests.e2e.rig import Rig
from tests.e2e.shown import keep
from tests.e2e.workload import Workload, tolerant
from tests.integration.service.forescale import Forescale, serving

BASE = Path(__file__).parents[2] / "manifests/base"
FOREVER = "2100-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def login(land: Rig) -> Path:
    """What the pods of `manifests/base` log in with."""
    for file in ("namespace.yaml", "rbac.yaml"):
        land.cluster.kubectl("apply", "--namespace=forescale", f"--filename={BASE / file}")
    who = "--as=system:serviceaccount:forescale:forescale"
    keep("rights", land.cluster.kubectl("auth", "can-i", "--list", who))
    return land.cluster.account("forescale", namespace="forescale")


@pytest.fixture
async def service(
    land: Rig, login: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Forescale]:
    monkeypatch.setenv("KUBECONFIG", str(login))
    async with serving(tmp_path, settings(land.prometheus.url)) as service:
        yield service


async def begin(
    land: Rig, workload: Workload, service: Forescale, need: int, **metadata: str
) -> None:
    """Have as many replicas as are needed, under an HPA that tolerates nothing."""
    await turn(land, workload, need)
    await workload.deploy(replicas=need)
    await workload.watch_over(
        service.grpc, dialed(workload, **metadata), minReplicaCount=1, maxReplicaCount=50
    )
    await answered(service, 2)


async def document(service: Forescale, workload: Workload) -> Any:
    status, text = await service.get(f"/api/v1/workloads/{workload.namespace}/{workload.name}")
    assert 200 == status, text
    return json.loads(text)


async def test_the_lead_time_is_the_load_time_of_the_pods(
    land: Rig, workload: Workload, service: Forescale
) -> None:
    await turn(land, workload, 3)
    await workload.deploy(replicas=3, load="8s")
    await workload.watch_over(
        service.grpc, dialed(workload, leadTime="auto"), minReplicaCount=1, maxReplicaCount=50
    )
    await answered(service, 2)

    # The API server's stamps are whole seconds, and the kubelet is as late as the machine is busy.
    assert 7 <= (await document(service, workload))["knowledge"]["lead_time"] <= 11


async def test_replicas_are_counted_where_prometheus_counts_none(
    land: Rig, workload: Workload, service: Forescale
) -> None:
    await workload.hide()
    await begin(land, workload, service, 6)

    async with workload.course() as course:
        await turn(land, workload, 8)
        await workload.until_ready(8)
        await asked(service, 3)
        readings = (await document(service, workload))["readings"]

    assert [6, 8] == course.wanted
    assert (8, 8, 0) == tuple(readings[count]["value"] for count in ("wanted", "ready", "stuck"))


async def test_a_quota_leaves_what_runs_and_is_named_as_stuck(
    land: Rig, workload: Workload, service: Forescale
) -> None:
    counted = attrs.evolve(workload, namespace=f"counted-{workload.namespace}"[:63])
    await workload.hide()
    await counted.show()

    await asyncio.gather(*(exhaust(land, each, service) for each in (workload, counted)))

    await counted.api.delete(counted.scaled_object)
    await counted.api.delete(counted.deployment)


async def exhaust(land: Rig, workload: Workload, service: Forescale) -> None:
    """Let a quota forbid two of six replicas, until it is gone."""
    await begin(land, workload, service, 4)
    quota = f"/api/v1/namespaces/{workload.namespace}/resourcequotas/full"
    await workload.api.apply(
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "full", "namespace": workload.namespace},
            "spec": {"hard": {"pods": "4"}},
        }
    )
    await workload.api.until(quota, lambda seen: seen["status"].get("used"))

    async with workload.course() as course:
        await turn(land, workload, 6)
        await until_stuck(service, workload, 2)
        told = await document(service, workload)
        _, page = await service.get("/metrics")
        await workload.api.delete(quota)
        await workload.until_ready(6)

    assert [4, 6] == course.wanted
    assert (6, 4) == tuple(told["readings"][count]["value"] for count in ("wanted", "ready"))
    assert {"NotCreated": 2} == told["stuck"]
    mile = told["lastMile"]
    assert (6, 6, 4) == (mile["hpa"]["desired"], mile["seen"]["wanted"], mile["seen"]["ready"])
    owner = f'namespace="{workload.namespace}",scaledobject="{workload.name}"'
    assert f'forescale_stuck_replicas{{{owner},reason="NotCreated"}} 2' in page


async def until_stuck(service: Forescale, workload: Workload, replicas: int) -> None:
    """Return once so many are stuck, by the readings and by what was seen: a minute at least."""
    async with asyncio.timeout(UNCREATED + PATIENCE):
        while True:
            told = await document(service, workload)
            seen = (told["lastMile"]["seen"] or {}).get("stuck", {})
            if told["readings"]["stuck"].get("value") == sum(seen.values()) == replicas:
                return
            await asyncio.sleep(0.5)


async def test_a_shortage_in_the_dead_zone_is_acted_on_and_stays(
    land: Rig, workload: Workload, service: Forescale
) -> None:
    await turn(land, workload, 20)
    await workload.deploy(replicas=20)
    await workload.watch_over(
        service.grpc,
        dialed(workload),
        behavior=tolerant(),
        minReplicaCount=1,
        maxReplicaCount=50,
    )
    await answered(service, 2)

    async with workload.course() as course:
        await turn(land, workload, 21)
        await workload.until_ready(23)
        await asked(service, 10)
        await turn(land, workload, 19)
        await workload.until_ready(20)
        await asked(service, 5)

    assert [20, 23, 20] == course.wanted


async def test_a_frozen_workload_stays_until_the_freeze_is_over(
    land: Rig, workload: Workload, service: Forescale
) -> None:
    await begin(land, workload, service, 4)
    await annotate(workload, "forescale.io/freeze-until", FOREVER)
    await until_limited(service, workload, by="freeze")

    async with workload.course() as course:
        await turn(land, workload, 9)
        await asked(service, 8)
        await annotate(workload, "forescale.io/freeze-until", None)
        await workload.until_wanted(9)

    assert [4, 9] == course.wanted


async def test_a_floor_is_kept(land: Rig, workload: Workload, service: Forescale) -> None:
    await begin(land, workload, service, 3)

    async with workload.course() as course:
        await annotate(workload, "forescale.io/floor", f"7 until {FOREVER}")
        await workload.until_wanted(7)

    assert [3, 7] == course.wanted
    limits = (await document(service, workload))["limits"]
    assert ["floor"] == [limit["by"] for limit in limits]


async def annotate(workload: Workload, key: str, value: str | None) -> None:
    change = {"metadata": {"annotations": {key: value}}}
    await workload.api.patch(workload.scaled_object, change)


async def until_limited(service: Forescale, workload: Workload, *, by: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            limits = (await document(service, workload))["limits"]
            if by in [limit["by"] for limit in limits]:
                return
            await asyncio.sleep(0.2)
