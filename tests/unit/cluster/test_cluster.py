"""Workloads followed through a fake API server."""

import queue
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest

from scaler.cluster.api import ApiTrouble
from scaler.cluster.brakes import Brakes
from scaler.cluster.cluster import HPAS, SCALED_OBJECTS, Cluster
from scaler.cluster.history import Counted, declared, lead_times, seen_lead_time
from scaler.config.workload import Key, Watch, Workload
from scaler.policy.model import Decision, Gap, Readings, Reason, Sample
from scaler.policy.spec import Spec
from tests.unit.cluster.world import (
    NOW,
    FakeApi,
    Object,
    listed,
    pod_item,
    scale_item,
    scaled_item,
)

PODS = "/api/v1/namespaces/models/pods"
SCALE = "/apis/apps/v1/namespaces/models/deployments/llama/scale"
PLACE = ("models", "llama")
EVERY = 3600
"""Seconds between looks: none but the first happens here."""
NOTHING = Gap(reason=Reason.ABSENT)
WORKLOAD = Workload(
    key=Key(namespace="models", name="llama", digest="0"),
    spec=Spec(stale_after=60),
    watch=Watch(namespace="models", workload="llama", engine="custom"),
)


def api(**objects: Object) -> FakeApi:
    """Three replicas wanted, two of them ready after 20 s."""
    kinds = {"resources": [{"name": "deployments/scale", "kind": "Scale"}]}
    kinds["resources"].append({"name": "deployments", "kind": "Deployment"})
    found = FakeApi(
        objects={
            SCALED_OBJECTS: listed(scaled_item()),
            HPAS: listed(),
            PODS: listed(pod_item("a", ready=20), pod_item("b", ready=20), pod_item("c")),
            "/apis/apps/v1": kinds,
            SCALE: scale_item(3),
        }
        | objects
    )
    for path in (SCALED_OBJECTS, HPAS, PODS):
        found.events[path] = queue.Queue()
    return found


@asynccontextmanager
async def following(api: FakeApi, *, now: int = NOW + 30) -> AsyncIterator[Cluster]:
    cluster = Cluster(api, now=lambda: float(now), every=EVERY)
    cluster.start()
    try:
        await cluster.follow({PLACE: declared(WORKLOAD.watch)})
        yield cluster
    finally:
        cluster.stop()
        for events in api.events.values():
            events.put(None)


def hpa_item(tolerance: str, *, name: str = "keda-hpa-llama") -> Object:
    meta = {"namespace": "models", "name": name, "resourceVersion": "2"}
    behavior = {"scaleUp": {"tolerance": tolerance}}
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "llama"}
    return {"metadata": meta, "spec": {"behavior": behavior, "scaleTargetRef": target}}


class Silent:
    """Implements `Source`: reads nothing about replicas."""

    def __init__(self, *, counted: bool) -> None:
        self._counted = counted

    async def read(self, workloads: object, ticks: range) -> dict[Workload, list[Readings]]:
        return {WORKLOAD: [self._nothing(at) for at in ticks]}

    def _nothing(self, at: int) -> Readings:
        return Readings(
            at=at,
            signals={},
            wanted=NOTHING,
            ready=NOTHING,
            stuck=NOTHING,
            reporting=NOTHING,
            counted=self._counted,
        )


@attrs.frozen
class Remembering:
    """Implements `LeadTimes`."""

    found: dict[Workload, int]

    async def lead_times(self, workloads: object, *, at: int) -> dict[Workload, int]:
        assert NOW == at
        return self.found


async def test_the_first_look_is_over_when_following_begins() -> None:
    async with following(api()) as cluster:
        facts = cluster.facts(PLACE, at=NOW + 30, within=60)

        assert facts is not None
        assert (3, 2, (30,)) == (facts.wanted, facts.ready, facts.pending)
        assert "" == cluster.trouble(PLACE)


@pytest.mark.parametrize("keda", [True, False])
async def test_without_a_scaled_object_the_declared_target_is_looked_at(keda: bool) -> None:
    without = api(**{SCALED_OBJECTS: listed()})
    if not keda:
        del without.objects[SCALED_OBJECTS]

    async with following(without) as cluster:
        facts = cluster.latest(PLACE, within=60)

        assert facts is not None
        assert (3, 2, "") == (facts.wanted, facts.ready, cluster.trouble(PLACE))


async def test_while_scaled_objects_cannot_be_read_nobody_guesses_what_is_scaled() -> None:
    refused = api()
    refused.troubles[SCALED_OBJECTS] = [ApiTrouble("forbidden", status=403)]

    async with following(refused) as cluster:
        assert cluster.latest(PLACE, within=60) is None
        assert "forbidden" == cluster.trouble(PLACE)


