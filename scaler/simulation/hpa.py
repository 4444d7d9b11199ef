"""The algorithm of Kubernetes' HPA controller for external metrics of type AverageValue, pure.

Written to the controller's behavior in Kubernetes 1.23 to 1.37; the tolerance changed its form in
1.33 (KEP-4951), which moves the edge of the dead zone.
"""

import math
from collections.abc import Sequence
from enum import StrEnum

from attrs import evolve, field, frozen
from attrs.validators import gt

from scaler.simulation.behavior import (
    HpaSpec,
    PolicyKind,
    ScalingPolicy,
    ScalingRules,
    SelectPolicy,
)

_ROUNDING = 1e-6
# Without `spec.behavior`, one sync may double the replicas, or bring them to this many.
_FREE_REPLICAS = 4


class Reason(StrEnum):
    """Why the HPA asks for what it asks for: the reasons of its conditions."""

    SCALING_DISABLED = "ScalingDisabled"
    FAILED_GET_METRIC = "FailedGetExternalMetric"
    ABOVE_MAX = "AboveMaxReplicas"
    """More replicas than the maximum; this one is no condition in Kubernetes, but a message."""
    BELOW_MIN = "BelowMinReplicas"
    SCALE_UP_STABILIZED = "ScaleUpStabilized"
    SCALE_DOWN_STABILIZED = "ScaleDownStabilized"
    SCALE_UP_LIMIT = "ScaleUpLimit"
    SCALE_DOWN_LIMIT = "ScaleDownLimit"
    TOO_MANY = "TooManyReplicas"
    TOO_FEW = "TooFewReplicas"
    WITHIN_RANGE = "DesiredWithinRange"


@frozen(kw_only=True)
class Metric:
    """One external metric of type AverageValue as the HPA got it."""

    value: float | None
    """The sum of its items; None if asking for it failed."""
    target: float = field(default=1.0, validator=gt(0))


@frozen(kw_only=True)
class Event:
    """A count of replicas at a moment: recommended, added or removed."""

    at: float
    replicas: int


@frozen(kw_only=True)
class HpaState:
    """What the controller remembers from sync to sync, and loses with a restart."""

    recommendations: tuple[Event, ...] = ()
    ups: tuple[Event, ...] = ()
    downs: tuple[Event, ...] = ()


@frozen(kw_only=True)
class Scaled:
    """The outcome of one sync."""

    replicas: int
    """What `spec.replicas` is set to; the present one if nothing changes."""
    reason: Reason


def sync(
    metrics: Sequence[Metric],
    *,
    spec_replicas: int,
    status_replicas: int,
    at: float,
    hpa: HpaSpec,
    state: HpaState,
) -> tuple[Scaled, HpaState]:
    """Return what the controller does at Unix second `at`, and what it remembers of it."""
    state = _first_sight(state, spec_replicas=spec_replicas, at=at)
    if spec_replicas == 0 and hpa.min_replicas != 0:
        return Scaled(replicas=0, reason=Reason.SCALING_DISABLED), state
    if spec_replicas > hpa.max_replicas:
        scaled = Scaled(replicas=hpa.max_replicas, reason=Reason.ABOVE_MAX)
    elif spec_replicas < hpa.min_replicas:
        scaled = Scaled(replicas=hpa.min_replicas, reason=Reason.BELOW_MIN)
    else:
        wanted = proposal(
            metrics, spec_replicas=spec_replicas, status_replicas=status_replicas, hpa=hpa
        )
        if wanted is None:
            return Scaled(replicas=spec_replicas, reason=Reason.FAILED_GET_METRIC), state
        scaled = _normalize(wanted, spec_replicas=spec_replicas, at=at, hpa=hpa, state=state)
        state = _recommended(wanted, at=at, hpa=hpa, state=state)
    return scaled, _rescaled(scaled.replicas - spec_replicas, at=at, hpa=hpa, state=state)


def proposal(
    metrics: Sequence[Metric], *, spec_replicas: int, status_replicas: int, hpa: HpaSpec
) -> int | None:
    """Return the largest proposal of the valid metrics, before windows, policies and bounds.

    None if no metric is valid, or if one is not and the others would scale down.
    """
    valid = [
        _replicas(metric.value, target=metric.target, status_replicas=status_replicas, hpa=hpa)
        for metric in metrics
        if metric.value is not None
    ]
    if not valid or (len(valid) < len(metrics) and max(valid) < spec_replicas):
        return None
    return max(valid)


def _replicas(value: float, *, target: float, status_replicas: int, hpa: HpaSpec) -> int:
    usage, per_replica = _milli(value), _milli(target)
    if status_replicas > 0:
        ratio = usage / (per_replica * status_replicas)
        if hpa.tolerates(ratio):
            return status_replicas
    return math.ceil(usage / per_replica)


def _milli(value: float) -> int:
    """Return a quantity's MilliValue, which rounds up."""
    return math.ceil(value * 1000 - _ROUNDING)


