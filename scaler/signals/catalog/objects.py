"""What kube-state-metrics says about a scale target and its pods."""

from collections.abc import Mapping

import attrs

from scaler.signals.catalog.devices import Owner
from scaler.signals.matchers import Matcher, one_of


@attrs.frozen(kw_only=True)
class Scaled:
    """The series about one kind; `label` holds the object's name."""

    label: str
    wanted: str
    ready: str
    created: str = ""
    """How many pods there are, where all that are wanted are created at once."""


KINDS: Mapping[str, Scaled] = {
    "Deployment": Scaled(
        label="deployment",
        wanted="kube_deployment_spec_replicas",
        ready="kube_deployment_status_replicas_ready",
        created="kube_deployment_status_replicas",
    ),
    "StatefulSet": Scaled(
        label="statefulset",
        wanted="kube_statefulset_replicas",
        ready="kube_statefulset_status_replicas_ready",
    ),
    "ReplicaSet": Scaled(
        label="replicaset",
        wanted="kube_replicaset_spec_replicas",
        ready="kube_replicaset_status_ready_replicas",
        created="kube_replicaset_status_replicas",
    ),
}

OWNERS = (
    Owner(namespace="namespace", pod="pod"),
    Owner(namespace="exported_namespace", pod="exported_pod"),
)

REASON = "reason"
"""Label of the series that have a reason of their own."""
UNSCHEDULABLE = "Unschedulable"
NOT_CREATED = "NotCreated"
"""No pod exists for a replica, most often because of a quota."""
UNCREATED = 60
"""Seconds for which a replica may have no pod."""
LEAVING = "kube_pod_deletion_timestamp"
"""Of a pod that terminates; until it is gone, it may be what the next one waits for."""

CREATED = "kube_pod_created"
READY_SINCE = "kube_pod_status_ready_time"
RESTARTS = "kube_pod_container_status_restarts_total"

_WAITING = (
    one_of(
        REASON,
        ("CrashLoopBackOff", "CreateContainerConfigError", "ErrImagePull", "ImagePullBackOff"),
    ),
)
STUCK: Mapping[str, tuple[Matcher, ...]] = {
    "kube_pod_container_status_waiting_reason": _WAITING,
    "kube_pod_init_container_status_waiting_reason": _WAITING,
    "kube_pod_status_unschedulable": (),
}
"""A pod with one of these above zero will not come up by itself; one without a reason of its own is
unschedulable."""
