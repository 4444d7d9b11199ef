"""What is shown of a ScaledObject: a decision and the trouble that belongs to it."""

from collections.abc import Mapping

from scaler.config.workload import Workload
from scaler.runtime.board import Board
from scaler.serving.operations import Operations, Shown
from scaler.serving.served import MemoryServed
from scaler.telemetry import Telemetry
from tests.unit.serving.published import NOW, published, workload

OLD, NEW = workload(digest="old"), workload(digest="new")
REFUSED = "prometheus: connection refused"


def operations(board: Board, troubles: Mapping[Workload, str]) -> Operations:
    return Operations(
        board=board,
        served=MemoryServed(build="1"),
        telemetry=Telemetry(version="1"),
        now=lambda: NOW,
        unready=str,
        troubles=lambda: troubles,
    )


def shown(board: Board, troubles: Mapping[Workload, str]) -> tuple[str, bool, str] | None:
    """By which metadata, whether with a decision, and with which trouble."""
    made = operations(board, troubles)
    one = made.shown("models", "llama")
    assert list(made.every()) == ([] if one is None else [one])
    return None if one is None else _row(one)


def _row(one: Shown) -> tuple[str, bool, str]:
    return one.workload.key.digest, one.published is not None, one.trouble


def test_what_nobody_asked_for_is_not_shown() -> None:
    assert shown(Board(), {}) is None


def test_trouble_of_other_metadata_is_not_that_of_the_decision_shown() -> None:
    board = Board()
    board.post(published(digest="old"))
    board.ask(OLD.key)
    assert ("old", True, "") == shown(board, {NEW: REFUSED})
    assert ("old", True, REFUSED) == shown(board, {OLD: REFUSED, NEW: "other"})


def test_of_metadata_without_a_decision_the_trouble_is_shown() -> None:
    board = Board()
    board.post(published(digest="old"))
    board.ask(NEW.key)
    assert ("new", False, REFUSED) == shown(board, {OLD: "other", NEW: REFUSED})


def test_of_metadata_that_all_wait_those_asked_last_are_shown() -> None:
    board = Board()
    board.ask(OLD.key)
    assert ("old", False, REFUSED) == shown(board, {OLD: REFUSED, NEW: "other"})
