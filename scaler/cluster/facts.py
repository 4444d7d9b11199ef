"""A scale target at one moment: what is asked for, what serves, what is coming or not. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping

import attrs

from scaler.cluster.objects import Object
from scaler.cluster.pods import LeadTime, Pod

PRIOR = 300
"""Seconds from created to ready, as long as nobody has seen a replica start."""
UNCREATED = 60
"""Seconds for which a replica may have no pod: after that, something such as a quota forbids it."""
NOT_CREATED = "NotCreated"
SLOW = "Slow"
"""Pending for more than twice as long as nine replicas in ten take."""


@attrs.frozen(kw_only=True)
class Scale:
    """A target's `/scale`. `selector` finds one pod for each replica, `present` counts them all.

    `in_turn` says that a pod is made once the one before it is ready, as a StatefulSet does.
    """

    wanted: int
    present: int
    selector: str
    in_turn: bool = False


def understood(item: Object, *, kind: str = "") -> Scale:
    """Understand the scale subresource of a `kind`; 0 is not written down in it."""
    return Scale(
        wanted=item["spec"].get("replicas", 0),
        present=(item.get("status") or {}).get("replicas", 0),
        selector=(item.get("status") or {}).get("selector", ""),
        in_turn=kind == "StatefulSet",
    )


@attrs.frozen(kw_only=True)
class Facts:
    """One look. `pending` are ages in seconds; `stuck` counts by reason, and none of them twice.

    `present` is what the HPA's ratio is of: a rollout's surge counts in it.
    """

    at: int
    wanted: int
    present: int
    ready: int
    pending: tuple[int, ...] = ()
    terminating: int = 0
    stuck: Mapping[str, int] = attrs.field(factory=dict)
    lead_time: LeadTime | None = None

    @property
    def stuck_in_all(self) -> int:
        """Replicas that will not come up by themselves."""
        return sum(self.stuck.values())


def look(
    scale: Scale,
    *,
    pods: Iterable[Pod],
    at: int,
    lead_time: LeadTime | None,
    short_since: int | None,
) -> Facts:
    """Count the pods of a target; `short_since` is when fewer existed than were wanted, and since.

    A rollout's surge is no supply: who reads this counts no more as ready than are wanted.
    """
    present = [each for each in pods if not each.over]
    alive = [each for each in present if not each.terminating]
    pending = [each for each in alive if each.ready_since is None]
    patience = 2 * (lead_time.whole if lead_time else PRIOR)
    stuck = Counter(
        reason for each in pending if (reason := _reason(each, at=at, patience=patience))
    )
    # One that terminates may be what the next one waits for: its quota, its node, its strategy.
    missing = scale.wanted - len(present)
    waits = scale.in_turn and pending
    if missing > 0 and not waits and short_since is not None and at - short_since >= UNCREATED:
        stuck[NOT_CREATED] = missing
    return Facts(
        at=at,
        wanted=scale.wanted,
        present=scale.present,
        ready=len(alive) - len(pending),
        pending=tuple(sorted(at - each.created for each in pending)),
        terminating=len(present) - len(alive),
        stuck=dict(stuck),
        lead_time=lead_time,
    )


def _reason(pod: Pod, *, at: int, patience: int) -> str:
    """Why a pending pod is stuck; empty while it may only be loading."""
    if pod.trouble:
        return pod.trouble
    return SLOW if at - pod.created > max(patience, UNCREATED) else ""
