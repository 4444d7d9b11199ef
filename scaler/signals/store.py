"""The file of the embedded history: one SQLite database, written by one thread in batches.

What was written is on the disk when `write` returns. All that come while one batch is written are
the next batch, so that however many write, they wait for two flushes of the disk at most.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeVar

import structlog

from scaler.errors import ConfigError, Problem, SignalUnavailable
from scaler.signals.meter import Meter

T = TypeVar("T")
Row = tuple[str | int | bytes, ...]

FILE = "forescale.db"
SCHEMA = 1
"""Raised with every change of a table, and of what a reading's or an answer's words mean."""

_APPLICATION = 0x466F7265
_BUSY = 5.0
_PATIENCE = 2.0
"""Seconds that a decision may wait for the disk: it is made of what was read, stored or not."""
_MOST_PENDING = 100_000
_METERED_AS = "state"
_TABLES = """
CREATE TABLE workload (
    id INTEGER PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL, watch TEXT NOT NULL,
    UNIQUE (namespace, name, watch)
);
CREATE TABLE reading (
    workload INTEGER NOT NULL REFERENCES workload, tick INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (workload, tick)
) WITHOUT ROWID;
CREATE TABLE answer (
    id INTEGER PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL,
    decided INTEGER NOT NULL, target INTEGER NOT NULL, active INTEGER NOT NULL,
    winner TEXT NOT NULL, digest TEXT NOT NULL, build TEXT NOT NULL
);
CREATE INDEX answer_of ON answer (namespace, name, at);
"""

_LOG = structlog.get_logger()


class Store:
    """An open database.

    Raises:
        ConfigError: the file is damaged, is not ours or newer than this, or cannot be written.
    """

    def __init__(self, directory: Path, *, meter: Meter) -> None:
        self._connection = _opened(directory)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="state")
        self._meter = meter
        self._turn = asyncio.Lock()
        self._pending: deque[tuple[str, Row]] = deque(maxlen=_MOST_PENDING)
        self._tasks: set[asyncio.Task[None]] = set()
        self._trouble: str | None = None

    async def close(self) -> None:
        """Write what is pending and close the file."""
        await self.write()
        await self._run(self._connection.close)
        self._thread.shutdown(wait=False)

    async def write(self, *statements: tuple[str, Row]) -> None:
        """Execute these; that it failed is logged and counted, and nobody else's trouble."""
        self._pending.extend(statements)
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE), self._turn:
                batch = [self._pending.popleft() for _ in range(len(self._pending))]
                if batch:
                    await self._commit(batch)
                return
        self._note("timeout")

    def write_soon(self, *statements: tuple[str, Row]) -> None:
        """As `write`, without waiting."""
        self._pending.extend(statements)
        task = asyncio.create_task(self.write())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def rows(self, query: str, parameters: Row) -> Sequence[tuple[Any, ...]]:
        """What a query finds.

        Raises:
            SignalUnavailable: the file cannot be read.
        """
        try:
            return await self._run(lambda: self._connection.execute(query, parameters).fetchall())
        except sqlite3.Error as error:
            raise SignalUnavailable(f"the embedded history cannot be read: {error}") from error

    async def _commit(self, batch: Sequence[tuple[str, Row]]) -> None:
        clock = asyncio.get_running_loop().time
        began, trouble = clock(), None
        try:
            await self._run(lambda: _commit(self._connection, batch))
        except sqlite3.Error as error:
            trouble = str(error)
        self._meter.observe(_METERED_AS, clock() - began, trouble and "unwritable")
        self._note(trouble)

    def _note(self, trouble: str | None) -> None:
        """Log a trouble when it changes."""
        if trouble != self._trouble:
            self._trouble = trouble
            if trouble:
                _LOG.error("history_not_written", problem=trouble)
            else:
                _LOG.info("history_written_again")

    async def _run(self, job: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, job)


def _commit(connection: sqlite3.Connection, batch: Sequence[tuple[str, Row]]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement, row in batch:
            connection.execute(statement, row)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _opened(directory: Path) -> sqlite3.Connection:
    path = directory / FILE
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _create(path)
        connection = sqlite3.connect(
            path, timeout=_BUSY, isolation_level=None, check_same_thread=False
        )
        try:
            _prepare(connection, size=path.stat().st_size)
        except BaseException:
            connection.close()
            raise
    except OSError as error:
        raise _problem(path, f"cannot be written: {error.strerror or error}") from error
    except sqlite3.OperationalError as error:
        raise _problem(path, f"cannot be used: {error}") from error
    except sqlite3.DatabaseError as error:
        rule = f"is damaged ({error})"
        hint = f"move {FILE} and {FILE}-wal away to begin with an empty history"
        raise _problem(path, rule, hint=hint) from error
    return connection


def _create(path: Path) -> None:
    """An empty database, whole from the moment that it is there."""
    log = path.with_name(f"{FILE}-wal")
    if log.exists():
        raise _problem(path, f"is missing beside {log.name}", hint="put it back, or move both away")
    fresh = path.with_name(f"{FILE}.new")
    fresh.unlink(missing_ok=True)
    with closing(sqlite3.connect(fresh)) as connection:
        connection.executescript(
            f"PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {SCHEMA}; {_TABLES}"
        )
    fresh.rename(path)


def _prepare(connection: sqlite3.Connection, *, size: int) -> None:
    """Refuse what is not a whole database of ours, and make the rest ready to be written.

    Every commit is flushed: the few milliseconds are this thread's, and power may fail.
    """
    if size == 0:
        raise sqlite3.DatabaseError("it is empty")
    if _pragma(connection, "application_id") != _APPLICATION:
        raise sqlite3.OperationalError("it is not a history of Forescale")
    version = _pragma(connection, "user_version")
    if version != SCHEMA:
        message = f"it was written by another version (schema {version}, this one uses {SCHEMA})"
        raise sqlite3.OperationalError(message)
    if _pragma(connection, "journal_mode = WAL") != "wal":
        raise sqlite3.OperationalError("its file system cannot hold a write-ahead log")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA journal_size_limit = 16777216")
    verdict = _pragma(connection, "quick_check(1)")
    if verdict != "ok":
        raise sqlite3.DatabaseError(str(verdict))
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("ROLLBACK")


def _pragma(connection: sqlite3.Connection, name: str) -> object:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def _problem(path: Path, rule: str, *, hint: str = "") -> ConfigError:
    return ConfigError(Problem(path="state", rule=rule, value=str(path), hint=hint))
