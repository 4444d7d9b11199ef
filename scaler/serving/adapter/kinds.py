"""Kinds of objects that metrics are asked for, by what they are called in paths."""

from collections.abc import Mapping

import attrs

from scaler.config.workload import Workload

PODS = "pods"


@attrs.frozen(kw_only=True)
class Kind:
    """A kind and the version of its API."""

    kind: str
    api_version: str


POD = Kind(kind="Pod", api_version="v1")
SCALED_OBJECT = Kind(kind="ScaledObject", api_version="keda.sh/v1alpha1")

KINDS: Mapping[str, Kind] = {
    "deployments.apps": Kind(kind="Deployment", api_version="apps/v1"),
    "statefulsets.apps": Kind(kind="StatefulSet", api_version="apps/v1"),
    "replicasets.apps": Kind(kind="ReplicaSet", api_version="apps/v1"),
    "leaderworkersets.leaderworkerset.x-k8s.io": Kind(
        kind="LeaderWorkerSet", api_version="leaderworkerset.x-k8s.io/v1"
    ),
    "rollouts.argoproj.io": Kind(kind="Rollout", api_version="argoproj.io/v1alpha1"),
    "scaledobjects.keda.sh": SCALED_OBJECT,
}
"""By resource and group, as an HPA joins them. Others are taken for the plural of their kind."""


def described(resource: str, workload: Workload) -> Kind | None:
    """The kind of `resource`, if it is one that this workload's metrics are about."""
    known = KINDS.get(resource)
    if known is not None:
        return known if known is SCALED_OBJECT or known.kind == workload.watch.kind else None
    plural, _, group = resource.partition(".")
    if not group or plural != f"{workload.watch.kind.lower()}s":
        return None
    return Kind(kind=workload.watch.kind, api_version=f"{group}/v1")


def name_of(kind: Kind, workload: Workload) -> str:
    """What the object of this kind is called that the workload's metrics are about."""
    return workload.key.name if kind is SCALED_OBJECT else workload.watch.workload
