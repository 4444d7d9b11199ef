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


KINDS: Mapping[str, Scaled] = {
    "Deployment": Scaled(
        label="deployment",
        wanted="kube_deployment_spec_replicas",
        ready="kube_deployment_status_replicas_ready",
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
    ),
}

OWNERS = (
    Owner(namespace="namespace", pod="pod"),
    Owner(namespace="exported_namespace", pod="exported_pod"),
)

_WAITING = (
    one_of(
        "reason",
        ("CrashLoopBackOff", "CreateContainerConfigError", "ErrImagePull", "ImagePullBackOff"),
    ),
)
STUCK: Mapping[str, tuple[Matcher, ...]] = {
    "kube_pod_container_status_waiting_reason": _WAITING,
    "kube_pod_init_container_status_waiting_reason": _WAITING,
    "kube_pod_status_unschedulable": (),
}
"""A pod with one of these above zero will not come up by itself."""
