"""Long work rests, and what is thrown away meanwhile is collected by whoever rests."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from scaler.runtime.turns import WORK, Turn, collect_by_turns, tidy


class Cycle:
    """Refers to itself, so that only the collector can free it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def enabled() -> Iterator[None]:
    """The collector as it was before."""
    yield
    gc.enable()
    gc.unfreeze()


@pytest.mark.looptime
async def test_a_turn_is_over_after_its_time_and_anew_after_a_rest() -> None:
    turn = Turn()
    before = turn.over
    await asyncio.sleep(WORK)
    over = turn.over
    await turn.rest()
    assert (False, True, False) == (before, over, turn.over)


@pytest.mark.usefixtures("enabled")
def test_garbage_is_collected_by_turns_and_only_then() -> None:
    collect_by_turns()
    thrown_away = weakref.ref(Cycle())
    tidy()
    assert thrown_away() is None


def test_who_leaves_the_collector_alone_finds_nothing_frozen() -> None:
    before = gc.get_freeze_count()
    tidy()
    assert before == gc.get_freeze_count()
