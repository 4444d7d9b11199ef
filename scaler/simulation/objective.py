"""Keeps the books of a simulated fleet: time and requests over the objective, and replica-hours."""

import math
from collections import defaultdict
from collections.abc import Iterable
from copy import deepcopy
from enum import StrEnum

from attrs import define, field, frozen
from attrs.validators import and_, gt, lt

from scaler.simulation.fleet import Fleet
from scaler.simulation.request import Outcome, Result
from scaler.simulation.spec import FleetSpec
from scaler.simulation.traffic import Traffic

# One slow request of ten is no miss of a p90, whatever 1 - 0.9 is in floats.
_ROUNDING = 1e-9
_UNSERVED = frozenset({Result.TIMED_OUT, Result.REJECTED, Result.FAILED})


class Latency(StrEnum):
    """Which latency the objective is about."""

    TTFT = "ttft"
    """Arrival to first token."""
    E2E = "e2e"
    """Arrival to last token."""


@frozen(kw_only=True)
class Objective:
    """A service level objective: the quantile of a latency stays at or below `seconds`."""

    seconds: float = field(default=2.0, validator=gt(0))
    quantile: float = field(default=0.95, validator=and_(gt(0), lt(1)))
    latency: Latency = Latency.TTFT
    slot: float = field(default=15.0, validator=gt(0))
    """Seconds whose requests are judged together, by when they arrived."""

    def is_missed_by(self, outcome: Outcome) -> bool | None:
        """Say whether an attempt was too slow or not served at all; None if it is too early."""
        if outcome.result in _UNSERVED:
            return True
        seconds = outcome.ttft if self.latency is Latency.TTFT else outcome.age
        pending = outcome.result is Result.UNFINISHED
        if pending and (seconds is None or self.latency is Latency.E2E):
            return True if outcome.age > self.seconds else None
        return seconds is None or seconds > self.seconds


@frozen(kw_only=True)
class Score:
    """How well a fleet served, and what it cost."""

    seconds: float
    """How long it was watched."""
    seconds_over: float
    """Time in slots whose quantile was over the objective."""
    requests: int
    """Attempts that could be judged."""
    requests_over: int
    """Those too slow, or not served at all."""
    unserved: int
    """Those that timed out, were rejected or failed."""
    replica_seconds: float
    """Billed from each replica's creation to its end."""

    @property
    def share_of_time_over(self) -> float:
        """Share of the time over the objective, 0-1."""
        return self.seconds_over / self.seconds if self.seconds else 0.0

    @property
    def share_of_requests_over(self) -> float:
        """Share of the requests over the objective, 0-1."""
        return self.requests_over / self.requests if self.requests else 0.0

    @property
    def replica_hours(self) -> float:
        """Billed hours."""
        return self.replica_seconds / 3600


@define(kw_only=True)
class _Slot:
    requests: int = 0
    over: int = 0
    unserved: int = 0


class Ledger:
    """Collects outcomes from `start` on, slot by slot."""

    def __init__(self, objective: Objective, *, start: float) -> None:
        self._objective = objective
        self._start = start
        self._slots: dict[int, _Slot] = defaultdict(_Slot)

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Enter what ended; requests that arrived before `start` are left out."""
        self._enter(outcomes, slots=self._slots)

    def score(self, fleet: Fleet) -> Score:
        """Return the score as of now, with what the fleet has not finished yet."""
        by_number = deepcopy(self._slots)
        self._enter(fleet.unfinished(), slots=by_number)
        slots = by_number.values()
        seconds = fleet.at - self._start
        return Score(
            seconds=seconds,
            seconds_over=min(seconds, self._objective.slot * sum(map(self._is_over, slots))),
            requests=sum(slot.requests for slot in slots),
            requests_over=sum(slot.over for slot in slots),
            unserved=sum(slot.unserved for slot in slots),
            replica_seconds=fleet.replica_seconds,
        )

    def _enter(self, outcomes: Iterable[Outcome], *, slots: dict[int, _Slot]) -> None:
        for outcome in outcomes:
            missed = self._objective.is_missed_by(outcome)
            if missed is None or outcome.request.at < self._start:
                continue
            slot = slots[int((outcome.request.at - self._start) // self._objective.slot)]
            slot.requests += 1
            slot.over += missed
            slot.unserved += outcome.result in _UNSERVED

    def _is_over(self, slot: _Slot) -> bool:
        allowed = (1.0 - self._objective.quantile) * slot.requests
        return slot.over > allowed + _ROUNDING


def fixed_fleet(
    spec: FleetSpec,
    *,
    replicas: int,
    traffic: Traffic,
    start: float,
    stop: float,
    objective: Objective,
) -> Score:
    """Return how a fleet of constant size would have done: `replicas` ready ones from the start."""
    fleet = Fleet(spec=spec, traffic=traffic, start=start, ready=replicas)
    ledger = Ledger(objective, start=start)
    for second in range(math.floor(start) + 1, math.ceil(stop) + 1):
        ledger.add(fleet.advance(min(second, stop)))
    return ledger.score(fleet)
