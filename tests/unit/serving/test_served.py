import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import attrs
import pytest

from scaler.serving.served import AGAIN, KEPT, MOST, MemoryServed, Served, StoredServed
from scaler.signals.store import Store
from tests.unit.serving.published import AT, published
from tests.unit.signals.workloads import FakeMeter


def served() -> MemoryServed:
    log = MemoryServed(build="1.2.3")
    for at, target in ((100, 2), (110, 2), (200, 4), (300, 3)):
        log.record(published(target=target), at=at)
    return log


async def test_only_changes_are_kept() -> None:
    found = await served().between("models", "llama", start=0, stop=1000)
    assert [(100, 2), (200, 4), (300, 3)] == [(answer.at, answer.target) for answer in found]


async def test_answer_that_stood_at_the_start_is_part_of_a_time() -> None:
    found = await served().between("models", "llama", start=250, stop=299)
    assert [(200, 4)] == [(answer.at, answer.target) for answer in found]


async def test_answer_names_the_build_and_the_metadata_it_was_given_by() -> None:
    (answer,) = await served().between("models", "llama", start=100, stop=100)
    assert ("1.2.3", "abc", "tokens", AT) == (
        answer.build,
        answer.digest,
        answer.winner,
        answer.decided,
    )


async def test_changed_metadata_are_a_change() -> None:
    log = served()
    log.record(published(target=3, digest="new"), at=400)
    assert "new" == (await log.between("models", "llama", start=400, stop=400))[0].digest


async def test_memory_is_bounded() -> None:
    log = MemoryServed(build="1")
    for at in range(3 * MOST):
        log.record(published(target=at), at=at)
    assert MOST == len(await log.between("models", "llama", start=0, stop=4 * MOST))


async def test_memory_of_many_together_is_bounded() -> None:
    log, names = MemoryServed(build="1", in_all=500), ("a", "b", "c", "d")
    for at in range(300):
        for name in names:
            log.record(published(name, target=at), at=at)
    kept = [len(await log.between("models", name, start=0, stop=300)) for name in names]
    assert [125, 125, 125, 125] == kept


async def test_what_was_not_served_is_not_recorded() -> None:
    log = MemoryServed(build="1")
    log.record(attrs.evolve(published(target=None)), at=1)
    assert () == tuple(await log.between("models", "llama", start=0, stop=10))


async def test_what_a_forgotten_workload_was_given_is_still_known() -> None:
    log = served()
    log.forget("models", "llama")
    assert 3 == len(await log.between("models", "llama", start=0, stop=1000))


@asynccontextmanager
async def in_memory(_: Path) -> AsyncIterator[Served]:
    yield MemoryServed(build="1")


@asynccontextmanager
async def in_a_file(folder: Path) -> AsyncIterator[Served]:
    store = Store(folder, meter=FakeMeter())
    yield StoredServed(store, build="1")
    await store.close()


@pytest.mark.parametrize("kind", [in_memory, in_a_file])
async def test_what_was_served_is_known_for_two_weeks(
    kind: Callable[[Path], AbstractAsyncContextManager[Served]], tmp_path: Path
) -> None:
    stop = KEPT + 2 * AGAIN
    async with kind(tmp_path) as log:
        log.record(published("once"), at=0)
        for at in range(0, stop + 1, 3600):
            log.record(published(target=2 if at < AGAIN else 3), at=at)
        await asyncio.sleep(0)
        found = await log.between("models", "llama", start=stop - KEPT, stop=stop)
        gone = await log.between("models", "once", start=0, stop=stop)
    assert [3] * (KEPT // AGAIN + 1) == [answer.target for answer in found]
    assert stop - KEPT == found[0].at
    assert [] == list(gone)


async def test_only_a_file_outlives_the_process(tmp_path: Path) -> None:
    async with in_a_file(tmp_path) as log:
        assert log.lasting
    assert not served().lasting


async def test_a_file_tells_what_earlier_processes_served(tmp_path: Path) -> None:
    for at, target in ((100, 2), (200, 4), (300, 4)):
        async with in_a_file(tmp_path) as log:
            log.record(published(target=target), at=at)
            log.record(published(target=target), at=at + 10)
    async with in_a_file(tmp_path) as log:
        found = await log.between("models", "llama", start=150, stop=1000)
        none = await log.between("models", "llama", start=0, stop=99)
    assert [(100, 2), (200, 4), (300, 4)] == [(each.at, each.target) for each in found]
    assert all(each.active is True for each in found)
    assert [] == list(none)