def _first_sight(state: HpaState, *, spec_replicas: int, at: float) -> HpaState:
    """A controller that knows nothing begins with what runs as its first recommendation."""
    if state.recommendations:
        return state
    return evolve(state, recommendations=(Event(at=at, replicas=spec_replicas),))


def _recommended(wanted: int, *, at: float, hpa: HpaSpec, state: HpaState) -> HpaState:
    longest = max(hpa.up_window, hpa.down_window)
    kept = [event for event in state.recommendations if event.at >= at - longest]
    return evolve(state, recommendations=(*kept, Event(at=at, replicas=wanted)))


def _rescaled(change: int, *, at: float, hpa: HpaSpec, state: HpaState) -> HpaState:
    if change == 0 or hpa.behavior is None:
        return state
    event = Event(at=at, replicas=abs(change))
    if change > 0:
        return evolve(state, ups=(*_in_use(state.ups, rules=hpa.behavior.up, at=at), event))
    return evolve(state, downs=(*_in_use(state.downs, rules=hpa.behavior.down, at=at), event))


def _in_use(events: Sequence[Event], *, rules: ScalingRules, at: float) -> Sequence[Event]:
    longest = max(policy.period for policy in rules.policies)
    return [event for event in events if event.at >= at - longest]


def _normalize(
    wanted: int, *, spec_replicas: int, at: float, hpa: HpaSpec, state: HpaState
) -> Scaled:
    stable = _stabilize(wanted, current=spec_replicas, at=at, hpa=hpa, state=state)
    limited = _limit(stable, current=spec_replicas, at=at, hpa=hpa, state=state)
    if limited.reason is Reason.WITHIN_RANGE and stable < wanted:
        return evolve(limited, reason=Reason.SCALE_UP_STABILIZED)
    if limited.reason is Reason.WITHIN_RANGE and stable > wanted:
        return evolve(limited, reason=Reason.SCALE_DOWN_STABILIZED)
    return limited


def _stabilize(wanted: int, *, current: int, at: float, hpa: HpaSpec, state: HpaState) -> int:
    """Move `current` no further than into the range of the windows' recommendations."""
    recent = state.recommendations
    lowest = min([wanted, *(e.replicas for e in recent if e.at > at - hpa.up_window)])
    highest = max([wanted, *(e.replicas for e in recent if e.at > at - hpa.down_window)])
    if hpa.behavior is None:
        return highest
    return min(max(current, lowest), highest)


def _limit(stable: int, *, current: int, at: float, hpa: HpaSpec, state: HpaState) -> Scaled:
    if stable > current:
        limit = max(current, _up_limit(current, at=at, hpa=hpa, state=state))
        if stable > min(limit, hpa.max_replicas):
            by_policy = limit < hpa.max_replicas
            reason = Reason.SCALE_UP_LIMIT if by_policy else Reason.TOO_MANY
            return Scaled(replicas=min(limit, hpa.max_replicas), reason=reason)
    elif stable < current:
        limit = min(current, _down_limit(current, at=at, hpa=hpa, state=state))
        if stable < max(limit, hpa.min_replicas):
            by_policy = limit > hpa.min_replicas
            reason = Reason.SCALE_DOWN_LIMIT if by_policy else Reason.TOO_FEW
            return Scaled(replicas=max(limit, hpa.min_replicas), reason=reason)
    return Scaled(replicas=stable, reason=Reason.WITHIN_RANGE)


def _up_limit(current: int, *, at: float, hpa: HpaSpec, state: HpaState) -> int:
    if hpa.behavior is None:
        return max(2 * current, _FREE_REPLICAS)
    rules = hpa.behavior.up
    if rules.select is SelectPolicy.DISABLED:
        return current
    limits = [
        _raised(_start(current, at=at, period=policy.period, state=state), policy=policy)
        for policy in rules.policies
    ]
    return min(limits) if rules.select is SelectPolicy.MIN else max(limits)


def _down_limit(current: int, *, at: float, hpa: HpaSpec, state: HpaState) -> int:
    if hpa.behavior is None:
        return hpa.min_replicas
    rules = hpa.behavior.down
    if rules.select is SelectPolicy.DISABLED:
        return current
    limits = [
        _lowered(_start(current, at=at, period=policy.period, state=state), policy=policy)
        for policy in rules.policies
    ]
    return max(limits) if rules.select is SelectPolicy.MIN else min(limits)


def _start(current: int, *, at: float, period: int, state: HpaState) -> int:
    """Return how many replicas there were when the period began, by what was done since."""
    added = sum(event.replicas for event in state.ups if event.at > at - period)
    removed = sum(event.replicas for event in state.downs if event.at > at - period)
    return current - added + removed


def _raised(start: int, *, policy: ScalingPolicy) -> int:
    if policy.kind is PolicyKind.PODS:
        return start + policy.value
    return math.ceil(start * (1 + policy.value / 100))


def _lowered(start: int, *, policy: ScalingPolicy) -> int:
    if policy.kind is PolicyKind.PODS:
        return start - policy.value
    return int(start * (1 - policy.value / 100))
