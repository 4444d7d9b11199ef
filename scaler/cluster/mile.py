"""The last mile of a number: what the HPA made of it, and what became of the replicas."""

import attrs

from scaler.cluster.cluster import Cluster
from scaler.cluster.facts import Facts
from scaler.cluster.objects import Hpa
from scaler.config.workload import Workload


@attrs.frozen(kw_only=True)
class LastMile:
    """What the API server said last about one workload.

    `facts` are None where its scale target was never seen, `hpa` where there is none. `trouble` is
    why what is known is old, or why there is nothing; empty while all is well.
    """

    hpa: Hpa | None
    facts: Facts | None
    trouble: str = ""


def last_mile(workload: Workload, *, cluster: Cluster) -> LastMile:
    """What is known now of what became of the workload's number."""
    place = workload.key.namespace, workload.key.name
    return LastMile(
        hpa=cluster.hpa(place), facts=cluster.last(place), trouble=cluster.trouble(place)
    )
