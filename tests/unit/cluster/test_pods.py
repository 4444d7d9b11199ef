"""Pods, what keeps them from coming up, and how long they take."""

from typing import Any

import pytest

from scaler.cluster.pods import LeadTime, Pod, lead_time, pod
from tests.unit.cluster.world import NOW, pod_item


def waiting(reason: str) -> dict[str, Any]:
    return {"containerStatuses": [{"state": {"waiting": {"reason": reason}}}]}


def test_a_ready_pod_says_when_it_found_a_node_and_when_it_was_ready() -> None:
    assert Pod(
        name="llama-1",
        labels={"app": "llama"},
        created=NOW,
        scheduled=NOW + 30,
        ready_since=NOW + 90,
        first_ready=NOW + 90,
    ) == pod(pod_item(scheduled=30, ready=90))


def test_after_a_restart_nobody_knows_when_it_was_ready_first() -> None:
    restarted = {"containerStatuses": [{"restartCount": 1, "state": {"running": {}}}]}
    found = pod(pod_item(ready=900, status=restarted))

    assert (NOW + 900, None) == (found.ready_since, found.first_ready)


@pytest.mark.parametrize(
    ("status", "trouble"),
    [
        ({}, ""),
        (waiting("ContainerCreating"), ""),
        (waiting("PodInitializing"), ""),
        (waiting("ImagePullBackOff"), "ImagePullBackOff"),
        (waiting("CrashLoopBackOff"), "CrashLoopBackOff"),
        (
            {"initContainerStatuses": [{"state": {"waiting": {"reason": "ErrImagePull"}}}]},
            "ErrImagePull",
        ),
        (
            {
                "conditions": [
                    {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
                ]
            },
            "Unschedulable",
        ),
    ],
)
def test_trouble_is_what_does_not_pass_by_itself(status: dict[str, Any], trouble: str) -> None:
    assert trouble == pod(pod_item(status=status)).trouble


def test_the_lead_time_is_what_nine_in_ten_do_not_exceed_in_two_parts() -> None:
    pods = [pod(pod_item(f"llama-{n}", scheduled=10 * n, ready=10 * n + 60)) for n in range(1, 11)]

    assert LeadTime(whole=150, node=90, load=60, samples=10) == lead_time(pods)


def test_without_a_start_there_is_no_lead_time() -> None:
    assert lead_time([pod(pod_item())]) is None
