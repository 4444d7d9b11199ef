"""Ticks on a grid, each workload in its own second."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from scaler.config.workload import Workload
from scaler.runtime.grid import last_tick, phase
from tests.simulated import asked

WORKLOADS = [asked(f"model-{number}") for number in range(600)]


def test_phases_spread_over_the_interval() -> None:
    slots = Counter(phase(workload) for workload in WORKLOADS)
    assert set(range(15)) == set(slots)
    assert max(slots.values()) <= 60


def test_a_phase_belongs_to_the_name_and_not_to_the_metadata() -> None:
    assert phase(asked("llama")) == phase(asked("llama", queueLimit="7"))


@given(st.sampled_from(WORKLOADS), st.floats(1e9, 2e9))
def test_the_last_tick_is_the_newest_on_the_grid_that_is_not_ahead(
    workload: Workload, at: float
) -> None:
    tick = last_tick(workload, at=at)
    assert tick <= at < tick + workload.spec.step
    assert phase(workload) == tick % workload.spec.step
