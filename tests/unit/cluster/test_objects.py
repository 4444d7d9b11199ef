"""ScaledObjects and HPAs in our own words."""

from typing import Any

import pytest

from scaler.cluster.objects import (
    Floor,
    Hpa,
    ScaledObject,
    Target,
    brakes,
    hpa,
    quantity,
    scaled_object,
)
from tests.unit.cluster.world import NOW, scaled_item


def test_what_a_scaled_object_leaves_out_is_what_keda_takes() -> None:
    assert ScaledObject(
        namespace="models",
        name="llama",
        target=Target(api_version="apps/v1", kind="Deployment", name="llama"),
        min_replicas=0,
        max_replicas=100,
        hpa="keda-hpa-llama",
        triggers=("external",),
    ) == scaled_object(scaled_item())


def test_bounds_target_and_siblings_are_read() -> None:
    target = {"apiVersion": "leaderworkerset.x-k8s.io/v1", "kind": "LeaderWorkerSet", "name": "big"}
    found = scaled_object(
        scaled_item(
            minReplicaCount=2,
            maxReplicaCount=9,
            scaleTargetRef=target,
            triggers=[{"type": "external"}, {"type": "cpu"}],
            advanced={"horizontalPodAutoscalerConfig": {"name": "mine"}},
        )
    )

    assert (2, 9, "mine", False) == (found.min_replicas, found.max_replicas, found.hpa, found.alone)
    assert Target(
        api_version="leaderworkerset.x-k8s.io/v1", kind="LeaderWorkerSet", name="big"
    ) == (found.target)


def test_freeze_and_floor_are_annotations() -> None:
    notes = {
        "forescale.io/freeze-until": "2027-01-15T09:00:00+01:00",
        "forescale.io/floor": "5 until 2027-01-15T08:00:10Z",
    }
    found = scaled_object(scaled_item(annotations=notes))

    assert NOW == found.freeze_until
    assert Floor(replicas=5, until=NOW + 10) == found.floor
    assert () == brakes(notes).mistakes


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("forescale.io/freeze-until", "tomorrow", "must be in RFC 3339 with its zone"),
        ("forescale.io/freeze-until", "2027-01-15T09:00:00", "must be in RFC 3339 with its zone"),
        ("forescale.io/floor", "5", "must be `REPLICAS until TIME`"),
        ("forescale.io/floor", "5 until noon", "must be `REPLICAS until TIME`"),
    ],
)
def test_an_annotation_that_cannot_be_read_brakes_nothing_and_is_named(
    key: str, value: str, said: str
) -> None:
    found = scaled_object(scaled_item(annotations={key: value}))

    assert (None, None) == (found.freeze_until, found.floor)
    (mistake,) = brakes({key: value}).mistakes
    assert (key, value) == (mistake.path, mistake.value)
    assert mistake.rule.startswith(said)


@pytest.mark.parametrize(
    ("notes", "paused"),
    [
        ({}, False),
        ({"autoscaling.keda.sh/paused": "true"}, True),
        ({"autoscaling.keda.sh/paused": "false"}, False),
        ({"autoscaling.keda.sh/paused-replicas": "3"}, True),
    ],
)
def test_keda_pauses_by_annotation(notes: dict[str, str], paused: bool) -> None:
    assert paused is scaled_object(scaled_item(annotations=notes)).paused


def test_a_tolerance_counts_where_it_can_be_read_back() -> None:
    rules: dict[str, Any] = {"scaleUp": {"tolerance": "0"}, "scaleDown": {}}
    found = hpa(
        {
            "spec": {"behavior": rules},
            "status": {
                "desiredReplicas": 4,
                "conditions": [
                    {"type": "AbleToScale", "status": "True", "reason": "ReadyForNewScale"},
                    {"type": "ScalingActive", "status": "False", "reason": "FailedGetMetric"},
                    {"type": "ScalingLimited", "status": "True", "reason": "TooManyReplicas"},
                ],
            },
        }
    )

    assert (
        Hpa(
            tolerance_up=0.0,
            tolerance_down=0.1,
            desired=4,
            conditions={"ScalingActive": "FailedGetMetric", "ScalingLimited": "TooManyReplicas"},
        )
        == found
    )


@pytest.mark.parametrize(("text", "value"), [("0", 0.0), ("50m", 0.05), ("0.2", 0.2), ("1", 1.0)])
def test_small_quantities_have_values(text: str, value: float) -> None:
    assert value == pytest.approx(quantity(text))
