"""From what a source found to readings: one set of rules for every source.

Values are judged here, at the edge: what is old, ambiguous, absurd or means nothing is a gap with
its reason, and nothing is ever filled in.
"""

import math
from collections.abc import Mapping

import attrs

from scaler.config.workload import Workload
from scaler.policy.model import Gap, Reading, Readings, Reason, Sample, Signal, measured
from scaler.policy.spec import Vote
from scaler.signals.catalog import ROWS
from scaler.signals.quantity import Answer, Fact, Quantity, Windows

MEANINGFUL_REQUESTS = 50
"""A p95 of fewer is decided by one or two of them."""
_SHARES = frozenset({Signal.UTILIZATION, Signal.CACHE, Fact.DEVICES})
_ROUNDING = 1e-6
_NO_SERIES = Gap(reason=Reason.ABSENT)


@attrs.frozen(kw_only=True)
class View:
    """One workload's answer, looked at from one tick."""

    answer: Answer
    workload: Workload
    at: int
    windows: Windows
    _dates: dict[Fact, int | Gap] = attrs.field(factory=dict, init=False)
    """What `taken` found: nearly every quantity asks it again."""

    def raw(self, quantity: Quantity) -> float | Gap:
        """The one value of `quantity` at this tick, unjudged."""
        tracks = self.answer.get(quantity)
        if not tracks:
            return _NO_SERIES
        if len(tracks) == 1:
            return tracks[0].values.get(self.at, _NO_SERIES)
        found = [value for track in tracks if (value := track.values.get(self.at)) is not None]
        if len(found) > 1:
            return Gap(reason=Reason.AMBIGUOUS, detail=self._origins(quantity))
        return found[0] if found else _NO_SERIES

    def _origins(self, quantity: Quantity) -> str:
        found = [track for track in self.answer.get(quantity, ()) if self.at in track.values]
        names = sorted({track.origin or "unnamed" for track in found})
        return f"{len(found)} answers where one is meant: {', '.join(names[:5])}"

    def sample(self, quantity: Quantity, *, dated: Fact | None) -> Reading:
        """The value of `quantity` if it is sound, and as fresh as the quantity `dated` says."""
        value = self.raw(quantity)
        if isinstance(value, Gap):
            return value
        taken = self.at if dated is None else self.taken(dated)
        return taken if isinstance(taken, Gap) else judged(value, quantity, at=taken)

    def taken(self, dated: Fact) -> int | Gap:
        """When the values were taken: the tick itself where nothing tells."""
        known = self._dates.get(dated)
        if known is None:
            known = self._dates[dated] = self._taken(dated)
        return known

    def _taken(self, dated: Fact) -> int | Gap:
        newest = self.raw(dated)
        if isinstance(newest, Gap) or not math.isfinite(newest):
            return self.at
        age = self.at - int(newest)
        if age > max(self.workload.spec.stale_after, self.windows.fresh):
            return Gap(reason=Reason.STALE, detail=f"the newest sample is {age} s old")
        return min(int(newest), self.at)


def assemble(answer: Answer, *, workload: Workload, at: int, windows: Windows) -> Readings:
    """What `answer` says about `workload` at the tick `at`."""
    view = View(answer=answer, workload=workload, at=at, windows=windows)
    per_pod = _has_own_pods(view)
    reporting = _reporting(view) if per_pod else _NO_SERIES
    there = _there(view, reporting)
    wanted = view.sample(Fact.WANTED, dated=Fact.OBJECTS_AT)
    counted = isinstance(wanted, Sample)
    ready = _else(view.sample(Fact.READY, dated=Fact.OBJECTS_AT), there)
    stuck, reasons = _stuck(view, counted=counted)
    return Readings(
        at=at,
        signals=_signals(view),
        wanted=_else(wanted, there),
        ready=ready,
        stuck=stuck,
        reporting=reporting if per_pod else _covered(view, ready),
        counted=counted,
        stuck_for=reasons,
    )


def silenced(readings: Readings, gap: Gap) -> Readings:
    """`readings` with nothing in them but the reason why nothing can be believed."""
    return Readings(
        at=readings.at,
        signals=dict.fromkeys(readings.signals, gap),
        wanted=gap,
        ready=gap,
        stuck=gap,
        reporting=gap,
    )


def judged(value: float, quantity: Quantity, *, at: int) -> Reading:
    """A sample if `value` can be a measurement, and a share where one is due."""
    if quantity not in _SHARES:
        return measured(value, at=at)
    if not 0.0 <= value <= 1.0 + _ROUNDING:
        return Gap(reason=Reason.MALFORMED, detail=f"{value:g} is no share")
    return Sample(value=min(value, 1.0), at=at)


