"""From the fold's target to the number that is served. Nothing here feeds back into the fold."""

import attrs

from scaler.policy.demand import Supply
from scaler.policy.model import Decision, Limit
from scaler.policy.spec import Mode, Spec


def serve(target: int, *, supply: Supply, spec: Spec) -> tuple[int | None, tuple[Limit, ...]]:
    """`target` with standby, mode and bounds applied, and the limits that moved it.

    None in a mode that must not lower the fleet while nobody knows how large it is.
    """
    if spec.mode is not Mode.ON and supply.present is None:
        return None, ()
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


def keep(decision: Decision, *, at: int | None) -> Decision:
    """`decision` while everything is frozen: the target stays `at`, whatever was decided.

    Where nobody knows at what, there is no target: a number that was decided is not one that was
    kept. The limit is there even if it moves nothing, so that a reader knows.
    """
    if at is None:
        return attrs.evolve(decision, target=None, note="frozen, and what is wanted is not known")
    decided = at if decision.target is None else decision.target
    frozen = Limit(by="freeze", before=decided, after=at, detail=decision.note)
    return attrs.evolve(
        decision, target=at, active=at >= 1, limits=(*decision.limits, frozen), note=""
    )
