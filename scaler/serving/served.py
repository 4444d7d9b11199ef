"""The record of what KEDA was given, as opposed to what would be computed now."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import attrs

from scaler.runtime.board import Published

KEPT = 14 * 24 * 3600
"""Seconds for which it is known what was served."""
MOST, LEAST, IN_ALL = 1_000, 20, 200_000
"""Changes that a process remembers of one workload, at most a day and a half at one in two minutes;
of each while it remembers so many in all, which is some 30 MB. A store remembers them all."""
AGAIN = 7 * 24 * 3600
"""Seconds after which an answer that stands is recorded again, so that what is old can go."""
SWEEP = 3600


@attrs.frozen(kw_only=True)
class Answer:
    """What was served from `at` on, until the next one. Times are Unix seconds."""

    at: int
    decided: int
    target: int
    active: bool
    winner: str
    digest: str
    build: str


class Served(Protocol):
    """Remembers what was served, for `KEPT` seconds."""

    @property
    def lasting(self) -> bool:
        """Whether the record outlives the process."""
        ...

    def record(self, published: Published, *, at: int) -> None:
        """KEDA was given this decision at `at`. Never waits."""
        ...

    async def between(
        self, namespace: str, name: str, *, start: int, stop: int
    ) -> Sequence[Answer]:
        """The answer that stood at `start`, and each change up to `stop`."""
        ...

    def forget(self, namespace: str, name: str) -> None:
        """Nobody asks for this workload any more; what it was given is still known."""
        ...


class Tables(Protocol):
    """What a record needs of the embedded history's file."""

    def write_soon(self, *statements: tuple[str, tuple[Any, ...]]) -> None:
        """Execute these, without waiting."""
        ...

    async def rows(self, query: str, parameters: tuple[Any, ...]) -> Sequence[tuple[Any, ...]]:
        """What a query finds."""
        ...


class _Changes:
    """Tells an answer that differs from the one before, or goes by other metadata."""

    def __init__(self, *, build: str) -> None:
        self._build = build
        self._newest: dict[tuple[str, str], Answer] = {}

    def change(self, published: Published, *, at: int) -> Answer | None:
        decision, key = published.decision, published.workload.key
        if decision.target is None:
            return None
        before = self._newest.get((key.namespace, key.name))
        said = (decision.target, decision.active, decision.winner, key.digest)
        if before is not None and _said(before) == said and at - before.at < AGAIN:
            return None
        answer = Answer(
            at=at,
            decided=decision.at,
            target=decision.target,
            active=decision.active,
            winner=decision.winner,
            digest=key.digest,
            build=self._build,
        )
        self._newest[key.namespace, key.name] = answer
        return answer

    def forget(self, namespace: str, name: str) -> None:
        self._newest.pop((namespace, name), None)


def _said(answer: Answer) -> tuple[int, bool, str, str]:
    return answer.target, answer.active, answer.winner, answer.digest


class MemoryServed:
    """The record of this process alone, bounded for each workload."""

    lasting = False

    def __init__(self, *, build: str, in_all: int = IN_ALL) -> None:
        self._changes = _Changes(build=build)
        self._in_all = in_all
        self._answers: dict[tuple[str, str], deque[Answer]] = {}
        self._swept = 0

    def record(self, published: Published, *, at: int) -> None:
        """KEDA was given this decision at `at`; only a change takes room."""
        answer = self._changes.change(published, at=at)
        if answer is None:
            return
        key = published.workload.key
        whose = (key.namespace, key.name)
        answers = self._answers.setdefault(whose, deque())
        answers.append(answer)
        most = min(MOST, max(LEAST, self._in_all // len(self._answers)))
        while len(answers) > most:
            answers.popleft()
        if at - self._swept >= SWEEP:
            self._swept = at
            self._sweep(at - KEPT - AGAIN)

    async def between(
        self, namespace: str, name: str, *, start: int, stop: int
    ) -> Sequence[Answer]:
        """The answer that stood at `start`, and each change up to `stop`."""
        answers = [a for a in self._answers.get((namespace, name), ()) if a.at <= stop]
        standing = [answer for answer in answers if answer.at <= start][-1:]
        return [*standing, *(answer for answer in answers if answer.at > start)]

    def forget(self, namespace: str, name: str) -> None:
        """Nobody asks for this workload any more; what it was given is still known."""
        self._changes.forget(namespace, name)

    def _sweep(self, oldest: int) -> None:
        for whose, answers in list(self._answers.items()):
            while answers and answers[0].at <= oldest:
                answers.popleft()
            if not answers:
                del self._answers[whose]


_COLUMNS = "at, decided, target, active, winner, digest, build"
_RECORD = f"INSERT INTO answer (namespace, name, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
_OF = f"SELECT {_COLUMNS} FROM answer WHERE namespace = ? AND name = ?"  # noqa: S608
_STOOD = f"SELECT * FROM ({_OF} AND at <= ? ORDER BY at DESC, id DESC LIMIT 1)"  # noqa: S608
_BETWEEN = f"{_STOOD} UNION ALL SELECT * FROM ({_OF} AND at > ? AND at <= ? ORDER BY at, id)"  # noqa: S608
_DROP = "DELETE FROM answer WHERE at <= ?"


class StoredServed:
    """The record of every process with the same embedded history."""

    lasting = True

    def __init__(self, tables: Tables, *, build: str) -> None:
        self._tables = tables
        self._changes = _Changes(build=build)
        self._swept = 0

    def record(self, published: Published, *, at: int) -> None:
        """KEDA was given this decision at `at`; what a process says first is a change."""
        answer = self._changes.change(published, at=at)
        if answer is None:
            return
        key = published.workload.key
        row = (key.namespace, key.name, *attrs.astuple(answer))
        self._tables.write_soon((_RECORD, row))
        if at - self._swept >= SWEEP:
            self._swept = at
            self._tables.write_soon((_DROP, (at - KEPT - AGAIN,)))

    async def between(
        self, namespace: str, name: str, *, start: int, stop: int
    ) -> Sequence[Answer]:
        """The answer that stood at `start`, and each change up to `stop`.

        Raises:
            SignalUnavailable: the file cannot be read.
        """
        whose = (namespace, name)
        found = await self._tables.rows(_BETWEEN, (*whose, min(start, stop), *whose, start, stop))
        return [_answer(row) for row in found]

    def forget(self, namespace: str, name: str) -> None:
        """Nobody asks for this workload any more; what it was given is still known."""
        self._changes.forget(namespace, name)


def _answer(row: tuple[Any, ...]) -> Answer:
    fields: Mapping[str, Any] = dict(zip(_COLUMNS.split(", "), row, strict=True))
    return Answer(**{**fields, "active": bool(fields["active"])})
