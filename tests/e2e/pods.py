"""Pods as the API server describes them, in the words of the simulation."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scaler.simulation.snapshot import Phase, ReplicaSnapshot
from tests.e2e.api import Object


def replica_of(pod: Object) -> ReplicaSnapshot:
    """A pod as kube-state-metrics sees it."""
    meta = pod["metadata"]
    ready = next((each for each in _conditions(pod) if _is_true(each)), None)
    since = _seconds(ready["lastTransitionTime"]) if ready else None
    gone = meta.get("deletionTimestamp")
    phase = Phase.READY if ready else Phase.PENDING
    return ReplicaSnapshot(
        name=meta["name"],
        namespace=meta["namespace"],
        model="",
        phase=Phase.TERMINATING if gone else phase,
        stuck=_stuck(pod),
        silent=False,
        created=_seconds(meta["creationTimestamp"]),
        ready_at=since,
        ready_since=since,
        terminating_since=_seconds(gone) if gone else None,
        restarts=0,
        gpu_utilization=0.0,
        engine=None,
    )


def _conditions(pod: Object) -> list[Mapping[str, Any]]:
    return list(pod.get("status", {}).get("conditions") or ())


def _is_true(condition: Mapping[str, Any]) -> bool:
    return (condition["type"], condition["status"]) == ("Ready", "True")


def is_ready(pod: Object) -> bool:
    gone = "deletionTimestamp" in pod["metadata"]
    return not gone and any(_is_true(condition) for condition in _conditions(pod))


def _stuck(pod: Object) -> str | None:
    for condition in _conditions(pod):
        if (condition["type"], condition["status"]) == ("PodScheduled", "False"):
            return str(condition.get("reason"))
    for status in pod.get("status", {}).get("containerStatuses", ()):
        if waiting := status.get("state", {}).get("waiting"):
            return str(waiting["reason"])
    return None


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
