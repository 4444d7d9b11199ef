"""What stands on the board, and how long it may be said."""

import attrs
import pytest

from scaler.errors import DecisionExpired, UnknownWorkload
from scaler.policy.model import Decision
from scaler.runtime.board import Board, Published
from tests.builders import EPOCH, knowledge, readings
from tests.simulated import asked

WORKLOAD = asked(holdFor="10m")
HOLD_FOR = 600


def published(target: int | None = 3, *, at: int = EPOCH, note: str = "") -> Published:
    return Published(
        workload=WORKLOAD,
        decision=Decision(at=at, target=target, active=True, note=note),
        readings=readings(at),
        knowledge=knowledge(),
    )


def test_what_was_posted_last_is_answered() -> None:
    board = Board()
    board.post(published(3))
    board.post(published(5, at=EPOCH + 15))
    assert 5 == board.answer(WORKLOAD.key, now=EPOCH + 20).decision.target


def test_nothing_is_known_of_what_was_never_posted_or_was_removed() -> None:
    board = Board()
    with pytest.raises(UnknownWorkload, match="default/llama: nothing was decided yet"):
        board.latest(WORKLOAD.key)
    board.post(published())
    board.remove(WORKLOAD.key)
    with pytest.raises(UnknownWorkload):
        board.answer(WORKLOAD.key, now=EPOCH)


def test_a_decision_ages_and_is_said_no_longer_than_hold_for() -> None:
    board = Board()
    board.post(published())
    assert 3 == board.answer(WORKLOAD.key, now=EPOCH + HOLD_FOR).decision.target
    with pytest.raises(DecisionExpired, match="601 s old, and holdFor is over"):
        board.answer(WORKLOAD.key, now=EPOCH + HOLD_FOR + 1)
    assert 3 == board.latest(WORKLOAD.key).decision.target


def test_a_decision_of_the_future_is_said_no_more_once_it_is_more_than_a_step_ahead() -> None:
    board = Board()
    board.post(published())
    step = WORKLOAD.spec.step
    assert 3 == board.answer(WORKLOAD.key, now=EPOCH - step).decision.target
    with pytest.raises(DecisionExpired, match=r"16 s ahead: the clock was set back"):
        board.answer(WORKLOAD.key, now=EPOCH - step - 1)


def test_a_decision_that_says_nothing_is_answered_with_its_note() -> None:
    board = Board()
    board.post(published(None, note="no demand signal for 1800 s (holdFor)"))
    with pytest.raises(DecisionExpired, match="no demand signal for 1800 s"):
        board.answer(WORKLOAD.key, now=EPOCH)


CHANGED = asked(holdFor="20m")


def both() -> Board:
    """A ScaledObject whose metadata were changed: 4 by the old ones, 7 by the new."""
    board = Board()
    board.post(attrs.evolve(published(7), workload=CHANGED))
    board.post(published(4))
    return board


def shown(board: Board) -> list[int | None]:
    named = board.named("default", "llama")
    listed = [one.decision.target for one in board]
    assert listed == ([] if named is None else [named.decision.target])
    return listed


def test_a_scaled_object_nobody_asked_for_is_shown_by_what_was_posted_last() -> None:
    board = both()
    board.post(attrs.evolve(published(9), workload=CHANGED))
    assert [9] == shown(board)


def test_a_scaled_object_is_shown_by_what_was_asked_last_whatever_is_posted_later() -> None:
    board = both()
    board.ask(CHANGED.key)
    board.post(published(5))
    assert [7] == shown(board)
    board.ask(WORKLOAD.key)
    board.post(attrs.evolve(published(9), workload=CHANGED))
    assert [5] == shown(board)


def test_a_decision_by_other_metadata_is_not_shown_for_what_has_none() -> None:
    board = Board()
    board.ask(WORKLOAD.key)
    board.post(published(4))
    board.ask(CHANGED.key)
    assert [] == shown(board)
    assert not board.shows(WORKLOAD.key)


def test_what_was_asked_last_and_removed_leaves_the_place_to_what_is_there() -> None:
    board = both()
    board.ask(CHANGED.key)
    board.remove(CHANGED.key)
    assert [4] == shown(board)
