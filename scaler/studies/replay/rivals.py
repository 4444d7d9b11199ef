"""Rivals of the serving policy: what people run today, what money buys, and what is impossible.

Each says a metric, and an HPA acts on it. Those of today have the HPA's default behavior.
"""

import math
from collections.abc import Callable
from typing import Protocol

import attrs
import numpy as np

from scaler.policy.model import value_of
from scaler.simulation.behavior import (
    Behavior,
    HpaSpec,
    PolicyKind,
    ScalingPolicy,
    ScalingRules,
)
from scaler.simulation.fluid import FluidSnapshot
from scaler.simulation.hpa import Metric
from scaler.studies.replay.demand import GRID, Demand
from scaler.studies.replay.observed import LATENCY_WINDOW, latency


class Rival(Protocol):
    """Whoever decides how many replicas there are."""

    @property
    def name(self) -> str:
        """What the scoreboard calls it."""
        ...

    @property
    def hpa(self) -> HpaSpec:
        """The HPA that acts on its metric."""
        ...

    @property
    def first(self) -> int | None:
        """Replicas to begin with; None is a fleet that fits the demand."""
        ...

    async def metric(self, look: FluidSnapshot) -> Metric:
        """What the HPA is told at `look.at`."""
        ...


def follower(*, low: int, high: int) -> HpaSpec:
    """Return the HPA of the documented ScaledObject, which leaves damping to the scaler."""
    up = ScalingPolicy(kind=PolicyKind.PERCENT, value=900, period=15)
    down = ScalingPolicy(kind=PolicyKind.PERCENT, value=100, period=15)
    behavior = Behavior(
        up=ScalingRules(window=0, policies=(up,)),
        down=ScalingRules(window=120, policies=(down,)),
    )
    return HpaSpec(min_replicas=low, max_replicas=high, tolerance=0.0, behavior=behavior)


@attrs.frozen(kw_only=True)
class Gauge:
    """Plain HPA on something that adds up over replicas; pending ones add nothing."""

    name: str
    hpa: HpaSpec
    total: Callable[[FluidSnapshot], float]
    target: float
    """For one replica."""
    first: int | None = None

    async def metric(self, look: FluidSnapshot) -> Metric:
        """The total."""
        return Metric(value=self.total(look), target=self.target)


def utilization(look: FluidSnapshot) -> float:
    """GPU utilization as DCGM reports it: the share of time in which anything runs."""
    return look.utilization * look.ready


def queue(look: FluidSnapshot) -> float:
    """Waiting requests."""
    return look.waiting


def concurrency(look: FluidSnapshot) -> float:
    """Requests in the fleet."""
    return look.waiting + look.running


@attrs.define(kw_only=True)
class Latency:
    """KEDA's Prometheus trigger on the p95, as a ratio to its threshold (`metricType: Value`)."""

    name: str
    hpa: HpaSpec
    target: float
    first: int | None = None
    _looks: list[FluidSnapshot] = attrs.field(factory=list)

    async def metric(self, look: FluidSnapshot) -> Metric:
        """As many times the ready replicas as the p95 is its threshold; no traffic, no metric."""
        self._looks = [each for each in self._looks if each.at >= look.at - LATENCY_WINDOW]
        self._looks.append(look)
        p95 = value_of(latency(before=self._looks[0], after=look, at=int(look.at)))
        return Metric(value=None if p95 is None else p95 * look.ready, target=self.target)


@attrs.frozen(kw_only=True)
class Fixed:
    """A fleet of constant size."""

    name: str
    replicas: int

    @property
    def hpa(self) -> HpaSpec:
        """It could not change anything."""
        return follower(low=self.replicas, high=self.replicas)

    @property
    def first(self) -> int | None:
        """All from the start."""
        return self.replicas

    async def metric(self, look: FluidSnapshot) -> Metric:
        """The size."""
        return Metric(value=self.replicas)


@attrs.frozen(kw_only=True)
class Oracle:
    """Knows the demand a lead time ahead, without its noise: what no forecast can do better."""

    name: str
    hpa: HpaSpec
    demand: Demand
    ahead: int
    """Seconds."""
    bears: float
    """Requests per second to plan for on one replica."""
    first: int | None = None

    async def metric(self, look: FluidSnapshot) -> Metric:
        """Replicas for the highest demand until what is ordered now is ready."""
        times = np.arange(look.at, look.at + self.ahead + GRID + 1, GRID / 4)
        return Metric(value=math.ceil(float(self.demand.rate(times).max()) / self.bears))
