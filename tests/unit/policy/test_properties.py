"""Invariants of the fold, on readings that no real fleet would give."""

import math
from collections.abc import Sequence

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.policy.engine import decide, memory, start
from scaler.policy.model import (
    Capacity,
    Decision,
    Gap,
    Knowledge,
    Reading,
    Readings,
    Reason,
    Sample,
    Signal,
    State,
    measured,
)
from scaler.policy.spec import ScalingPolicy, Spec, Unit, Vote
from tests.builders import LEAD_TIME, STEP, knowledge, ticks

VALUES = st.one_of(
    st.floats(min_value=0, max_value=1e4),
    st.sampled_from([0.0, 1e-9, 1e15]),
)
REASONS = st.sampled_from(list(Reason))


def readings_of(
    values: st.SearchStrategy[float], counts: st.SearchStrategy[int]
) -> st.SearchStrategy[Readings]:
    def reading(value: st.SearchStrategy[float]) -> st.SearchStrategy[Reading]:
        sample = value.map(lambda v: measured(float(v), at=0))
        return st.one_of(sample, sample, sample, REASONS.map(lambda r: Gap(reason=r)))

    shares = st.floats(min_value=0, max_value=1)
    per_signal = {
        signal: reading(shares if signal in {Signal.UTILIZATION, Signal.CACHE} else values)
        for signal in Signal
    }
    return st.builds(
        Readings,
        at=st.just(0),
        signals=st.fixed_dictionaries(per_signal),
        wanted=reading(counts),
        ready=reading(counts),
        stuck=reading(st.integers(0, 3)),
        reporting=reading(counts),
        counted=st.booleans(),
    ).map(_as_counted)


def _as_counted(readings: Readings) -> Readings:
    """Where nobody counts replicas, those that report are all that is known of them."""
    if readings.counted:
        return readings
    return attrs.evolve(readings, wanted=readings.reporting, ready=readings.reporting)


READINGS = readings_of(VALUES, st.integers(0, 40))
SPECS = st.builds(
    Spec,
    min_replicas=st.integers(0, 3),
    max_replicas=st.integers(3, 50),
    standby=st.integers(0, 2),
    unit=st.sampled_from(list(Unit)),
    latency=st.sampled_from(list(Vote)),
    utilization=st.sampled_from(list(Vote)),
    scale_up_window=st.sampled_from([0, 30]),
    scale_down_window=st.sampled_from([None, 0, 60]),
    scale_up_policies=st.sampled_from([(), (ScalingPolicy(amount=2, period=30),)]),
    utilization_high_for=st.just(60),
    utilization_low_for=st.just(90),
    idle_after=st.just(60),
    stale_after=st.just(30),
    hold_for=st.just(120),
)
CAPACITIES = st.one_of(
    st.none(),
    st.builds(Capacity, value=st.floats(1, 1e4), lower_bound=st.booleans()),
)
SHORT_LEAD = 60


def at_ticks(history: Sequence[Readings]) -> list[Readings]:
    return [attrs.evolve(r, at=at) for r, at in zip(history, ticks(len(history)), strict=True)]


def fold(
    history: Sequence[Readings], *, known: Knowledge, spec: Spec, state: State | None = None
) -> list[Decision]:
    current = state or start(spec, history[0].at)
    decisions = []
    for readings in history:
        decision, current = decide(readings=readings, knowledge=known, state=current, spec=spec)
        decisions.append(decision)
    return decisions


@given(st.lists(READINGS, min_size=1, max_size=12), SPECS, CAPACITIES)
def test_a_target_is_within_bounds_and_active_exactly_when_there_is_one(
    history: list[Readings], spec: Spec, capacity: Capacity | None
) -> None:
    for decision in fold(at_ticks(history), known=knowledge(capacity=capacity), spec=spec):
        if decision.target is not None:
            assert spec.min_replicas <= decision.target <= spec.max_replicas
            assert decision.active == (decision.target >= 1)


@given(st.lists(READINGS, min_size=1, max_size=12), SPECS, CAPACITIES)
def test_same_history_same_decisions(
    history: list[Readings], spec: Spec, capacity: Capacity | None
) -> None:
    known = knowledge(capacity=capacity)
    assert fold(at_ticks(history), known=known, spec=spec) == fold(
        at_ticks(history), known=known, spec=spec
    )


