"""The values that flow through a decision.

Times are Unix seconds (int), durations seconds, rates per second, shares between 0 and 1.
"""

from collections.abc import Mapping
from enum import StrEnum

import attrs

from scaler.policy.occasion import Occasion


class Signal(StrEnum):
    """What is watched. Every signal is a total over the workload's pods, or a mean if a share."""

    RUNNING = "running"
    """Requests being served."""
    WAITING = "waiting"
    """Requests queued: the queue depth."""
    TOKENS = "tokens"
    """Prompt and generated tokens per second: throughput, not demand."""
    REQUESTS = "requests"
    """Requests finished per second."""
    REJECTED = "rejected"
    """Requests turned away or given up per second."""
    LATENCY = "latency"
    """The latency quantile that the objective is about, in seconds."""
    UTILIZATION = "utilization"
    """Mean GPU utilization, 0-1."""
    CACHE = "cache"
    """Mean use of the KV cache, 0-1."""
    ACTIVATION = "activation"
    """What waits or arrives at whoever holds requests while nothing runs."""


ALIVE = (Signal.TOKENS, Signal.REQUESTS, Signal.WAITING, Signal.RUNNING)
"""One sample among these, and the engine's metrics have been read; one above 0, and it works."""


class Reason(StrEnum):
    """Why there is no sample."""

    ABSENT = "absent"
    """A good answer without this signal in it."""
    STALE = "stale"
    """The newest sample is older than `staleAfter`."""
    MALFORMED = "malformed"
    """NaN, infinite, negative or absurd."""
    AMBIGUOUS = "ambiguous"
    """Several models or clusters answered where one is meant."""
    IDLE = "idle"
    """No traffic, so there is nothing to measure. Not an outage."""
    SPARSE = "sparse"
    """Too few requests for a quantile that means something. Not an outage."""
    NO_HISTORY = "no_history"
    """Nobody was watching at that time."""


BENIGN = frozenset({Reason.IDLE, Reason.SPARSE})
"""Gaps that say the signal is well and has nothing to report."""


@attrs.frozen(kw_only=True)
class Sample:
    """A measured value, as `measured` lets it pass; taken at `at`."""

    value: float
    at: int


@attrs.frozen(kw_only=True)
class Gap:
    """No value, and why."""

    reason: Reason
    detail: str = ""


Reading = Sample | Gap

ABSURD = 1e15
"""No count and no rate of a fleet comes near; larger values would overflow in sums."""

NOTHING = 1e-9
"""Less than one in thirty years: a rounding error, and dividing by it would overflow."""


def measured(value: float, *, at: int) -> Reading:
    """A sample, or a gap where `value` can be no measurement. Every adapter's values pass here."""
    if NOTHING <= value <= ABSURD:
        return Sample(value=value, at=at)
    if 0 <= value < NOTHING:
        return Sample(value=0.0, at=at)
    return Gap(reason=Reason.MALFORMED, detail=f"{value:g}")


@attrs.frozen(kw_only=True)
class Readings:
    """Everything read for one workload at one tick.

    `wanted` is what the scale target asks for (`spec.replicas`), `ready` what serves, `stuck` what
    will not come up by itself, `stuck_for` how many of these for which reason, as far as that is
    known, `reporting` how many pods the totals were summed over. `counted` is
    false where nobody counts replicas but by the pods that report: fewer of them may be silence.
    """

    at: int
    signals: Mapping[Signal, Reading]
    wanted: Reading
    ready: Reading
    stuck: Reading
    reporting: Reading
    counted: bool = True
    stuck_for: Mapping[str, int] = attrs.field(factory=dict)

    def value(self, signal: Signal) -> float | None:
        """The sample of `signal`, or None where it is a gap or was not asked for."""
        return value_of(self.signals.get(signal))

    @property
    def working(self) -> bool:
        """Whether something is served or waits, as far as is known."""
        return any(self.value(signal) for signal in ALIVE)


def value_of(reading: Reading | None) -> float | None:
    """The value of a sample; None for a gap."""
    return reading.value if isinstance(reading, Sample) else None


