import attrs
import pytest

from scaler.config.workload import Workload
from scaler.errors import SignalUnavailable
from scaler.policy.model import Readings
from scaler.runtime.comparison.account import MOST, Comparison
from scaler.runtime.comparison.compare import compare
from scaler.runtime.knowledge import Learning
from tests.unit.runtime.comparison.pasts import SPEC, START, Past, observed, readings

HOUR = 3600
STOP = START + 2 * HOUR


async def compared(past: Past, *, workload: Workload | None = None) -> Comparison:
    return await compare(
        workload or observed(), history=past, learning=Learning(), start=START, stop=STOP
    )


async def test_a_fleet_that_was_too_large_would_have_cost_less_and_served() -> None:
    made = await compared(Past(readings))

    assert 2 * HOUR == made.known_seconds == made.sized_seconds == made.judged_seconds
    assert 20.0 == pytest.approx(made.happened.replica_hours)
    # 4000 / (0.8 * 1000) is 5, and the band keeps one more.
    assert 10.0 <= made.would.replica_hours <= 12.0
    assert (0, 0) == (made.happened.short_seconds, made.would.short_seconds)
    (only,) = made.disagreements
    assert (START, STOP) == (only.start - only.start % 15, only.stop - only.stop % 15)
    assert only.would < only.wanted == 10


async def test_a_fleet_that_was_too_small_was_short_until_help_would_have_been_ready() -> None:
    rise = START + HOUR

    def said(at: int) -> Readings:
        return readings(at, tokens=6500.0 if at >= rise else 3000.0, replicas=5, latency=3.0)

    made = await compared(Past(said))

    assert HOUR == pytest.approx(made.happened.short_seconds, abs=15)
    assert 60 <= made.would.short_seconds <= 300
    assert 2 * HOUR == made.over_seconds
    assert made.would.replica_hours > made.happened.replica_hours
    assert "tokens" in {each.winner for each in made.disagreements}


async def test_where_nobody_knows_the_replicas_nothing_is_counted() -> None:
    def said(at: int) -> Readings:
        return readings(at, replicas=None if at < START + HOUR else 10)

    made = await compared(Past(said))

    assert HOUR == pytest.approx(made.known_seconds, abs=15)
    assert 10.0 == pytest.approx(made.happened.replica_hours, abs=0.1)
    assert all(each.start >= START + HOUR for each in made.disagreements)


async def test_latency_that_was_not_measured_is_not_within_its_objective() -> None:
    made = await compared(Past(lambda at: readings(at, latency=None)))

    assert (0, 0) == (made.judged_seconds, made.over_seconds)


async def test_an_unknown_capacity_says_nothing_of_who_was_short() -> None:
    workload = observed(attrs.evolve(SPEC, prior=None, fixed_capacity=False))
    made = await compared(Past(readings), workload=workload)

    assert made.capacity is None
    assert (0, 0) == (made.sized_seconds, made.happened.short_seconds)


async def test_it_is_warm_before_what_is_compared_and_reads_an_hour_at_a_time() -> None:
    past = Past(readings)
    await compared(past)

    assert min(ticks.start for ticks in past.asked if ticks.step == 15) < START - HOUR / 2
    assert max(len(ticks) for ticks in past.asked if ticks.step == 15) == 240
    assert max(ticks.stop for ticks in past.asked) <= STOP + 15


async def test_knowledge_is_learned_from_the_day_before_it_without_reading_twice() -> None:
    past = Past(readings)
    await compared(past)

    lessons = [at for ticks in past.asked if ticks.step == 300 for at in ticks]
    assert len(set(lessons)) == len(lessons)
    assert min(lessons) <= START - 24 * HOUR


async def test_a_fleet_that_sleeps_is_compared_as_asleep() -> None:
    workload = observed(attrs.evolve(SPEC, min_replicas=0))
    past = Past(lambda at: readings(at, tokens=0.0, replicas=0))
    made = await compared(past, workload=workload)

    assert (0.0, 0.0) == (made.happened.replica_hours, made.would.replica_hours)
    assert () == made.disagreements


async def test_only_the_largest_disagreements_are_told() -> None:
    def said(at: int) -> Readings:
        part = (at - START) // 300
        return readings(at, replicas=10 if part % 2 else 3)

    made = await compared(Past(said))

    sizes = [abs(each.replica_hours) for each in made.disagreements]
    assert MOST == len(sizes)
    assert sorted(sizes, reverse=True) == sizes


async def test_a_source_that_is_away_is_an_error_and_no_comparison() -> None:
    with pytest.raises(SignalUnavailable, match="connection refused"):
        await compared(Past(readings, away=True))