async def test_counts_fill_in_where_the_source_has_none() -> None:
    async with following(api()) as cluster:
        answers = await Counted(Silent(counted=False), cluster=cluster).read(
            [WORKLOAD], range(NOW + 30, NOW + 31)
        )
        (readings,) = answers[WORKLOAD]  # type: ignore[misc]

        at = NOW + 30
        assert (Sample(value=3, at=at), Sample(value=2, at=at)) == (
            readings.wanted,
            readings.ready,
        )
        assert readings.counted


@pytest.mark.parametrize(("counted", "at"), [(True, NOW + 30), (False, NOW + 100)])
async def test_what_the_source_counts_and_what_is_old_stays_out(counted: bool, at: int) -> None:
    async with following(api()) as cluster:
        source = Counted(Silent(counted=counted), cluster=cluster)
        answers = await source.read([WORKLOAD], range(at, at + 1))
        (readings,) = answers[WORKLOAD]  # type: ignore[misc]

        assert (NOTHING, counted) == (readings.wanted, readings.counted)


async def test_a_server_that_says_nothing_is_no_count_of_none() -> None:
    world = api()
    del world.objects[SCALE]

    async with following(world) as cluster:
        assert cluster.facts(PLACE, at=NOW + 30, within=60) is None
        assert "404" in cluster.trouble(PLACE)


async def test_the_lead_time_is_that_of_the_pods_that_are_there() -> None:
    async with following(api()) as cluster:
        assert 20 == seen_lead_time(WORKLOAD, cluster=cluster)


@pytest.mark.parametrize(("remembered", "known"), [({}, 20), ({WORKLOAD: 33}, 33)])
async def test_the_lead_time_that_outlives_a_process_comes_first(
    remembered: dict[Workload, int], known: int
) -> None:
    source = Remembering(remembered)
    async with following(api()) as cluster:
        found = await lead_times([WORKLOAD], at=NOW, source=source, cluster=cluster)

    assert {WORKLOAD: known} == found
    assert remembered == await lead_times([WORKLOAD], at=NOW, source=source, cluster=None)


async def test_two_on_one_target_are_rivals() -> None:
    objects = {
        SCALED_OBJECTS: listed(
            scaled_item(), scaled_item("twin"), scaled_item("apart", target="mistral")
        )
    }

    async with following(api(**objects)) as cluster:
        assert ("twin",) == cluster.rivals(PLACE)
        served = Brakes(cluster).apply(decided(3, at=NOW), workload=WORKLOAD)
        assert served.target is None


def decided(target: int, *, at: int) -> Decision:
    return Decision(at=at, target=target, active=True)


async def test_a_shortage_is_helped_through_the_dead_zone_once_it_lasts() -> None:
    pods = [pod_item(f"p{n}", ready=20) for n in range(20)]
    objects = {
        HPAS: listed(hpa_item("100m")),
        PODS: listed(*pods),
        SCALE: scale_item(20),
    }

    async with following(api(**objects)) as cluster:
        brakes = Brakes(cluster)
        told = [
            brakes.apply(decided(21, at=NOW + second), workload=WORKLOAD).target
            for second in (0, 45, 60)
        ]

        assert [21, 21, 23] == told


async def test_a_plain_hpas_dead_zone_is_known_by_what_it_scales() -> None:
    pods = [pod_item(f"p{n}", ready=20) for n in range(20)]
    objects = {
        SCALED_OBJECTS: listed(),
        HPAS: listed(hpa_item("100m", name="by-hand")),
        PODS: listed(*pods),
        SCALE: scale_item(20),
    }

    async with following(api(**objects)) as cluster:
        brakes = Brakes(cluster)
        told = [
            brakes.apply(decided(21, at=NOW + second), workload=WORKLOAD).target
            for second in (0, 60)
        ]

        assert [21, 23] == told


async def test_an_hpa_that_tolerates_nothing_is_told_the_truth() -> None:
    objects = {HPAS: listed(hpa_item("0")), SCALE: scale_item(20)}

    async with following(api(**objects)) as cluster:
        brakes = Brakes(cluster)
        brakes.apply(decided(21, at=NOW), workload=WORKLOAD)

        assert 21 == brakes.apply(decided(21, at=NOW + 600), workload=WORKLOAD).target


async def test_a_freeze_is_known_until_it_is_over() -> None:
    note = {"forescale.io/freeze-until": "2027-01-15T08:00:10Z"}
    objects = {SCALED_OBJECTS: listed(scaled_item(annotations=note))}

    async with following(api(**objects)) as cluster:
        brakes = Brakes(cluster)

        assert brakes.frozen(WORKLOAD, at=NOW + 9)
        assert not brakes.frozen(WORKLOAD, at=NOW + 10)
