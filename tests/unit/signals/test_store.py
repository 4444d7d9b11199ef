"""The embedded history's file: whole or refused, and on the disk before anybody goes on."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from scaler.errors import ConfigError, SignalUnavailable
from scaler.signals.store import FILE, SCHEMA, Store
from tests.unit.signals.workloads import FakeMeter

WRITE = "INSERT INTO reading VALUES (1, ?, ?)"
READ = "SELECT tick FROM reading ORDER BY tick"


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Store]:
    store = Store(folder, meter=FakeMeter())
    try:
        yield store
    finally:
        await store.close()


def ticks(folder: Path) -> list[int]:
    """What another process finds."""
    with closing(sqlite3.connect(folder / FILE)) as connection:
        return [tick for (tick,) in connection.execute(READ)]


async def test_what_is_written_is_there_for_the_next_process(tmp_path: Path) -> None:
    async with opened(tmp_path / "deep" / "state") as store:
        await store.write((WRITE, (1, b"one")), (WRITE, (2, b"two")))
        assert [1, 2] == ticks(tmp_path / "deep" / "state")
    async with opened(tmp_path / "deep" / "state") as store:
        assert [(1,), (2,)] == await store.rows(READ, ())


async def test_many_writers_share_a_batch(tmp_path: Path) -> None:
    meter = FakeMeter()
    store = Store(tmp_path, meter=meter)
    await asyncio.gather(*(store.write((WRITE, (tick, b""))) for tick in range(100)))
    assert list(range(100)) == ticks(tmp_path)
    assert 2 >= len(meter.observed)
    await store.close()


async def test_what_is_written_in_the_background_is_written_before_it_closes(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as store:
        store.write_soon((WRITE, (7, b"")))
    assert [7] == ticks(tmp_path)


async def test_a_batch_that_fails_leaves_nothing_of_it_and_costs_nobody_else(
    tmp_path: Path,
) -> None:
    meter = FakeMeter()
    store = Store(tmp_path, meter=meter)
    await store.write((WRITE, (1, b"")), (WRITE, (1, b"")))
    assert [] == ticks(tmp_path)
    await store.write((WRITE, (2, b"")))
    assert [2] == ticks(tmp_path)
    assert ["unwritable", None] == [error for _, error in meter.observed]
    await store.close()


async def test_a_file_that_cannot_be_read_any_more_is_no_answer(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        with pytest.raises(SignalUnavailable, match="the embedded history cannot be read"):
            await store.rows("SELECT nothing FROM nowhere", ())


def contents(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}


def zeros(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    path.write_bytes(content)


def version(number: int) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA user_version = {number}")

    return spoil


def somebody_elses(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE customers (name TEXT)")


def alone(path: Path) -> None:
    path.rename(path.with_name(f"{FILE}-wal"))


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (lambda path: path.write_bytes(b""), "is damaged .it is empty.*move forescale.db"),
        (lambda path: path.write_bytes(b"x" * 5000), "is damaged .file is not a database"),
        (lambda path: path.write_bytes(path.read_bytes()[:6000]), "is damaged"),
        (zeros, "is damaged"),
        (somebody_elses, "it is not a history of Forescale"),
        (version(SCHEMA + 1), "written by another version .schema 2, this one uses 1"),
        (alone, "is missing beside forescale.db-wal"),
    ],
)
async def test_a_file_that_is_not_whole_is_refused_and_left_alone(
    tmp_path: Path, spoil: Callable[[Path], None], rule: str
) -> None:
    async with opened(tmp_path) as store:
        await store.write((WRITE, (1, b"one")))
    spoil(tmp_path / FILE)
    before = contents(tmp_path)
    with pytest.raises(ConfigError, match=f"^state: .*{rule}"):
        Store(tmp_path, meter=FakeMeter())
    assert before.items() <= contents(tmp_path).items()


async def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"^state: cannot be written: "):
        Store(tmp_path / "file" / "state", meter=FakeMeter())


async def test_a_creation_that_was_killed_is_begun_again(tmp_path: Path) -> None:
    (tmp_path / f"{FILE}.new").write_bytes(b"half")
    async with opened(tmp_path) as store:
        assert [] == await store.rows(READ, ())
