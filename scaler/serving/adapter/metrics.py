"""Which metrics there are, and what each says of one workload at one moment."""

from collections.abc import Mapping
from enum import Enum, auto

import attrs

from scaler.policy.model import Gap, Signal
from scaler.runtime.board import Published
from scaler.serving.adapter.status import silent, unknown
from scaler.serving.operations import Shown


class Spread(Enum):
    """What a pod's own value is, where only the workload's is known.

    Readings are of whole workloads. An HPA uses no more of a Pods metric than the mean over the
    pods, and that is right.
    """

    SHARED = auto()
    """A total: each pod has its part of it."""
    ALIKE = auto()
    """A mean or a quantile: each pod has the same."""
    WHOLE = auto()
    """Of whoever holds the requests and not of any pod."""


@attrs.frozen(kw_only=True)
class Metric:
    """One metric; `percent` is of a share between 0 and 1. Without a signal it is the target."""

    name: str
    signal: Signal | None
    spread: Spread = Spread.SHARED
    percent: bool = False


REPLICAS = Metric(name="replicas", signal=None)

METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        REPLICAS,
        Metric(
            name="gpu_utilization", signal=Signal.UTILIZATION, spread=Spread.ALIKE, percent=True
        ),
        Metric(name="kv_cache_utilization", signal=Signal.CACHE, spread=Spread.ALIKE, percent=True),
        Metric(name="request_queue_depth", signal=Signal.WAITING),
        Metric(name="requests_running", signal=Signal.RUNNING),
        Metric(name="requests_per_second", signal=Signal.REQUESTS),
        Metric(name="requests_rejected_per_second", signal=Signal.REJECTED),
        Metric(name="tokens_per_second", signal=Signal.TOKENS),
        Metric(name="request_latency_seconds", signal=Signal.LATENCY, spread=Spread.ALIKE),
        Metric(name="requests_held", signal=Signal.ACTIVATION, spread=Spread.WHOLE),
    )
}
"""By name."""


@attrs.frozen(kw_only=True)
class Value:
    """A number that was true at `at`, in Unix seconds."""

    number: float
    at: int


def metric_named(name: str) -> Metric:
    """The metric.

    Raises:
        Refused: there is none.
    """
    if name not in METRICS:
        raise unknown(f"there is no metric {name!r}; there are {', '.join(METRICS)}")
    return METRICS[name]


def value(metric: Metric, shown: Shown, *, now: int) -> Value:
    """What the metric says of a workload at `now`.

    Raises:
        Refused: nothing is known, no longer known, or the workload has no such signal.
    """
    published = shown.published
    if published is None:
        raise silent(f"{shown.workload.key}: nothing was decided yet: {shown.trouble}")
    if metric.signal is None:
        return _target(published, now=now)
    number = _reading(published, metric.signal, now=now)
    return attrs.evolve(number, number=100 * number.number) if metric.percent else number


def _target(published: Published, *, now: int) -> Value:
    target = published.target(now)
    if target is None:
        raise silent(f"{published.workload.key}: {published.note(now)}")
    return Value(number=target, at=published.decision.at)


def _reading(published: Published, signal: Signal, *, now: int) -> Value:
    who = f"{published.workload.key}: {signal.value}"
    reading = published.readings.signals.get(signal)
    if reading is None:
        raise unknown(f"{who} is not read of this workload")
    if isinstance(reading, Gap):
        raise silent(f"{who} is missing: {reading.reason.value} {reading.detail}".rstrip())
    age = now - reading.at
    if age > published.workload.spec.stale_after:
        raise silent(f"{who} is {age} s old, more than staleAfter")
    return Value(number=reading.value, at=reading.at)