@given(
    st.lists(READINGS, min_size=1, max_size=8),
    st.lists(READINGS, min_size=2, max_size=6),
    SPECS,
    CAPACITIES,
    st.integers(0, 40),
)
def test_any_two_states_agree_after_memory(
    before: list[Readings],
    pattern: list[Readings],
    spec: Spec,
    capacity: Capacity | None,
    target: int,
) -> None:
    known = attrs.evolve(knowledge(capacity=capacity), lead_time=SHORT_LEAD)
    length = memory(spec, SHORT_LEAD) // STEP + 1
    repeated = (pattern * (length // len(pattern) + 1))[:length]
    history = at_ticks([*before, *repeated])
    scarred = start(spec, history[0].at)
    for readings in history[: len(before)]:
        _, scarred = decide(readings=readings, knowledge=known, state=scarred, spec=spec)
    scarred = attrs.evolve(scarred, target=target)
    later = history[len(before) :]
    fresh = start(spec, later[0].at)
    assert (
        fold(later, known=known, spec=spec, state=fresh)[-1]
        == fold(later, known=known, spec=spec, state=scarred)[-1]
    )


@given(st.lists(READINGS, min_size=1, max_size=12), st.floats(1, 10), SPECS)
def test_more_demand_never_means_fewer_replicas(
    history: list[Readings], factor: float, spec: Spec
) -> None:
    known = knowledge(capacity=Capacity(value=100.0))
    for less, more in zip(
        fold(at_ticks(history), known=known, spec=spec),
        fold(at_ticks([_more(r, factor) for r in history]), known=known, spec=spec),
        strict=True,
    ):
        if less.target is not None:
            assert more.target is not None
            assert more.target >= less.target


def _more(readings: Readings, factor: float) -> Readings:
    scaled = {Signal.TOKENS, Signal.REQUESTS, Signal.WAITING, Signal.RUNNING, Signal.REJECTED}
    signals = {
        signal: attrs.evolve(reading, value=reading.value * factor)
        if signal in scaled and isinstance(reading, Sample)
        else reading
        for signal, reading in readings.signals.items()
    }
    return attrs.evolve(readings, signals=signals)


RUNNING_READINGS = readings_of(VALUES, st.integers(1, 40))


@given(
    st.lists(RUNNING_READINGS, min_size=2, max_size=12),
    SPECS,
    st.sampled_from([Signal.WAITING, Signal.TOKENS]),
)
def test_a_gap_in_demand_never_lowers_the_target_until_hold_for(
    history: list[Readings], spec: Spec, signal: Signal
) -> None:
    spec = attrs.evolve(spec, unit=Unit.TOKENS, hold_for=3600)
    known = knowledge(capacity=Capacity(value=100.0))
    well: dict[Signal, Reading] = {
        signal: Sample(value=50.0, at=0) for signal in Signal if signal != Signal.CACHE
    }
    first = attrs.evolve(history[0], signals=well, wanted=Sample(value=9, at=0))
    rest = [
        attrs.evolve(
            r,
            signals={**r.signals, signal: Gap(reason=Reason.STALE)},
            wanted=Sample(value=9, at=0),
        )
        for r in history[1:]
    ]
    targets = [d.target for d in fold(at_ticks([first, *rest]), known=known, spec=spec)]
    known_targets = [target for target in targets if target is not None]
    assert targets == sorted(known_targets)


@given(st.lists(READINGS, min_size=1, max_size=6), SPECS, CAPACITIES, st.floats())
def test_whatever_a_source_says_the_answer_is_bounded(
    history: list[Readings], spec: Spec, capacity: Capacity | None, said: float
) -> None:
    wild = [attrs.evolve(r, signals={s: measured(said, at=0) for s in r.signals}) for r in history]
    for decision in fold(at_ticks(wild), known=knowledge(capacity=capacity), spec=spec):
        assert decision.target is None or 0 <= decision.target <= spec.max_replicas


@pytest.mark.parametrize("said", [math.nan, math.inf, -math.inf, -1.0, 1e300])
def test_what_can_be_no_measurement_is_a_gap(said: float) -> None:
    assert isinstance(measured(said, at=0), Gap)


def test_the_default_memory_is_bounded_by_minutes_not_hours() -> None:
    assert memory(Spec(), LEAD_TIME) <= 3600
