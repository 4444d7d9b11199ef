"""What a user asks of one workload, validated. Durations are seconds."""

from enum import StrEnum

import attrs

MINUTE = 60


class Vote(StrEnum):
    """How far a signal of evidence may go."""

    RAISE = "raise"
    """May raise on its own, and holds scale-in while it is high."""
    CONFIRM = "confirm"
    """Raises only together with a queue, a full cache or a busy GPU."""
    OFF = "off"
    """Is not looked at."""


class Mode(StrEnum):
    """What is served of what is decided."""

    OBSERVE = "observe"
    UP_ONLY = "up-only"
    ON = "on"


class Unit(StrEnum):
    """What work is counted in."""

    TOKENS = "tokens"
    REQUESTS = "requests"


@attrs.frozen(kw_only=True)
class ScalingPolicy:
    """At most `amount` replicas, or percent of what was wanted, in `period` seconds (as in HPA)."""

    amount: int = attrs.field(validator=attrs.validators.gt(0))
    percent: bool = False
    period: int = attrs.field(default=15, validator=attrs.validators.gt(0))


def _share(default: float) -> float:
    valid = attrs.validators.and_(attrs.validators.gt(0.0), attrs.validators.le(1.0))
    return attrs.field(default=default, validator=valid)


def _seconds(default: int) -> int:
    return attrs.field(default=default, validator=attrs.validators.ge(0))


@attrs.frozen(kw_only=True)
class Spec:
    """The whole policy of one workload; a changed spec is a new fold."""

    step: int = attrs.field(default=15, validator=attrs.validators.gt(0))
    """Seconds between ticks."""

    min_replicas: int = _seconds(0)
    max_replicas: int = attrs.field(default=100, validator=attrs.validators.ge(1))
    """As in KEDA, whose defaults these are."""
    standby: int = _seconds(0)
    """Warm replicas on top of the target."""
    mode: Mode = Mode.ON

    unit: Unit = Unit.TOKENS
    prior: float | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.gt(0.0))
    )
    """Work per second of a replica inside its objective, as the user knows it."""
    fixed_capacity: bool = False
    """Never correct the prior."""
    headroom: float = _share(0.8)
    """Share of capacity to plan for."""
    queue_limit: float = attrs.field(default=100.0, validator=attrs.validators.gt(0.0))
    """Waiting requests in total that call for replicas at once."""
    drain_within: int = attrs.field(default=MINUTE, validator=attrs.validators.gt(0))
    """Seconds, from when help is ready, in which the backlog must be gone."""
    cache_target: float = _share(0.9)
    """Use of the KV cache to plan for: above, vLLM starts to preempt."""

    latency: Vote = Vote.CONFIRM
    objective: float = attrs.field(default=2.0, validator=attrs.validators.gt(0.0))
    """Service level objective of the latency signal, in seconds."""
    latency_low: float = _share(0.5)
    """Share of the objective below which latency agrees to scale in."""
    latency_hold: float = _share(0.8)
    """Share of the objective above which latency forbids scale-in."""

    utilization: Vote = Vote.CONFIRM
    utilization_high: float = _share(0.7)
    utilization_high_for: int = _seconds(5 * MINUTE)
    utilization_low: float = _share(0.3)
    utilization_low_for: int = _seconds(15 * MINUTE)

    lead_time: int | None = None
    """From asked for to ready; None is learned."""
    lead_time_max: int = attrs.field(default=30 * MINUTE, validator=attrs.validators.gt(0))

    scale_up_window: int = _seconds(0)
    scale_down_window: int | None = None
    """None is the larger of five minutes and the lead time."""
    scale_up_policies: tuple[ScalingPolicy, ...] = (
        ScalingPolicy(amount=100, percent=True, period=15),
        ScalingPolicy(amount=4, period=15),
    )
    scale_down_policies: tuple[ScalingPolicy, ...] = (
        ScalingPolicy(amount=10, percent=True, period=MINUTE),
        ScalingPolicy(amount=1, period=MINUTE),
    )

    activation_threshold: float = attrs.field(default=0.0, validator=attrs.validators.ge(0.0))
    """The activation signal wakes a sleeping workload above this."""
    idle_after: int = _seconds(5 * MINUTE)
    """Nothing running, waiting or arriving for this long: inactive."""
    stale_after: int = attrs.field(default=2 * MINUTE, validator=attrs.validators.gt(0))
    """Age at which a sample is a gap."""
    hold_for: int = attrs.field(default=30 * MINUTE, validator=attrs.validators.gt(0))
    """How long a target is held without data. A Prometheus replaying its log takes 10-20 min."""

    def __attrs_post_init__(self) -> None:
        """Check what spans two fields.

        Raises:
            ValueError: naming both.
        """
        ordered("min_replicas", self.min_replicas, "max_replicas", self.max_replicas)
        ordered("utilization_low", self.utilization_low, "utilization_high", self.utilization_high)
        ordered("latency_low", self.latency_low, "latency_hold", self.latency_hold)


DEFAULT_DOWN_WINDOW = 300


def down_window(spec: Spec, *, lead_time: int) -> int:
    """Seconds that scale-in waits: not to drop what takes a lead time to get back."""
    if spec.scale_down_window is not None:
        return spec.scale_down_window
    return max(DEFAULT_DOWN_WINDOW, lead_time)


def ordered(low: str, low_value: float, high: str, high_value: float) -> None:
    """Demand that `low` does not exceed `high`.

    Raises:
        ValueError: naming both fields and their values.
    """
    if low_value > high_value:
        msg = f"{low} must not exceed {high}: {low_value:g} > {high_value:g}"
        raise ValueError(msg)
