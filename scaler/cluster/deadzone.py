"""The HPA's dead zone, and the number that gets a shortage through it. Pure.

An HPA that tolerates 10 % swallows 21 where 20 run. The same number is its ratio and its result, so
nothing but a larger one gets through, and what is larger than wanted is bounded by the zone itself.
"""

from math import floor

import attrs

from scaler.policy.model import Decision, Limit

TICKS = 4
"""Ticks of shortage before more than what is wanted is asked for: a passing one needs no help."""
_ROUNDING = 1e-9


@attrs.frozen(kw_only=True)
class Zone:
    """What the HPA compares with: replicas that are there and asked for, and the tolerance up."""

    present: int
    wanted: int
    tolerance: float

    @property
    def settled(self) -> bool:
        """Whether as many are there as are asked for: else the HPA's two numbers differ."""
        return self.present == self.wanted

    def swallows(self, target: int) -> bool:
        """Whether the HPA would keep what is there although more is wanted."""
        return self.present < target <= self.present * (1 + self.tolerance) + _ROUNDING

    @property
    def heard(self) -> int:
        """The smallest number of replicas that the HPA acts on."""
        return floor(self.present * (1 + self.tolerance) + _ROUNDING) + 1


def is_short(decision: Decision, zone: Zone) -> bool:
    """Whether more is wanted than is there, and the HPA would not hear of it."""
    return (
        decision.target is not None
        and zone.present > 0
        and zone.settled
        and zone.swallows(decision.target)
    )


def snapped(decision: Decision, zone: Zone, *, most: int) -> Decision:
    """`decision` raised to the smallest number that the HPA acts on, `most` at most.

    Only for a decision that is short. Scaling in needs nothing: the HPA holds by itself until
    enough is saved, and a smaller number than wanted is never asked for.
    """
    target = decision.target or 0
    # At its maximum an HPA cuts what it is told, so a number beyond it is heard as the maximum.
    told = zone.heard if most > zone.present else target
    if told <= target:
        return decision
    detail = f"the HPA tolerates {zone.tolerance:g} of {zone.present}"
    limit = Limit(by="hpaTolerance", before=target, after=told, detail=detail)
    return attrs.evolve(decision, target=told, limits=(*decision.limits, limit))
