"""Activation, read from whichever source it names, beside the source of everything else.

A fleet that Prometheus sees may be woken by what a gateway's own page says, and a fleet that is
scraped by a query: each is read as a workload of its own that is watched for nothing else.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

import attrs

from scaler.config.workload import SourceKind, Workload
from scaler.errors import ForescaleError, SignalError
from scaler.policy.model import Gap, Reading, Readings, Reason, Sample, Signal
from scaler.policy.spec import Vote

Answer = Sequence[Readings] | ForescaleError


class Source(Protocol):
    """What everything is read from."""

    async def read(self, workloads: Sequence[Workload], ticks: range) -> Mapping[Workload, Answer]:
        """Readings of every workload at every tick, or why there are none."""
        ...


class Activation:
    """Adds to readings what is seen elsewhere. Implements the runtime's `History`."""

    def __init__(self, source: Source) -> None:
        self._source = source

    async def read(self, workloads: Sequence[Workload], ticks: range) -> Mapping[Workload, Answer]:
        """Readings of every workload; that activation alone has no answer is a gap in them.

        Raises:
            SignalError: the source gave no answer.
        """
        doubles = {each: double for each in workloads if (double := elsewhere(each)) is not None}
        own, seen = await asyncio.gather(
            self._source.read(workloads, ticks), self._seen(list(doubles.values()), ticks)
        )
        return {
            workload: _joined(answer, seen.get(doubles[workload]))
            if workload in doubles and not isinstance(answer, ForescaleError)
            else answer
            for workload, answer in own.items()
        }

    async def _seen(self, doubles: Sequence[Workload], ticks: range) -> Mapping[Workload, Answer]:
        if not doubles:
            return {}
        try:
            return await self._source.read(doubles, ticks)
        except SignalError as error:
            return dict.fromkeys(doubles, error)


def elsewhere(workload: Workload) -> Workload | None:
    """Who is watched for the activation that the workload's own source does not see."""
    watch = workload.watch
    if watch.source is SourceKind.SCRAPE and watch.activation_query:
        bare = attrs.evolve(
            watch,
            source=SourceKind.PROMETHEUS,
            engine="custom",
            endpoints=(),
            activation_endpoints=(),
        )
    elif watch.source is SourceKind.PROMETHEUS and watch.activation_endpoints:
        bare = attrs.evolve(watch, source=SourceKind.SCRAPE, queries={}, activation_query=None)
    else:
        return None
    return attrs.evolve(
        workload,
        key=attrs.evolve(workload.key, digest=f"{workload.key.digest}/activation"),
        spec=attrs.evolve(workload.spec, latency=Vote.OFF, utilization=Vote.OFF),
        watch=bare,
    )


def _joined(own: Sequence[Readings], seen: Answer | None) -> Sequence[Readings]:
    if seen is None or isinstance(seen, ForescaleError):
        unseen = Gap(reason=Reason.STALE, detail=str(seen or "its source left it out"))
        return [_with(each, unseen) for each in own]
    return [
        _with(each, other.signals.get(Signal.ACTIVATION, _NOTHING))
        for each, other in zip(own, seen, strict=True)
    ]


_NOTHING = Gap(reason=Reason.ABSENT)


def _with(readings: Readings, seen: Reading) -> Readings:
    own = readings.signals.get(Signal.ACTIVATION, _NOTHING)
    return attrs.evolve(
        readings, signals={**readings.signals, Signal.ACTIVATION: _either(own, seen)}
    )


def _either(own: Reading, seen: Reading) -> Reading:
    """Either may wake: the larger sample, and a sample rather than a gap."""
    if isinstance(own, Sample) and isinstance(seen, Sample):
        return max(own, seen, key=lambda sample: sample.value)
    return own if isinstance(own, Sample) else seen
