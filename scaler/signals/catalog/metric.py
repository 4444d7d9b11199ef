"""How a signal is made from an engine's metrics, as data that PromQL and Python both follow."""

from collections.abc import Mapping
from enum import StrEnum

import attrs

from scaler.config.workload import LatencyMetric
from scaler.policy.model import Signal
from scaler.signals.matchers import Matcher

Names = tuple[str, ...]
"""What one metric is called, by version, newest first: the first that a pod exposes counts."""


class Over(StrEnum):
    """How the values of many pods become one."""

    SUM = "sum"
    MEAN = "avg"
    MAX = "max"


@attrs.frozen(kw_only=True)
class Gauge:
    """A level. `parts` are labels that tell apart series of one pod which count separately."""

    names: Names
    over: Over = Over.SUM
    parts: tuple[str, ...] = ()
    where: tuple[Matcher, ...] = ()
    scale: float = 1.0


@attrs.frozen(kw_only=True)
class Rate:
    """The sum of several counters' increase per second; each must be there."""

    counters: tuple[Names, ...]
    parts: tuple[str, ...] = ()
    where: tuple[Matcher, ...] = ()
    scale: float = 1.0


@attrs.frozen(kw_only=True)
class Quantile:
    """A quantile of a histogram, named without `_bucket`; `scale` leads to seconds."""

    names: Names
    parts: tuple[str, ...] = ()
    scale: float = 1.0

    @property
    def buckets(self) -> Names:
        """The histogram's cumulative counters."""
        return tuple(f"{name}_bucket" for name in self.names)

    @property
    def count(self) -> Names:
        """The counter of observations."""
        return tuple(f"{name}_count" for name in self.names)


@attrs.frozen(kw_only=True)
class Mean:
    """Mean latency, where an engine has no histogram: total time over requests, to seconds."""

    total: Names
    count: Names
    parts: tuple[str, ...] = ()
    scale: float = 1.0


Metric = Gauge | Rate
Latency = Quantile | Mean


@attrs.frozen(kw_only=True, eq=False)
class Row:
    """One engine. Adding one is a row like this and a test with a page in its format.

    `parts` hold for all its metrics: series that differ only in other labels (ranks of one process
    group, scrapes by a pair of Prometheus servers) are the same thing seen twice. `probe` is a
    metric that each working pod exposes: it says who reports, and how fresh. Where `own_pods` is
    false the series come from a frontend that stands before the workload's pods.
    """

    engine: str
    probe: Names = ()
    model_label: str | None = None
    lower_case_models: bool = False
    parts: tuple[str, ...] = ()
    own_pods: bool = True
    signals: Mapping[Signal, Metric] = attrs.field(factory=dict)
    latencies: Mapping[LatencyMetric, Latency] = attrs.field(factory=dict)

    def model(self, name: str) -> str:
        """`name` as the model label spells it."""
        return name.lower() if self.lower_case_models else name


def counter(name: str) -> Names:
    """A counter's names: with the suffix that clients put on it today, and without."""
    return (f"{name}_total", name)


def metric_names(metric: Metric | Latency) -> frozenset[str]:
    """Every series name that `metric` may be made from."""
    match metric:
        case Gauge():
            return frozenset(metric.names)
        case Rate():
            return frozenset(name for names in metric.counters for name in names)
        case Quantile():
            return frozenset((*metric.buckets, *metric.count))
        case Mean():
            return frozenset((*metric.total, *metric.count))
