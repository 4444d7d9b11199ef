"""A direct scrape remembers hours as they were and a day in steps of five minutes."""

from scaler.signals.memory import KEPT, STEP, Kept, Memory

EVERY = 15
FULL = 7200
BEGIN = 1_700_000_100
"""The end of a step of five minutes."""
DAY = 24 * 3600


def remembered(seconds: int, *, gap: range = range(0)) -> Memory:
    memory = Memory(full=FULL)
    for at in range(BEGIN, BEGIN + seconds + 1, EVERY):
        if at not in gap:
            memory.keep(kept(at))
    return memory


def kept(at: int) -> Kept:
    return Kept(at, str(at).encode())


def test_recent_ticks_are_as_they_were_read() -> None:
    memory = remembered(FULL)
    for at in range(BEGIN, BEGIN + FULL + 1, EVERY):
        assert kept(at) == memory.at(at, fresh_for=0)


def test_a_tick_between_two_is_the_one_before() -> None:
    assert kept(BEGIN + 45) == remembered(60).at(BEGIN + 59, fresh_for=EVERY)


def test_before_the_first_tick_there_is_nothing() -> None:
    assert remembered(60).at(BEGIN - 1, fresh_for=120) is None


def test_an_outage_is_not_filled_in() -> None:
    memory = remembered(3600, gap=range(BEGIN + 600, BEGIN + 1200))
    assert kept(BEGIN + 585) == memory.at(BEGIN + 585 + 120, fresh_for=120)
    assert memory.at(BEGIN + 585 + 121, fresh_for=120) is None
    assert kept(BEGIN + 1200) == memory.at(BEGIN + 1200, fresh_for=120)


def test_at_the_end_of_a_step_thinning_changes_nothing() -> None:
    outage = range(BEGIN + 5 * 3600 - 240, BEGIN + 5 * 3600 + 700)
    fresh, old = remembered(6 * 3600, gap=outage), remembered(KEPT, gap=outage)
    for at in range(BEGIN + 4 * 3600, BEGIN + 6 * 3600 + 1, STEP):
        assert fresh.at(at, fresh_for=120) == old.at(at, fresh_for=120)


def test_a_day_ago_there_is_a_reading_every_five_minutes() -> None:
    memory = remembered(26 * 3600)
    now = BEGIN + 26 * 3600
    for at in range(now - DAY, now - FULL, STEP):
        assert kept(at) == memory.at(at, fresh_for=0)


def test_what_is_kept_is_bounded() -> None:
    memory = remembered(3 * DAY)
    ticks = range(BEGIN, BEGIN + 3 * DAY, EVERY)
    found = {memory.at(tick, fresh_for=0) for tick in ticks} - {None}
    assert len(found) <= (FULL + STEP) // EVERY + KEPT // STEP


def test_what_leaves_the_full_part_at_once_is_thinned_too() -> None:
    memory = remembered(5 * 3600, gap=range(BEGIN + 3600, BEGIN + 4 * 3600))
    found = {memory.at(tick, fresh_for=0) for tick in range(BEGIN, BEGIN + 3600, EVERY)} - {None}
    assert 3600 // STEP + 1 == len(found)


def test_what_a_clock_ahead_of_time_took_is_forgotten() -> None:
    memory = remembered(3 * 3600)
    now = BEGIN + 3600
    assert memory.forget_after(now)
    assert now == memory.newest
    assert kept(now) == memory.at(now + 60, fresh_for=120)
    assert not memory.forget_after(now)
    for at in range(now + EVERY, now + FULL, EVERY):
        memory.keep(kept(at))
    assert kept(now + EVERY) == memory.at(now + EVERY, fresh_for=0)
