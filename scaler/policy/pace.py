"""Scaling policies, with the HPA's semantics: at most so many replicas, or percent, a period.

What is allowed counts from what was *wanted*, a reading, at any tick since what is needed and what
is wanted parted. Orders may take a lead time to show where only running pods are seen, and an HPA
with a window of its own follows later; counting from the last answer instead would make the fold
remember for ever.
"""

from collections.abc import Callable, Iterable, Iterator
from math import ceil, floor

from scaler.policy.model import Limit, Window
from scaler.policy.remember import run
from scaler.policy.situation import Situation
from scaler.policy.spec import ScalingPolicy
from scaler.policy.window import between

EPSILON = 1e-6
"""Keeps 22.000000000000004, which is 20 and 10 %, from becoming 23."""

MOST_PERIODS = 64
"""Doubling this often passes any bound."""


def within_policies(
    target: int, *, since: int | None, situation: Situation
) -> tuple[int, Limit | None]:
    """`target` no further from what was wanted than the most permissive policy allows.

    `since` is when what is needed and what is wanted parted; None where they have not.
    """
    base = situation.supply.base
    if base is None:
        return target, None
    if target > base:
        allowed = _highest_allowed(base, target, since, situation)
        return _limited(target, allowed, "scaleUpPolicies")
    allowed = max(target, _lowest_allowed(base, target, since, situation))
    return _limited(target, allowed, "scaleDownPolicies")


def _limited(target: int, allowed: int, by: str) -> tuple[int, Limit | None]:
    if target == allowed:
        return target, None
    return allowed, Limit(by=by, before=target, after=allowed)


def _highest_allowed(base: int, target: int, since: int | None, situation: Situation) -> int:
    policies = situation.spec.scale_up_policies
    reached = (
        _after(start, policy, step=grow, elapsed=elapsed, done=lambda n: n >= target)
        for policy in policies
        for elapsed, start in _starts(policy, base, since, situation, pick=min)
    )
    return max(base, min(target, max(reached, default=target)))


def _lowest_allowed(base: int, target: int, since: int | None, situation: Situation) -> int:
    """Never more than is wanted: who else took replicas away has spent what may go."""
    policies = situation.spec.scale_down_policies
    reached = (
        _after(start, policy, step=shrink, elapsed=elapsed, done=lambda n: n <= target)
        for policy in policies
        for elapsed, start in _starts(policy, base, since, situation, pick=max)
    )
    return min(base, min(reached, default=0))


def _starts(
    policy: ScalingPolicy,
    base: int,
    since: int | None,
    situation: Situation,
    *,
    pick: Callable[[Iterable[float]], float],
) -> Iterator[tuple[int, int]]:
    """Where counting may start: seconds ago, and the least (or most) wanted in the period before.

    All ticks count, because somebody else may have scaled in between. A tick whose start is not
    further on than an earlier one's gets nowhere that the earlier one does not.
    """
    at = situation.at
    first = at if since is None else since
    wanted = _with_present(situation.state.recent.get("wanted", ()), base, (first, at))
    ticks = between(wanted, first=first, last=at)
    if ticks and len({*_values(between(wanted, first=ticks[0][0] - policy.period, last=at))}) == 1:
        # Nobody scaled, as nearly always: no tick's start is further on than the first one's.
        ticks = ticks[:1]
    furthest: float | None = None
    for tick, _ in ticks:
        start = pick(_values(between(wanted, first=tick - policy.period, last=tick)))
        if furthest is None or (start != furthest and pick((start, furthest)) == furthest):
            furthest = start
            yield at - tick, round(start)


def _with_present(wanted: Window, base: int, ticks: tuple[int, int]) -> Window:
    """`wanted` up to the last of `ticks`, also where nobody has said since the first of them.

    What was added before it counts.
    """
    newest = wanted[-1][0] if wanted else -1
    return (*wanted, *((tick, float(base)) for tick in dict.fromkeys(ticks) if tick > newest))


def _values(window: Window) -> list[float]:
    return [value for _, value in window]


def _after(
    start: int,
    policy: ScalingPolicy,
    *,
    step: Callable[[int, ScalingPolicy], int],
    elapsed: int,
    done: Callable[[int], bool],
) -> int:
    """What the periods begun within `elapsed` seconds make of `start`, or enough to be done."""
    replicas = start
    for _ in range(min(MOST_PERIODS, 1 + elapsed // policy.period)):
        if done(replicas):
            break
        replicas = step(replicas, policy)
    return replicas


def grow(start: int, policy: ScalingPolicy) -> int:
    """The most that one period of `policy` makes of `start` replicas."""
    if policy.percent:
        return ceil(start * (1 + policy.amount / 100) - EPSILON)
    return start + policy.amount


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
