"""Pasts of a workload that nobody scaled, and of one that somebody scaled badly."""

from collections.abc import Callable, Mapping, Sequence

import attrs

from scaler.config.workload import Key, Watch, Workload
from scaler.errors import SignalUnavailable
from scaler.policy.model import Gap, Readings, Reason, Sample, Signal
from scaler.policy.spec import Mode, Spec
from scaler.runtime.history import Answer

START = 1_700_006_400
CAPACITY = 1000.0
LEAD_TIME = 120
ABSENT = Gap(reason=Reason.ABSENT)


SPEC = Spec(
    mode=Mode.OBSERVE,
    prior=CAPACITY,
    fixed_capacity=True,
    lead_time=LEAD_TIME,
    max_replicas=20,
    min_replicas=1,
)


def observed(spec: Spec = SPEC) -> Workload:
    return Workload(
        key=Key(namespace="models", name="llama", digest="abc"),
        spec=spec,
        watch=Watch(namespace="models", workload="llama", engine="vllm"),
    )


def readings(
    at: int,
    *,
    tokens: float = 4000.0,
    replicas: int | None = 10,
    latency: float | None = 0.5,
    waiting: float = 0.0,
    cache: float = 0.3,
) -> Readings:
    count = ABSENT if replicas is None else Sample(value=replicas, at=at)
    slow = ABSENT if latency is None else Sample(value=latency, at=at)
    return Readings(
        at=at,
        signals={
            Signal.RUNNING: Sample(value=20.0 if replicas else 0.0, at=at),
            Signal.WAITING: Sample(value=waiting, at=at),
            Signal.TOKENS: Sample(value=tokens, at=at),
            Signal.REQUESTS: Sample(value=tokens / 100.0, at=at),
            Signal.REJECTED: Sample(value=0.0, at=at),
            Signal.CACHE: Sample(value=cache, at=at),
            Signal.LATENCY: slow,
        },
        wanted=count,
        ready=count,
        stuck=Sample(value=0, at=at),
        reporting=count,
    )


@attrs.define
class Past:
    """A `History` of whatever a function says; it can be away."""

    said: Callable[[int], Readings]
    away: bool = False
    asked: list[range] = attrs.field(factory=list)

    async def read(self, workloads: Sequence[Workload], ticks: range) -> Mapping[Workload, Answer]:
        self.asked.append(ticks)
        if self.away:
            failure = SignalUnavailable("prometheus: connection refused")
            return dict.fromkeys(workloads, failure)
        return {workload: [self.said(at) for at in ticks] for workload in workloads}
