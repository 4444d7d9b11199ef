"""Stabilization windows and scaling policies, with the HPA's semantics.

Both work on what is *wanted*, a reading, rather than on what was answered before, so the past is
forgotten as the windows move on.
"""

from collections.abc import Callable, Iterable
from math import ceil, floor

from scaler.policy.model import Limit, Window
from scaler.policy.remember import TREND, run
from scaler.policy.situation import Situation
from scaler.policy.spec import ScalingPolicy, Spec
from scaler.policy.window import asof, highest, lowest

EPSILON = 1e-6
"""Keeps 3.0000000001, a sum of rounding errors, from becoming four replicas."""

DEFAULT_DOWN_WINDOW = 300

MOST_PERIODS = 64
"""Doubling this often passes any bound."""


def ceiling(replicas: float) -> int:
    """The one place where a real number of replicas becomes a whole one."""
    return ceil(replicas - EPSILON)


def down_window(spec: Spec, *, lead_time: int) -> int:
    """Seconds that scale-in waits: not to drop what takes a lead time to get back."""
    if spec.scale_down_window is not None:
        return spec.scale_down_window
    return max(DEFAULT_DOWN_WINDOW, lead_time)


def within_windows(wish: float, *, wishes: Window, situation: Situation) -> float:
    """`wish` after both windows: up to the least of the one, down to the most of the other."""
    base = situation.supply.base
    current = wish if base is None else base
    spec, at = situation.spec, situation.at
    up = lowest(wishes, at=at - spec.scale_up_window, default=wish)
    lead_time = situation.knowledge.lead_time
    window = down_window(spec, lead_time=lead_time)
    if not situation.supply.settled:
        window = max(window, TREND)
    down = highest(wishes, at=at - window, default=wish)
    return up if up > current else min(down, current)


def within_policies(
    target: int, *, since: int | None, situation: Situation
) -> tuple[int, Limit | None]:
    """`target` no further from what was wanted than the scaling policies allow.

    `since` is when what is needed and what is wanted parted. Orders may take a lead time to show
    where only running pods are seen, and an HPA with a window of its own follows later; so what is
    allowed counts from what was wanted then, period by period.
    """
    base = situation.supply.base
    if base is None:
        return target, None
    if target > base:
        return _limited(target, _highest_allowed(base, target, since, situation), "scaleUpPolicies")
    allowed = max(target, _lowest_allowed(base, target, since, situation))
    return _limited(target, allowed, "scaleDownPolicies")


def _limited(target: int, allowed: int, by: str) -> tuple[int, Limit | None]:
    if target == allowed:
        return target, None
    return allowed, Limit(by=by, before=target, after=allowed)


def _highest_allowed(base: int, target: int, since: int | None, situation: Situation) -> int:
    spec = situation.spec
    if not spec.scale_up_policies:
        return target
    wanted = situation.state.recent.get("wanted", ())
    allowed = _most_permissive(
        spec.scale_up_policies,
        lambda policy: grow(_least(wanted, situation.at - policy.period, base), policy),
    )
    if since is not None:
        began = asof(wanted, at=since)
        start = min(base, round(began)) if began is not None else base
        elapsed = situation.at - since
        allowed = max(allowed, grow_for(start, spec.scale_up_policies, elapsed=elapsed, to=target))
    return max(base, min(target, allowed))


def _most_permissive(
    policies: Iterable[ScalingPolicy], allow: Callable[[ScalingPolicy], int]
) -> int:
    return max(allow(policy) for policy in policies)


def _least(wanted: Window, at: int, base: int) -> int:
    return round(lowest(wanted, at=at, default=base))


def grow(start: int, policy: ScalingPolicy) -> int:
    """The most that one period of `policy` makes of `start` replicas."""
    if policy.percent:
        return ceil(start * (1 + policy.amount / 100) - EPSILON)
    return start + policy.amount


def grow_for(start: int, policies: Iterable[ScalingPolicy], *, elapsed: int, to: int) -> int:
    """The most that `elapsed` seconds of the most permissive policy make of `start` replicas."""
    return max(_grown(start, policy, elapsed=elapsed, to=to) for policy in policies)


def _grown(start: int, policy: ScalingPolicy, *, elapsed: int, to: int) -> int:
    replicas = start
    for _ in range(min(MOST_PERIODS, 1 + elapsed // policy.period)):
        if replicas >= to:
            break
        replicas = grow(replicas, policy)
    return replicas


def _lowest_allowed(base: int, target: int, since: int | None, situation: Situation) -> int:
    """Never more than is wanted: who else took replicas away has spent what may go."""
    wanted = situation.state.recent.get("wanted", ())
    policies = situation.spec.scale_down_policies
    allowed = [
        shrink(round(highest(wanted, at=situation.at - policy.period, default=base)), policy)
        for policy in policies
    ]
    if since is not None:
        began = asof(wanted, at=since)
        start = max(base, round(began)) if began is not None else base
        elapsed = situation.at - since
        allowed += [_shrunk(start, policy, elapsed=elapsed, to=target) for policy in policies]
    return min(base, min(allowed, default=0))


def _shrunk(start: int, policy: ScalingPolicy, *, elapsed: int, to: int) -> int:
    replicas = start
    for _ in range(min(MOST_PERIODS, 1 + elapsed // policy.period)):
        if replicas <= to:
            break
        replicas = shrink(replicas, policy)
    return replicas


def shrink(start: int, policy: ScalingPolicy) -> int:
    """The least that one period of `policy` leaves of `start` replicas."""
    if policy.percent:
        return floor(start * (1 - policy.amount / 100) + EPSILON)
    return max(0, start - policy.amount)


def apart_since(target: int, *, situation: Situation) -> tuple[dict[str, int], int | None]:
    """The marks with the runs of ticks that need more, or less, than is wanted; when it began.

    What twice the lead time did not bring about is forgotten: it will not be.
    """
    base = situation.supply.base
    marks = dict(situation.state.marks)
    for name, over in (
        ("short", None if base is None else target > base),
        ("surplus", None if base is None else target < base),
    ):
        tolerate = situation.spec.stale_after
        marks = run(marks, name, over=over, at=situation.at, tolerate=tolerate)
    began = marks.get("short", marks.get("surplus"))
    if began is None:
        return marks, None
    return marks, max(began, situation.at - 2 * situation.knowledge.lead_time)
