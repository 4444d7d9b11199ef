"""What the loop tells people: counters, trails and log lines."""

import structlog

from scaler.runtime.board import Published
from scaler.runtime.fold import Progress
from scaler.serving.journal import Journal
from scaler.serving.pages.trails import Trails
from scaler.serving.served import MemoryServed
from scaler.telemetry import Telemetry
from tests.unit.serving.published import published, workload


def journal() -> Journal:
    return Journal(
        telemetry=Telemetry(version="1"), served=MemoryServed(build="1"), trails=Trails()
    )


def tell(told: Journal, *decided: Published) -> list[tuple[int | None, int | None]]:
    """From what to what the target changed, by the log."""
    with structlog.testing.capture_logs() as logs:
        for each in decided:
            told.progressed(Progress(published=each, settled=()))
    changes = [line for line in logs if line["event"] == "target_changed"]
    return [(line["before"], line["target"]) for line in changes]


def test_a_target_that_stays_is_told_once() -> None:
    assert [(None, 5), (5, 4)] == tell(
        journal(), published(), published(), published(target=4), published(target=4)
    )


def test_metadata_that_take_turns_are_each_told_once() -> None:
    old, new = published(target=2, digest="old"), published(target=3, digest="new")
    assert [(None, 2), (None, 3)] == tell(journal(), old, new, old, new)


def test_old_metadata_take_nothing_with_them() -> None:
    told = journal()
    tell(told, published(digest="old"), published(digest="new"))
    told.forgotten(workload(digest="old"), alone=False)
    assert {"tokens": 2} == told.telemetry.decisions("models", "llama")
    assert told.trails.of("models", "llama").runs()
    assert [] == tell(told, published(digest="new"))
    assert [(None, 5)] == tell(told, published(digest="old"))


def test_the_last_metadata_take_everything_with_them() -> None:
    told = journal()
    tell(told, published())
    told.forgotten(workload(), alone=True)
    assert {} == told.telemetry.decisions("models", "llama")
    assert [] == told.trails.of("models", "llama").runs()
    assert [(None, 5)] == tell(told, published())
