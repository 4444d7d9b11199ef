"""GPU utilization as NVIDIA's DCGM exporter has it, in each style of labels.

Scraped with `honorLabels: false`, which is its chart's default, the workload's labels are moved to
`exported_*` and the plain ones are the exporter's own. Idle GPUs carry an empty pod. Where pods
share a GPU the device's value is repeated for each of them, so values are taken per device.
"""

import attrs

from scaler.signals.catalog.metric import Names


@attrs.frozen(kw_only=True)
class Owner:
    """Which labels name the namespace and the pod that a series is about."""

    namespace: str
    pod: str


@attrs.frozen(kw_only=True)
class Utilization:
    """A gauge that `scale` turns into a share."""

    names: Names
    scale: float


OWNERS = (
    Owner(namespace="exported_namespace", pod="exported_pod"),
    Owner(namespace="namespace", pod="pod"),
    Owner(namespace="pod_namespace", pod="pod_name"),
)
DEVICE = ("UUID", "GPU_I_ID")
"""What is one GPU: a device, or a MIG instance of one."""

UTILIZATION = (
    Utilization(names=("DCGM_FI_PROF_GR_ENGINE_ACTIVE",), scale=1.0),
    # Percent; not there on MIG instances, and true while any kernel runs.
    Utilization(names=("DCGM_FI_DEV_GPU_UTIL",), scale=0.01),
)
"""The preferred one first."""
