"""Readings to demand and supply: totals over the whole workload, never means."""

from collections.abc import Mapping
from functools import cached_property

import attrs

from scaler.policy.counting import standing
from scaler.policy.model import Knowledge, Reading, Readings, Signal, State, value_of
from scaler.policy.remember import work_signal
from scaler.policy.spec import Spec, Unit
from scaler.policy.window import TREND, asof, highest, lowest

COMPLETE = 0.9
"""Share of the ready pods that must report before a total may lower the target."""

MOST_EXTRAPOLATION = 2.0
"""A total is never more than doubled for pods that are silent: one pod is no sample of ten."""

REFUSING = 0.01
"""Share of requests refused or given up that is more than people who close a tab."""


@attrs.frozen(kw_only=True)
class Supply:
    """Replicas that serve or have been ordered.

    `standing` is what is wanted, or may still be where nobody counts; None where nobody knows.
    `told` says whether anybody says how many serve: else `ready` is 0 for want of an answer.
    `steady` were ready throughout the last minute, which is what rates look back on. `complete`
    says that enough of the ready pods report for totals to lower the target, `settled` that they do
    so at this very tick.
    """

    standing: int | None
    ready: int
    told: bool
    steady: int
    pending: int
    stuck: int
    complete: bool
    settled: bool
    extrapolate: float
    standby: int

    @property
    def present(self) -> int | None:
        """What the fleet has been asked for, standby included."""
        return self.standing if self.standing is not None else self.ready or None

    @cached_property
    def base(self) -> int | None:
        """What a hold keeps and a step is added to.

        Standby replicas are added after the fold: a hold that kept them would add them again.
        """
        return None if self.present is None else max(0, self.present - self.standby)


@attrs.frozen(kw_only=True)
class Demand:
    """Work arriving, in units of work per second, and requests waiting.

    `rate` is None where throughput is a gap; `per_request` is units of work in one request;
    `growth` is how much of the queue's growth counts, `falling` whether it shrinks.
    """

    rate: float | None
    throughput: float
    growth: float
    falling: bool
    rejected: float
    refusing: bool
    per_request: float | None
    waiting: float | None

    def terms(self) -> Mapping[str, float]:
        """The numbers that `rate` is the sum of."""
        return {
            "throughput": self.throughput,
            "queue_growth": self.growth,
            "rejected": self.rejected,
            "per_request": self.per_request or 0.0,
        }


def supply(readings: Readings, *, state: State, spec: Spec, lead_time: int) -> Supply:
    """Count replicas. Surge pods of a rollout are no supply: never more ready than wanted."""
    wanted = _count(readings.wanted)
    reporting = _count(readings.reporting) or 0
    ready = _count(readings.ready)
    serving = reporting if ready is None else ready
    stuck = _count(readings.stuck) or 0
    steady = _steady(readings, state=state, otherwise=serving)
    share = 1.0 if ready is None else _share(readings, steady=steady, state=state)
    capped = serving if wanted is None else min(serving, wanted)
    held = standing(readings, state=state, spec=spec, lead_time=lead_time)
    return Supply(
        standing=None if held is None else round(held),
        ready=capped,
        steady=min(steady, capped),
        told=ready is not None or value_of(readings.reporting) is not None,
        pending=max(0, (wanted or 0) - capped - stuck),
        stuck=stuck,
        complete=share >= COMPLETE,
        settled=reporting >= COMPLETE * serving,
        extrapolate=min(MOST_EXTRAPOLATION, 1.0 / share) if share else 1.0,
        standby=spec.standby,
    )


def _steady(readings: Readings, *, state: State, otherwise: int) -> int:
    ready = state.recent.get("ready", ())
    return round(lowest(ready, at=readings.at - TREND, default=otherwise))


def _share(readings: Readings, *, steady: int, state: State) -> float:
    """Share of the pods ready throughout the last minute that reported at some time in it.

    Pods and cluster are scraped at different seconds, and rates look back a minute. A pod that was
    scaled in is still ready by the cluster's last word, one that has just come up has not been
    scraped: neither is silent, and its like must not be made up for.
    """
    reporting = state.recent.get("reporting", ())
    reported = highest(reporting, at=readings.at - TREND, default=0.0)
    return min(1.0, round(reported) / steady) if steady else 1.0


def _count(reading: Reading) -> int | None:
    value = value_of(reading)
    return None if value is None else round(value)


def demand(
    readings: Readings, *, supply: Supply, knowledge: Knowledge, state: State, spec: Spec
) -> Demand:
    """Arrivals, not throughput: what is served plus what the queue grows by plus what is refused.

    Throughput saturates at what the fleet can do, so under a growing queue it says nothing about
    how much more is asked for. Refused requests come back, so more than what is served of them is
    not believed.
    """
    served = readings.value(work_signal(spec))
    throughput = (served or 0.0) * supply.extrapolate
    per_request = _work_per_request(readings, knowledge=knowledge, spec=spec)
    waiting = readings.value(Signal.WAITING)
    trend = _trend(readings, state=state) * supply.extrapolate
    growth = _counted(trend, throughput=throughput, per_request=per_request, readings=readings)
    rejected = _believed(readings) * supply.extrapolate
    return Demand(
        rate=None if served is None else throughput + (growth + rejected) * (per_request or 0.0),
        throughput=throughput,
        growth=growth,
        falling=trend < 0.0,
        rejected=rejected,
        refusing=rejected > REFUSING * (readings.value(Signal.REQUESTS) or 0.0),
        per_request=per_request,
        waiting=None if waiting is None else waiting * supply.extrapolate,
    )


def _trend(readings: Readings, *, state: State) -> float:
    """Requests per second by which the queue grows; negative while it shrinks."""
    waiting = readings.value(Signal.WAITING)
    before = asof(state.recent.get("waiting", ()), at=readings.at - TREND)
    if waiting is None or before is None:
        return 0.0
    return (waiting - before) / TREND


def _counted(
    trend: float, *, throughput: float, per_request: float | None, readings: Readings
) -> float:
    """What of the queue's trend is demand.

    A queue that is worked off is throughput without arrivals, and taken from it; but only where it
    is seen that nobody gave up, or clients who time out would look like a queue worked off.
    """
    if trend >= 0.0:
        return trend
    if readings.value(Signal.REJECTED) != 0.0 or not per_request:
        return 0.0
    return max(trend, -throughput / per_request)


def _believed(readings: Readings) -> float:
    """Refused requests per second, with clients that retry capped at what is served."""
    rejected = readings.value(Signal.REJECTED) or 0.0
    served = readings.value(Signal.REQUESTS)
    return rejected if not served else min(rejected, served)


def _work_per_request(readings: Readings, *, knowledge: Knowledge, spec: Spec) -> float | None:
    if spec.unit is Unit.REQUESTS:
        return 1.0
    if knowledge.tokens_per_request:
        return knowledge.tokens_per_request
    tokens, requests = readings.value(Signal.TOKENS), readings.value(Signal.REQUESTS)
    return tokens / requests if tokens and requests else None
