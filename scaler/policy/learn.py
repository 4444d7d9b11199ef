"""Slow knowledge from a day of history: what a replica can do, and what a request costs.

No running estimate and no decay: an aligned quantile, so that everyone who reads the same history
knows the same.
"""

from collections.abc import Iterable, Sequence

import attrs

from scaler.policy.demand import COMPLETE
from scaler.policy.model import Capacity, Gap, Knowledge, Readings, Signal, value_of
from scaler.policy.remember import SATURATED_CACHE, work_signal
from scaler.policy.spec import Spec, Vote

LOOKBACK = 24 * 3600
"""Seconds of history that knowledge is learned from."""

STEP = 300
"""Seconds between the samples that are looked at."""

DEFAULT_LEAD_TIME = 300
"""A node takes 2-10 min, loading a model 30 s - 5 min."""

BOUNDARY_QUANTILE = 0.75
"""High, because a replica at its boundary with short prompts shows what it can do."""

SEEN_QUANTILE = 0.95
"""Of the loads seen inside the objective; not the maximum, which one glitch would set."""

PRIOR_WEIGHT = 10
"""Boundary samples that weigh as much as the prior."""

ENOUGH = 3
"""Boundary samples without which, and without a prior, the boundary counts as not met."""

LEAST_OF_PRIOR = 0.5
"""A slow node or an hour of long prompts halves a known capacity at the most."""


@attrs.frozen(kw_only=True)
class _Load:
    """Work per second of one ready replica, whether at the boundary and whether inside."""

    work: float
    boundary: bool
    inside: bool


def learn(history: Sequence[Readings], *, spec: Spec, at: int) -> Knowledge:
    """What `history` (a day up to `at`, any spacing, any gaps) teaches about this workload."""
    loads = [load for readings in history if (load := _load(readings, spec=spec))]
    return Knowledge(
        at=at,
        capacity=_capacity(loads, spec=spec),
        tokens_per_request=_tokens_per_request(history),
        lead_time=prior_lead_time(spec),
    )


def prior_lead_time(spec: Spec) -> int:
    """Seconds from asked for to ready, before any was measured."""
    return min(spec.lead_time or DEFAULT_LEAD_TIME, spec.lead_time_max)


def _load(readings: Readings, *, spec: Spec) -> _Load | None:
    work = readings.value(work_signal(spec))
    ready, reporting = value_of(readings.ready), value_of(readings.reporting)
    serving = reporting if ready is None else ready
    if not work or not serving or reporting is None or reporting < COMPLETE * serving:
        return None
    return _Load(
        work=work / serving,
        boundary=_at_boundary(readings, serving=serving),
        inside=_inside(readings, spec=spec),
    )


def _at_boundary(readings: Readings, *, serving: float) -> bool:
    """As many requests wait as there are replicas, or the KV cache is nearly full.

    One request that waits for a moment is no boundary: a capacity learned from it would be too
    low, the fleet would grow, each replica would do less, and the next one would be lower still.
    """
    waiting = (readings.value(Signal.WAITING) or 0.0) >= serving
    return waiting or (readings.value(Signal.CACHE) or 0.0) >= SATURATED_CACHE


def _inside(readings: Readings, *, spec: Spec) -> bool:
    """Within the objective; also where latency is not looked at or has nothing to say."""
    latency = readings.signals.get(Signal.LATENCY)
    if spec.latency is Vote.OFF or latency is None or isinstance(latency, Gap):
        return True
    return latency.value <= spec.objective


def _capacity(loads: Sequence[_Load], *, spec: Spec) -> Capacity | None:
    if spec.fixed_capacity and spec.prior:
        return Capacity(value=spec.prior)
    inside = [load.work for load in loads if load.inside]
    borne = _quantile(inside, SEEN_QUANTILE) if inside else 0.0
    boundary = [load.work for load in loads if load.boundary and load.inside]
    if spec.prior:
        beyond = [load.work for load in loads if load.boundary and not load.inside]
        return _corrected(spec.prior, boundary=boundary, beyond=beyond, borne=borne)
    if len(boundary) >= ENOUGH:
        level = max(_quantile(boundary, BOUNDARY_QUANTILE), borne)
        return Capacity(value=level, samples=len(boundary))
    return Capacity(value=borne, samples=len(inside), lower_bound=True) if inside else None


def _corrected(
    prior: float, *, boundary: list[float], beyond: list[float], borne: float
) -> Capacity:
    """The prior drawn towards what was seen, and never below what was borne inside the objective.

    Where replicas at the boundary break the objective while they do less than the prior, the prior
    is too high: what they do then is drawn towards instead.
    """
    seen = boundary or [work for work in beyond if work < prior]
    if not seen:
        return Capacity(value=max(prior, borne))
    level = _quantile(seen, BOUNDARY_QUANTILE if boundary else 0.5)
    mixed = (PRIOR_WEIGHT * prior + len(seen) * level) / (PRIOR_WEIGHT + len(seen))
    return Capacity(value=max(mixed, LEAST_OF_PRIOR * prior, borne), samples=len(seen))


def _quantile(values: Iterable[float], share: float) -> float:
    """Linear between the closest ranks (Hyndman and Fan 1996, type 7)."""
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])


def _tokens_per_request(history: Sequence[Readings]) -> float | None:
    pairs = [
        (tokens, requests)
        for readings in history
        if (tokens := readings.value(Signal.TOKENS)) is not None
        and (requests := readings.value(Signal.REQUESTS)) is not None
    ]
    total = sum(requests for _, requests in pairs)
    return sum(tokens for tokens, _ in pairs) / total if total else None
