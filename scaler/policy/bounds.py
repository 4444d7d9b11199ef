"""From the fold's target to the number that is served. Nothing here feeds back into the fold."""

from scaler.policy.demand import Supply
from scaler.policy.model import Limit
from scaler.policy.spec import Mode, Spec


def serve(target: int, *, supply: Supply, spec: Spec) -> tuple[int, tuple[Limit, ...]]:
    """`target` with standby, mode and bounds applied, and the limits that moved it."""
    limits: list[Limit] = []
    number = target
    steps = (
        ("standby", lambda n: n + spec.standby),
        ("mode", lambda n: _by_mode(n, supply=supply, spec=spec)),
        ("minReplicas", lambda n: max(n, spec.min_replicas)),
        ("maxReplicas", lambda n: min(n, spec.max_replicas)),
    )
    for by, step in steps:
        after = step(number)
        if after != number:
            limits.append(Limit(by=by, before=number, after=after))
        number = after
    return number, tuple(limits)


def _by_mode(number: int, *, supply: Supply, spec: Spec) -> int:
    """What the fleet already has, where we only watch; no less than that, where we only add."""
    if spec.mode is Mode.ON or supply.present is None:
        return number
    return supply.present if spec.mode is Mode.OBSERVE else max(number, supply.present)