def _signals(view: View) -> dict[Signal, Reading]:
    watch, spec = view.workload.watch, view.workload.spec
    row = ROWS[watch.engine]
    signals = {
        signal: view.sample(signal, dated=Fact.REPORTED_AT)
        for signal in row.signals
        if signal not in watch.queries
    }
    if spec.utilization is not Vote.OFF:
        signals[Signal.UTILIZATION] = _utilization(view)
    if spec.latency is not Vote.OFF:
        signals[Signal.LATENCY] = _latency(view)
    for signal in watch.queries:
        if signal not in (Signal.UTILIZATION, Signal.LATENCY):
            signals[signal] = view.sample(signal, dated=None)
    if watch.activation_query or watch.activation_endpoints:
        signals[Signal.ACTIVATION] = view.sample(Signal.ACTIVATION, dated=None)
    return signals


def _utilization(view: View) -> Reading:
    """The user's own query, else the GPUs as DCGM sees them."""
    if Signal.UTILIZATION in view.workload.watch.queries:
        return view.sample(Signal.UTILIZATION, dated=None)
    return view.sample(Fact.DEVICES, dated=Fact.DEVICES_AT)


def _latency(view: View) -> Reading:
    """NaN is what Prometheus answers for the quantile of nothing: idle, not broken."""
    watch = view.workload.watch
    own = Signal.LATENCY in watch.queries
    value = view.raw(Signal.LATENCY)
    seen = _NO_SERIES if own else view.raw(Fact.REQUESTS_SEEN)
    if not own and watch.latency_metric not in ROWS[watch.engine].latencies:
        detail = f"{watch.engine} does not expose {watch.latency_metric}"
        return Gap(reason=Reason.ABSENT, detail=detail)
    if isinstance(seen, float) and seen < MEANINGFUL_REQUESTS:
        return _too_few(seen, window=view.windows.latency)
    if isinstance(value, float) and math.isnan(value) and isinstance(seen, Gap):
        return Gap(reason=Reason.IDLE)
    return view.sample(Signal.LATENCY, dated=None if own else Fact.REPORTED_AT)


def _too_few(seen: float, *, window: int) -> Gap:
    if round(seen) == 0:
        return Gap(reason=Reason.IDLE, detail=f"no request in {window} s")
    return Gap(reason=Reason.SPARSE, detail=f"{seen:.0f} requests in {window} s")


def _has_own_pods(view: View) -> bool:
    row = ROWS[view.workload.watch.engine]
    return row.own_pods and bool(row.probe)


def _reporting(view: View) -> Reading:
    """How many replicas report. In a good answer no series is a count of none, and a sample."""
    reporting = view.sample(Fact.REPORTING, dated=None)
    if reporting == _NO_SERIES:
        return Sample(value=0.0, at=view.at)
    return reporting


def _covered(view: View, ready: Reading) -> Reading:
    """A frontend's totals, and a user's own, are about all replicas while they are fresh."""
    if not ROWS[view.workload.watch.engine].probe:
        return ready
    seen = view.sample(Fact.REPORTED_AT, dated=Fact.REPORTED_AT)
    return seen if isinstance(seen, Gap) else ready


def _else(counted: Reading, there: Reading) -> Reading:
    """What the cluster says, else the replicas that are there."""
    return counted if isinstance(counted, Sample) or isinstance(there, Gap) else there


def _there(view: View, reporting: Reading) -> Reading:
    """How many replicas there are, by what reports.

    That none does says something only of a workload that is meant to sleep: a fleet that crashed
    looks the same.
    """
    if isinstance(reporting, Sample) and not reporting.value and not view.workload.watch.sleeps:
        return _NO_SERIES
    return reporting


def _stuck(view: View, *, counted: bool) -> tuple[Reading, Mapping[str, int]]:
    """Replicas that will not come up, in all and by reason.

    Only those have a series, so none is 0 where others are counted.
    """
    tracks = [each for each in view.answer.get(Fact.STUCK, ()) if view.at in each.values]
    if not tracks:
        return (Sample(value=0.0, at=view.at) if counted else _NO_SERIES), {}
    if len({track.origin for track in tracks}) > 1:
        return view.sample(Fact.STUCK, dated=None), {}
    reasons = {track.reason: int(track.values[view.at]) for track in tracks}
    return Sample(value=float(sum(reasons.values())), at=view.at), reasons
