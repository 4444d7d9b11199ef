"""What the cluster says to a decision: bounds, floor, freeze, rivals, and the HPA's dead zone.

All of it comes after the fold, and nothing of it feeds back.
"""

import attrs

from scaler.cluster import deadzone
from scaler.cluster.cluster import Cluster
from scaler.cluster.collection import Place
from scaler.cluster.objects import Hpa, ScaledObject
from scaler.config.workload import Workload
from scaler.policy.model import Decision, Limit


class Brakes:
    """Applies what is known of each ScaledObject. Implements the runtime's `Brakes`."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._short_since: dict[Place, int] = {}

    def frozen(self, workload: Workload, *, at: int) -> bool:
        """Whether its owner froze it until later than `at`."""
        known = self._cluster.scaled_object(_place(workload))
        until = known.freeze_until if known else None
        return until is not None and at < until

    def apply(self, decision: Decision, *, workload: Workload) -> Decision:
        """`decision` as the cluster lets it be served."""
        place = _place(workload)
        known = self._cluster.scaled_object(place)
        if decision.target is None:
            return decision
        if known is None:
            return self._snapped(decision, workload=workload, most=workload.spec.max_replicas)
        if rivals := self._cluster.rivals(place):
            return refused(decision, known=known, rivals=rivals)
        return self._snapped(bounded(decision, known), workload=workload, most=known.max_replicas)

    def _snapped(self, decision: Decision, *, workload: Workload, most: int) -> Decision:
        """`decision`, or more once the HPA has not heard of a shortage for a while."""
        place = _place(workload)
        zone = self._zone(workload)
        if zone is None or not deadzone.is_short(decision, zone):
            self._short_since.pop(place, None)
            return decision
        since = self._short_since.setdefault(place, decision.at)
        if decision.at - since < deadzone.TICKS * workload.spec.step:
            return decision
        return deadzone.snapped(decision, zone, most=most)

    def _zone(self, workload: Workload) -> deadzone.Zone | None:
        """The HPA's comparison, where both its tolerance and the replicas are known."""
        place = _place(workload)
        tolerance = _tolerance(self._cluster.hpa(place), workload=workload)
        facts = self._cluster.latest(place, within=workload.spec.stale_after)
        if tolerance is None or facts is None:
            return None
        return deadzone.Zone(present=facts.present, wanted=facts.wanted, tolerance=tolerance)


def _tolerance(hpa: Hpa | None, *, workload: Workload) -> float | None:
    given = workload.watch.hpa_tolerance
    if given is not None:
        return given
    return hpa.tolerance_up if hpa else None


def bounded(decision: Decision, known: ScaledObject) -> Decision:
    """`decision` within the ScaledObject's bounds, and above a floor that still counts."""
    floor = known.floor
    low = floor.replicas if floor and decision.at < floor.until else 0
    number = decision.target or 0
    limits: list[Limit] = []
    for by, after in (
        ("minReplicaCount", max(number, known.min_replicas)),
        ("floor", max(number, known.min_replicas, low)),
        ("maxReplicaCount", min(max(number, known.min_replicas, low), known.max_replicas)),
    ):
        if after != number:
            limits.append(Limit(by=by, before=number, after=after))
        number = after
    active = decision.active or number >= 1
    return attrs.evolve(decision, target=number, active=active, limits=(*decision.limits, *limits))


def refused(decision: Decision, *, known: ScaledObject, rivals: tuple[str, ...]) -> Decision:
    """No target: two HPAs on one target would undo each other's work."""
    also = ", ".join(rivals)
    note = f"{known.target.kind} {known.target.name} is scaled by {also} as well"
    return attrs.evolve(decision, target=None, note=note)


def _place(workload: Workload) -> Place:
    return workload.key.namespace, workload.key.name
