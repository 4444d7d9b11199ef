"""Whose tick has come is looked at once, whatever the clock does."""

from scaler.runtime.fold import Fold
from scaler.runtime.watched import Watched
from scaler.runtime.watchlist import FORGET_AFTER, Watchlist
from tests.bench.subjects import workloads

NOW = 1_700_000_000
STEP = 15


def watching(count: int = 1) -> tuple[Watchlist, list[Watched]]:
    """Workloads that were looked at when their last tick came."""
    watchlist = Watchlist()
    everyone = [Watched(fold=Fold(workload=each), asked_at=NOW) for each in workloads(count)]
    for each in everyone:
        each.ticked = each.fold.last_tick(NOW)
        watchlist.add(each)
    return watchlist, everyone


def test_each_is_due_once_a_step() -> None:
    watchlist, everyone = watching(40)
    due = []
    for at in range(NOW + 1, NOW + STEP + 1):
        for each in watchlist.due(at=at):
            assert at == each.fold.last_tick(at)
            each.busy = False
            due.append(each)
    assert {id(each) for each in everyone} == {id(each) for each in due}
    assert len(everyone) == len(due)


def test_after_a_jump_of_the_clock_everybody_is_due_once() -> None:
    watchlist, everyone = watching(40)
    assert len(everyone) == len(watchlist.due(at=NOW + 3600))
    assert [] == watchlist.due(at=NOW + 3600)


def test_who_is_busy_is_due_as_soon_as_it_is_not() -> None:
    watchlist, (one,) = watching()
    one.busy = True
    assert [] == watchlist.due(at=NOW + STEP)
    one.busy = False
    assert [one] == watchlist.due(at=NOW + STEP + 1)


def test_a_clock_that_is_set_back_by_hours_is_followed_at_once_and_one_that_slews_is_not() -> None:
    watchlist, (one,) = watching()
    assert [one] == watchlist.due(at=NOW + STEP)
    one.busy = False
    assert [] == watchlist.due(at=NOW + STEP - 2)
    assert [one] == watchlist.due(at=NOW - 3600)


def test_who_is_forgotten_is_due_no_more() -> None:
    watchlist, (one,) = watching()
    assert [one.fold.workload] == watchlist.leave(now=NOW + FORGET_AFTER + 1)
    assert [] == watchlist.due(at=NOW + STEP)
