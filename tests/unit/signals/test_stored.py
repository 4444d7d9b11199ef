"""Stored readings are by what is watched, and thinned as memory thins its own."""

import sqlite3
from contextlib import closing
from pathlib import Path

import attrs
import pytest

from scaler.config.workload import SourceKind, Workload
from scaler.policy.model import Readings
from scaler.signals.memory import KEPT, Kept, Memory
from scaler.signals.scrape import ScrapeHistory
from scaler.signals.store import FILE, Store
from scaler.signals.stored import Identity, StoredReadings, identity
from scaler.signals.targets import Targets
from tests.unit.signals.engine_cases import FIRST, STEP, page
from tests.unit.signals.servers import body, serving
from tests.unit.signals.workloads import FakeMeter, make_workload

WHO = Identity(namespace="models", name="llama", watch="12ab")
OTHER = Identity(namespace="models", name="llama", watch="34cd")
BEGIN = 1_700_000_100


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, meter=FakeMeter())


async def test_each_has_its_own(store: Store) -> None:
    stored = StoredReadings(store)
    await stored.keep(WHO, Kept(BEGIN, b"mine"))
    await stored.keep(OTHER, Kept(BEGIN, b"theirs"))
    assert [Kept(BEGIN, b"mine")] == await stored.load(WHO, now=BEGIN)
    await store.close()


async def test_what_a_clock_ahead_of_time_wrote_is_not_read(store: Store) -> None:
    stored = StoredReadings(store)
    await stored.keep(WHO, Kept(BEGIN, b"now"))
    await stored.keep(WHO, Kept(BEGIN + 900, b"ahead"))
    assert [Kept(BEGIN, b"now")] == await stored.load(WHO, now=BEGIN + 899)
    await store.close()


async def test_it_is_thinned_as_memory_is(store: Store) -> None:
    stored, memory = StoredReadings(store), Memory(full=7200)
    for at in range(BEGIN, BEGIN + 9000, 60):
        memory.keep(Kept(at, b""))
        await stored.keep(WHO, Kept(at, b""))
    stored.thin(WHO, until=memory.thinned)
    await store.write()
    loaded = [each.taken for each in await stored.load(WHO, now=BEGIN + 9000)]
    ticks = range(BEGIN, BEGIN + 9000, 60)
    assert [at for at in ticks if memory.at(at, fresh_for=0)] == loaded
    await store.close()


async def test_what_is_older_than_a_day_goes_whoever_it_was_of(
    store: Store, tmp_path: Path
) -> None:
    stored = StoredReadings(store)
    await stored.keep(OTHER, Kept(BEGIN, b"old"))
    await stored.keep(WHO, Kept(BEGIN + KEPT, b"new"))
    await store.write()
    await store.close()
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        assert [(BEGIN + KEPT,)] == connection.execute("SELECT tick FROM reading").fetchall()
        assert [(WHO.watch,)] == connection.execute("SELECT watch FROM workload").fetchall()


def test_a_workload_is_who_it_is_by_what_is_watched() -> None:
    workload = make_workload(source=SourceKind.SCRAPE, endpoints=("http://a/metrics",))
    decided = attrs.evolve(
        workload,
        key=attrs.evolve(workload.key, digest="other"),
        spec=attrs.evolve(workload.spec, queue_limit=7.0),
    )
    watched = make_workload(source=SourceKind.SCRAPE, endpoints=("http://b/metrics",))
    assert identity(workload) == identity(decided)
    assert identity(workload) != identity(watched)


def test_an_identity_is_the_same_in_the_next_version() -> None:
    workload = make_workload(source=SourceKind.SCRAPE, endpoints=("http://a/metrics",), model="m")
    assert "b55d354a51d0" == identity(workload).watch


async def read(history: ScrapeHistory, workload: Workload, ticks: range) -> list[Readings]:
    answer = (await history.read([workload], ticks))[workload]
    assert isinstance(answer, list)
    return answer


async def test_a_scaler_that_restarts_reads_what_it_read_before(tmp_path: Path) -> None:
    told = []
    async with serving(body(page("vllm_v1").encode())) as url:
        workload = make_workload(source=SourceKind.SCRAPE, endpoints=(f"{url}/metrics",))
        for now in (FIRST, FIRST + STEP):
            store = Store(tmp_path, meter=FakeMeter())
            history = ScrapeHistory(
                Targets(meter=FakeMeter()),
                clock=lambda at=now: float(at),  # type: ignore[misc]
                stored=StoredReadings(store),
            )
            told.append(await read(history, workload, range(FIRST - STEP, now + 1, STEP)))
            await history.close()
            await store.close()
    assert told[0] == told[1][:2]
    assert 3 == len(told[1])
