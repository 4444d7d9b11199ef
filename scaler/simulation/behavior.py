"""What a HorizontalPodAutoscaler says, and what its controller is told: values only."""

from enum import StrEnum

from attrs import field, frozen
from attrs.validators import ge, gt, min_len, optional


class PolicyKind(StrEnum):
    """What a scaling policy's value counts."""

    PODS = "Pods"
    PERCENT = "Percent"


class SelectPolicy(StrEnum):
    """Which of several scaling policies holds."""

    MAX = "Max"
    """The one that allows the most change."""
    MIN = "Min"
    DISABLED = "Disabled"
    """None: no scaling in this direction."""


class ToleranceForm(StrEnum):
    """How the controller compares the ratio of usage to target with its tolerance."""

    DISTANCE = "distance"
    """|1 - ratio| <= tolerance, to Kubernetes 1.32: at 20 replicas, 22 is acted on."""
    RANGE = "range"
    """1 - down <= ratio <= 1 + up, from Kubernetes 1.33 on: at 20 replicas, 22 is swallowed."""


@frozen(kw_only=True)
class ScalingPolicy:
    """At most this much change within `period` seconds."""

    kind: PolicyKind
    value: int = field(validator=gt(0))
    period: int = field(validator=gt(0))


@frozen(kw_only=True)
class ScalingRules:
    """One direction of `spec.behavior`."""

    window: int = field(validator=ge(0))
    """`stabilizationWindowSeconds`."""
    policies: tuple[ScalingPolicy, ...] = field(validator=min_len(1))
    select: SelectPolicy = SelectPolicy.MAX
    tolerance: float | None = field(default=None, validator=optional(ge(0)))
    """Overrides the controller's tolerance in this direction, from Kubernetes 1.35 on."""


DEFAULT_UP = ScalingRules(
    window=0,
    policies=(
        ScalingPolicy(kind=PolicyKind.PODS, value=4, period=15),
        ScalingPolicy(kind=PolicyKind.PERCENT, value=100, period=15),
    ),
)
DEFAULT_DOWN = ScalingRules(
    window=300, policies=(ScalingPolicy(kind=PolicyKind.PERCENT, value=100, period=15),)
)


@frozen(kw_only=True)
class Behavior:
    """`spec.behavior`; the defaults are what the API server fills in."""

    up: ScalingRules = DEFAULT_UP
    down: ScalingRules = DEFAULT_DOWN


@frozen(kw_only=True)
class HpaSpec:
    """A HorizontalPodAutoscaler, with the settings of its controller."""

    min_replicas: int = field(default=1, validator=ge(0))
    max_replicas: int = field(default=10, validator=gt(0))
    behavior: Behavior | None = Behavior()
    """None is an HPA without the field: 300 s down, and up to the double or to 4 in every sync."""
    tolerance: float = field(default=0.1, validator=ge(0))
    """`--horizontal-pod-autoscaler-tolerance`."""
    form: ToleranceForm = ToleranceForm.RANGE

    @property
    def up_window(self) -> int:
        """Seconds in which the lowest recommendation counts."""
        return self.behavior.up.window if self.behavior else 0

    @property
    def down_window(self) -> int:
        """Seconds in which the highest recommendation counts."""
        return self.behavior.down.window if self.behavior else DEFAULT_DOWN.window

    def tolerates(self, ratio: float) -> bool:
        """Say whether a ratio of usage to target is in the dead zone, with the controller's floats.

        A tolerance of one direction exists in the form `RANGE` only.
        """
        if self.form is ToleranceForm.DISTANCE:
            return abs(1.0 - ratio) <= self.tolerance
        up = down = None
        if self.behavior:
            up, down = self.behavior.up.tolerance, self.behavior.down.tolerance
        above = self.tolerance if up is None else up
        below = self.tolerance if down is None else down
        return 1.0 - below <= ratio <= 1.0 + above
