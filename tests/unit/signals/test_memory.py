"""A direct scrape remembers two hours as they were and a day in steps of five minutes."""

from scaler.policy.model import Sample, Signal
from scaler.signals.memory import Memory
from tests.builders import EPOCH, readings

STEP = 15
DAY = 24 * 3600


def remembered(seconds: int, *, gap: range = range(0)) -> Memory:
    memory = Memory()
    for at in range(EPOCH, EPOCH + seconds + 1, STEP):
        if at not in gap:
            memory.keep(readings(at, waiting=float(at - EPOCH)))
    return memory


def test_recent_ticks_are_as_they_were_read() -> None:
    memory = remembered(7200)
    for at in range(EPOCH + STEP, EPOCH + 7201, STEP):
        assert memory.at(at, fresh_for=0) == readings(at, waiting=float(at - EPOCH))


def test_a_tick_between_two_is_the_one_before() -> None:
    found = remembered(60).at(EPOCH + 59, fresh_for=STEP)
    assert found is not None
    assert found.at == EPOCH + 59
    assert found.signals == readings(EPOCH + 45, waiting=45.0).signals


def test_before_the_first_tick_there_is_nothing() -> None:
    assert remembered(60).at(EPOCH - 1, fresh_for=120) is None


def test_an_outage_is_not_filled_in() -> None:
    memory = remembered(3600, gap=range(EPOCH + 600, EPOCH + 1200))
    assert memory.at(EPOCH + 585 + 120, fresh_for=120) is not None
    assert memory.at(EPOCH + 585 + 121, fresh_for=120) is None
    assert memory.at(EPOCH + 1200, fresh_for=120) is not None


def test_a_day_ago_there_is_a_reading_every_five_minutes() -> None:
    memory = remembered(26 * 3600)
    now = EPOCH + 26 * 3600
    for at in range(now - DAY, now - 7200, 300):
        found = memory.at(at, fresh_for=120)
        assert found is not None
        assert at - 300 <= EPOCH + (found.value(Signal.WAITING) or 0) <= at


def test_what_is_kept_is_bounded() -> None:
    memory = remembered(3 * DAY)
    ticks = range(EPOCH, EPOCH + 3 * DAY, STEP)
    assert len(taken(memory, ticks)) <= 2 * 3600 // STEP + 25 * 3600 // 300 + 2


def test_what_leaves_the_full_part_at_once_is_thinned_too() -> None:
    memory = remembered(5 * 3600, gap=range(EPOCH + 3600, EPOCH + 4 * 3600))
    assert len(taken(memory, range(EPOCH, EPOCH + 3600, STEP))) <= 3600 // 300 + 1


def taken(memory: Memory, ticks: range) -> set[int]:
    """When the samples were taken that are found at any of the ticks."""
    found = [memory.at(tick, fresh_for=0) for tick in ticks]
    waiting = [each.signals[Signal.WAITING] for each in found if each is not None]
    return {sample.at for sample in waiting if isinstance(sample, Sample)}
