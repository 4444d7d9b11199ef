"""Pods as the API server writes them, as far as scaling cares. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from scaler.cluster.objects import Object, seconds

TROUBLES = frozenset(
    {
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
    }
)
"""Reasons for which a container waits and does not come up by itself."""

UNSCHEDULABLE = "Unschedulable"


@attrs.frozen(kw_only=True)
class Pod:
    """One pod. Times are Unix seconds.

    `first_ready` is None where a restart has overwritten it: what `ready_since` says then is no
    lead time. `trouble` is why it will not come up by itself.
    """

    name: str
    labels: Mapping[str, str]
    created: int
    scheduled: int | None = None
    ready_since: int | None = None
    first_ready: int | None = None
    terminating: bool = False
    over: bool = False
    trouble: str = ""


def pod(item: Object) -> Pod:
    """Understand a pod."""
    meta, status = item["metadata"], item.get("status") or {}
    conditions = {each["type"]: each for each in status.get("conditions") or ()}
    ready_since = _since(conditions.get("Ready"))
    restarted = any(each.get("restartCount") for each in status.get("containerStatuses") or ())
    return Pod(
        name=meta["name"],
        labels=meta.get("labels") or {},
        created=seconds(meta["creationTimestamp"]),
        scheduled=_since(conditions.get("PodScheduled")),
        ready_since=ready_since,
        first_ready=None if restarted else ready_since,
        terminating="deletionTimestamp" in meta,
        over=status.get("phase") in {"Failed", "Succeeded"},
        trouble=_trouble(status, conditions),
    )


def _since(condition: Mapping[str, Any] | None) -> int | None:
    """When a condition that is true became so."""
    if condition is None or condition["status"] != "True":
        return None
    since = condition.get("lastTransitionTime")
    return None if since is None else seconds(since)


def _trouble(status: Mapping[str, Any], conditions: Mapping[str, Mapping[str, Any]]) -> str:
    scheduled = conditions.get("PodScheduled")
    if scheduled and scheduled["status"] == "False" and scheduled.get("reason") == UNSCHEDULABLE:
        return UNSCHEDULABLE
    containers = (
        *(status.get("initContainerStatuses") or ()),
        *(status.get("containerStatuses") or ()),
    )
    for container in containers:
        reason = ((container.get("state") or {}).get("waiting") or {}).get("reason")
        if reason in TROUBLES:
            return str(reason)
    return ""


@attrs.frozen(kw_only=True)
class LeadTime:
    """How long replicas took from created to first ready, in seconds: the 90th percentile.

    `node` is the part until a node was found, `load` the part after it, each by its own percentile.
    """

    whole: int
    node: int
    load: int
    samples: int


def lead_time(pods: Iterable[Pod]) -> LeadTime | None:
    """The lead time that these pods show; None where none of them does.

    A pod that is or was stuck shows how long somebody took to help, not how long it takes to start:
    one that is stuck is never ready, and one that crashed has no first time.
    """
    shown = [each for each in pods if each.first_ready is not None]
    if not shown:
        return None
    whole = [(each.first_ready or 0) - each.created for each in shown]
    node = [(each.scheduled or each.created) - each.created for each in shown]
    load = [all_of_it - waited for all_of_it, waited in zip(whole, node, strict=True)]
    return LeadTime(whole=_p90(whole), node=_p90(node), load=_p90(load), samples=len(shown))


def _p90(values: Sequence[int]) -> int:
    """The smallest value that at least nine in ten do not exceed."""
    return sorted(values)[-(-9 * len(values) // 10) - 1]
