import attrs

from scaler.serving.served import KEPT, MemoryServed
from tests.unit.serving.published import AT, published


def served() -> MemoryServed:
    log = MemoryServed(build="1.2.3")
    for at, target in ((100, 2), (110, 2), (200, 4), (300, 3)):
        log.record(published(target=target), at=at)
    return log


def test_only_changes_are_kept() -> None:
    found = served().between("models", "llama", start=0, stop=1000)
    assert [(100, 2), (200, 4), (300, 3)] == [(answer.at, answer.target) for answer in found]


def test_answer_that_stood_at_the_start_is_part_of_a_time() -> None:
    found = served().between("models", "llama", start=250, stop=299)
    assert [(200, 4)] == [(answer.at, answer.target) for answer in found]


def test_answer_names_the_build_and_the_metadata_it_was_given_by() -> None:
    (answer,) = served().between("models", "llama", start=100, stop=100)
    assert ("1.2.3", "abc", "tokens", AT) == (
        answer.build,
        answer.digest,
        answer.winner,
        answer.decided,
    )


def test_changed_metadata_are_a_change() -> None:
    log = served()
    log.record(published(target=3, digest="new"), at=400)
    assert "new" == log.between("models", "llama", start=400, stop=400)[0].digest


def test_memory_is_bounded() -> None:
    log = MemoryServed(build="1")
    for at in range(3 * KEPT):
        log.record(published(target=at), at=at)
    assert KEPT == len(log.between("models", "llama", start=0, stop=4 * KEPT))


def test_what_was_not_served_is_not_recorded() -> None:
    log = MemoryServed(build="1")
    log.record(attrs.evolve(published(target=None)), at=1)
    assert () == tuple(log.between("models", "llama", start=0, stop=10))


def test_forgotten_workload_is_gone() -> None:
    log = served()
    log.forget("models", "llama")
    assert () == tuple(log.between("models", "llama", start=0, stop=1000))
