"""KEDA's part around the HPA: it alone goes between 0 and 1, by IsActive and the cooldown."""

from attrs import evolve, field, frozen
from attrs.validators import ge


@frozen(kw_only=True)
class ActivationSpec:
    """What a ScaledObject says about activation; no `idleReplicaCount`, no `fallback`."""

    min_replicas: int = field(default=0, validator=ge(0))
    cooldown: int = field(default=300, validator=ge(0))
    """`cooldownPeriod`: seconds from the last active poll to 0."""
    initial_cooldown: int = field(default=0, validator=ge(0))
    """`initialCooldownPeriod`: seconds from the object's creation to 0, if it was never active."""

    @property
    def hpa_min_replicas(self) -> int:
        """The minimum of the HPA that KEDA creates: never 0."""
        return max(1, self.min_replicas)


@frozen(kw_only=True)
class ActivationState:
    """What the ScaledObject's metadata and status hold."""

    created: float
    last_active: float | None = None
    """`status.lastActiveTime`; None on first contact, and then there is no cooldown."""


def poll(
    active: bool | None,
    *,
    replicas: int,
    at: float,
    spec: ActivationSpec,
    state: ActivationState,
) -> tuple[int, ActivationState]:
    """Return `spec.replicas` after one poll at Unix second `at`, and the status it leaves.

    `active` is what IsActive said, None if asking failed: then nothing changes.
    """
    if active is None:
        return replicas, state
    if active:
        started = replicas or spec.hpa_min_replicas
        return started, evolve(state, last_active=at)
    if spec.min_replicas > 0:
        return max(replicas, spec.min_replicas), state
    return 0 if _is_over(at, spec=spec, state=state) else replicas, state


def _is_over(at: float, *, spec: ActivationSpec, state: ActivationState) -> bool:
    """Say whether the cooldown is over; at its very last second it is not."""
    if state.last_active is None:
        return spec.initial_cooldown == 0 or state.created + spec.initial_cooldown < at
    return state.last_active + spec.cooldown < at