@attrs.frozen(kw_only=True)
class Capacity:
    """Work per second that one ready replica sustains inside its objective.

    `lower_bound` is true while the fleet was never seen at its boundary: then the value is the best
    load seen, the real capacity may be higher, and it may hold replicas but not order any.
    """

    value: float
    samples: int = 0
    lower_bound: bool = False


class Belief(StrEnum):
    """How far a forecast is believed, and why."""

    SKILL = "skill"
    """It has proved better than what is measured now."""
    NO_SKILL = "no_skill"
    """Nothing has: its bound is demand as it was with calibrated headroom."""
    COLD = "cold"
    """Too little history to judge, so it has no say."""
    NO_DATA = "no_data"
    """Nothing was measured in the last day, so it has no say."""
    AWAITED = "awaited"
    """It is not back yet after a start: until then nothing is lowered."""
    STALE = "stale"
    """The last one is too old: what is left of it is its calibrated headroom."""
    FAILED = "failed"
    """As `STALE`; the note says what failed."""


@attrs.frozen(kw_only=True)
class Foreseen:
    """What a forecast says of the highest demand ahead; a function of history up to `at`.

    Demand is work per second. `bound` is what the highest demand of the next `window` seconds stays
    within with probability `quantile`, `likely` what it probably is, `usual` the highest seen
    lately and at this time of the days before: `bound` counts up to `1 + max_extra` times that.
    `multiplier` is what was declared of the window, and is part of all three.
    `headroom` is the factor on present demand that has been enough without a forecast. `chosen` are
    the models and their parts in it. None where nothing can be said.
    """

    at: int
    belief: Belief
    used: bool = True
    quantile: float = 0.9
    window: int = 0
    max_extra: float = 0.5
    bound: float | None = None
    likely: float | None = None
    usual: float | None = None
    multiplier: float = 1.0
    headroom: float | None = None
    skill: float | None = None
    coverage: float | None = None
    chosen: tuple[tuple[str, float], ...] = ()
    note: str = ""


@attrs.frozen(kw_only=True)
class Knowledge:
    """What is learned slowly; a function of history up to `at`.

    `outlook` is the forecast's window quantile of demand, in work per second; None without one.
    `forecast` is where that comes from; None where nothing is forecast. `declared` are the events
    of the next days, by when they begin.
    """

    at: int
    capacity: Capacity | None
    tokens_per_request: float | None
    lead_time: int
    outlook: float | None = None
    forecast: Foreseen | None = None
    declared: tuple[Occasion, ...] = ()


@attrs.frozen(kw_only=True)
class Recommendation:
    """What one signal asks for.

    `replicas` is a real number of replicas, None where the signal names none. `holds` forbids going
    below what is wanted now; `agrees` says that one replica less would do. `formula` is over
    `terms`, so that a reader can do the sum by hand.
    """

    signal: str
    replicas: float | None = None
    holds: bool = False
    agrees: bool = False
    formula: str = ""
    terms: Mapping[str, float] = attrs.field(factory=dict)
    note: str = ""


@attrs.frozen(kw_only=True)
class Limit:
    """Something that moved the target: `by` what, from `before` to `after`."""

    by: str
    before: float
    after: float
    detail: str = ""


@attrs.frozen(kw_only=True)
class Decision:
    """The answer for one tick, with its reasons.

    `target` is the number to serve; None when nothing true can be said (`note` says why).
    `winner` names the recommendation or rule that the target comes from. `missing` maps each signal
    that should have been there to the reason why it is not.
    """

    at: int
    target: int | None
    active: bool
    recommendations: tuple[Recommendation, ...] = ()
    winner: str = ""
    limits: tuple[Limit, ...] = ()
    missing: Mapping[str, Reason] = attrs.field(factory=dict)
    note: str = ""


Window = tuple[tuple[int, float], ...]
"""(time, value) pairs, oldest first."""


@attrs.frozen(kw_only=True)
class State:
    """What the fold remembers from tick to tick, and no more.

    `target` is the last fold's own target, before bounds. `marks` are the times at which something
    was last true; `recent` are short windows of readings and recommendations. Each is forgotten
    after a time that the spec bounds, so any two states agree after `memory(spec)`.
    """

    at: int
    target: int | None = None
    marks: Mapping[str, int] = attrs.field(factory=dict)
    recent: Mapping[str, Window] = attrs.field(factory=dict)
