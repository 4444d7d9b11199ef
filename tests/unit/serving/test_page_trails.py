import tracemalloc
from itertools import pairwise

import attrs
from hypothesis import given
from hypothesis import strategies as st

from scaler.policy.model import Gap, Reading, Reason, Sample
from scaler.runtime.board import Published
from scaler.serving.pages.trails import KEPT, MINUTE, Run, Trail, Trails
from tests.unit.serving.published import published

START = 1_700_000_040
"""On a minute."""


def at(time: int, target: int | None = 5, *, ready: Reading | None = None) -> Published:
    base = published(at=time, target=target)
    level = ready or Sample(value=3.0, at=time)
    return attrs.evolve(base, readings=attrs.evolve(base.readings, ready=level))


def trail(*points: Published) -> Trail:
    made = Trail()
    for point in points:
        made.add(point)
    return made


def run(first: int, last: int, target: int | None = 5, *, ready: int | None = 3) -> Run:
    """A run from one minute to another, both counted from the start."""
    return Run(
        start=START + first * MINUTE,
        stop=START + (last + 1) * MINUTE,
        target=target,
        wanted=4,
        ready=ready,
    )


def minutes(*targets: int) -> list[Published]:
    return [at(START + i * MINUTE, target) for i, target in enumerate(targets)]


def test_what_stays_the_same_is_one_run() -> None:
    assert [run(0, 3)] == trail(*minutes(5, 5, 5, 5)).runs()


def test_a_change_ends_a_run_where_the_next_begins() -> None:
    assert [run(0, 1), run(2, 2, target=7)] == trail(*minutes(5, 5, 7)).runs()


def test_of_one_minute_the_last_counts() -> None:
    ticks = [at(START + second, target) for second, target in ((0, 5), (15, 9), (30, 6))]
    assert [run(0, 0, target=6)] == trail(*ticks).runs()
    longer = trail(*minutes(5, 5), at(START + MINUTE + 15, 6))
    assert [run(0, 0), run(1, 1, target=6)] == longer.runs()


def test_missing_is_no_number() -> None:
    unknown = at(START, None, ready=Gap(reason=Reason.STALE))
    assert [run(0, 0, target=None, ready=None)] == trail(unknown).runs()


def test_minutes_without_a_decision_are_a_gap() -> None:
    assert [run(0, 0), run(9, 9)] == trail(at(START), at(START + 9 * MINUTE)).runs()


def test_seldom_ticks_are_no_gap() -> None:
    def slow(time: int) -> Published:
        point = at(time)
        spec = attrs.evolve(point.workload.spec, step=300)
        return attrs.evolve(point, workload=attrs.evolve(point.workload, spec=spec))

    assert [run(0, 5)] == trail(slow(START), slow(START + 300)).runs()


def test_only_the_last_hours_are_kept() -> None:
    runs = trail(*minutes(*([5] * 100), *([6] * 400))).runs()
    assert START + 499 * MINUTE - KEPT == runs[0].start
    assert START + 500 * MINUTE == runs[-1].stop


def test_a_clock_that_goes_back_takes_what_was_later_with_it() -> None:
    assert [run(0, 0), run(1, 1, target=8)] == trail(
        *minutes(5, 6, 7), at(START + MINUTE, 8)
    ).runs()


@given(
    st.lists(
        st.tuples(st.integers(-2, 40), st.integers(0, 3), st.none() | st.integers(0, 3)),
        max_size=60,
    )
)
def test_runs_are_in_order_and_none_begins_before_the_last_ends(
    steps: list[tuple[int, int, int | None]],
) -> None:
    made, time = Trail(), START
    for minutes_on, target, ready in steps:
        time += minutes_on * MINUTE
        level = Gap(reason=Reason.STALE) if ready is None else Sample(value=ready, at=time)
        made.add(at(time, target, ready=level))
        last = made.runs()[-1]
        assert (target, ready) == (last.target, last.ready)
        assert time < last.stop <= time + MINUTE
    runs = made.runs()
    assert all(one.start < one.stop for one in runs)
    assert all(one.stop <= other.start for one, other in pairwise(runs))
    assert not runs or runs[0].start >= runs[-1].stop - KEPT - MINUTE


def test_forgotten_trail_is_gone() -> None:
    trails = Trails()
    trails.add(at(START))
    assert START == trails.of("models", "llama").start
    trails.forget("models", "llama")
    assert [] == trails.of("models", "llama").runs()
    assert trails.of("models", "llama").start is None


def test_ten_thousand_workloads_that_change_all_the_time_stay_under_a_hundred_megabytes() -> None:
    points = minutes(*(5 + i % 2 for i in range(400)))
    tracemalloc.start()
    made = trail(*points)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 360 <= len(made.runs()) <= 361
    assert size < 10_000
