"""Counts of replicas from the cluster, where the source of signals counts none."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import attrs

from scaler.cluster.cluster import Cluster
from scaler.cluster.objects import Target
from scaler.config.workload import Watch, Workload
from scaler.errors import ForescaleError
from scaler.policy.model import Readings, Sample

Answer = Sequence[Readings] | ForescaleError

API_VERSIONS: Mapping[str, str] = {
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "LeaderWorkerSet": "leaderworkerset.x-k8s.io/v1",
}
"""Kinds that a workload may be declared to be of, without a ScaledObject that names its API."""


class Source(Protocol):
    """What signals are read from."""

    async def read(self, workloads: Sequence[Workload], ticks: range) -> Mapping[Workload, Answer]:
        """Readings of every workload at every tick, or why there are none."""
        ...


def seen_lead_time(workload: Workload, *, cluster: Cluster) -> int | None:
    """How long nine in ten of its replicas took from created to ready, in seconds."""
    seen = cluster.lead_time((workload.key.namespace, workload.key.name))
    return seen.whole if seen else None


class LeadTimes(Protocol):
    """Who remembers longer than a process how long replicas took to start."""

    async def lead_times(self, workloads: Sequence[Workload], *, at: int) -> Mapping[Workload, int]:
        """What was seen of it up to `at`, in seconds, of whom anything was seen."""
        ...


async def lead_times(
    workloads: Sequence[Workload], *, at: int, source: LeadTimes, cluster: Cluster | None
) -> Mapping[Workload, int]:
    """What the source remembers, which every scaler is told; else what this process saw."""
    remembered = await source.lead_times(workloads, at=at)
    if cluster is None:
        return remembered
    seen = {workload: seen_lead_time(workload, cluster=cluster) for workload in workloads}
    return {**{each: took for each, took in seen.items() if took is not None}, **remembered}


def declared(watch: Watch) -> Target | None:
    """What is scaled by a workload's own words; None where they do not say which API it is of."""
    version = API_VERSIONS.get(watch.kind)
    return Target(api_version=version, kind=watch.kind, name=watch.workload) if version else None


class Counted:
    """Adds to readings what was seen in the cluster. Implements the runtime's `History`.

    kube-state-metrics has a past that outlives this process and is the same for every scaler, so
    where the source has it, it counts. What was seen is not believed for longer than `staleAfter`.
    """

    def __init__(self, source: Source, *, cluster: Cluster) -> None:
        self._source = source
        self._cluster = cluster

    async def read(self, workloads: Sequence[Workload], ticks: range) -> Mapping[Workload, Answer]:
        """Readings of every workload.

        Raises:
            SignalError: the source gave no answer.
        """
        await self._cluster.follow(
            {(each.key.namespace, each.key.name): declared(each.watch) for each in workloads}
        )
        answers = await self._source.read(workloads, ticks)
        return {
            workload: answer
            if isinstance(answer, ForescaleError)
            else [self._counted(each, workload=workload) for each in answer]
            for workload, answer in answers.items()
        }

    def _counted(self, readings: Readings, *, workload: Workload) -> Readings:
        if readings.counted:
            return readings
        place = (workload.key.namespace, workload.key.name)
        within = workload.spec.stale_after
        facts = self._cluster.facts(place, at=readings.at, within=within)
        if facts is None:
            return readings
        return attrs.evolve(
            readings,
            wanted=Sample(value=facts.wanted, at=facts.at),
            ready=Sample(value=facts.ready, at=facts.at),
            stuck=Sample(value=facts.stuck_in_all, at=facts.at),
            counted=True,
            stuck_for=facts.stuck,
        )
