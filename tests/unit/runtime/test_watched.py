"""Newcomers are read together where one read serves them, and each source apart."""

from scaler.runtime.advance import TOGETHER
from scaler.runtime.fold import Fold
from scaler.runtime.watched import Newcomers, Watched
from tests.bench.subjects import workloads

NOW = 1_700_000_000


def newcomers(count: int) -> list[Watched]:
    return [Watched(fold=Fold(workload=each), asked_at=NOW) for each in workloads(count)]


def test_who_waits_longest_is_taken_with_those_of_its_tick() -> None:
    waiting, unseen = Newcomers(), newcomers(200)
    (source,) = {waiting.add(each) for each in unseen}

    taken = waiting.take(source, at=NOW)

    alike = [each for each in unseen if each.fold.last_tick(NOW) == unseen[0].fold.last_tick(NOW)]
    assert alike[:TOGETHER] == taken


def test_everybody_is_taken_once_and_no_read_is_too_large() -> None:
    waiting, unseen = Newcomers(), newcomers(15 * TOGETHER + 200)
    (source,) = {waiting.add(each) for each in unseen}

    taken = list(iter(lambda: waiting.take(source, at=NOW), []))

    assert TOGETHER == max(map(len, taken))
    assert {id(each) for each in unseen} == {id(each) for part in taken for each in part}
    assert len(unseen) == sum(map(len, taken))


def test_a_source_that_nobody_waits_for_gives_nobody() -> None:
    waiting = Newcomers()
    source = waiting.add(newcomers(1)[0])

    assert 1 == len(waiting.take(source, at=NOW))
    assert [] == waiting.take(source, at=NOW)
