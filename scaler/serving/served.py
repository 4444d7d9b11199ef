"""The record of what KEDA was given, as opposed to what would be computed now."""

from collections import deque
from collections.abc import Sequence
from typing import Protocol

import attrs

from scaler.runtime.board import Published

KEPT = 1_000
"""Changes remembered of one workload: a day and a half at one change in two minutes."""


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
    """Remembers what was served."""

    def record(self, published: Published, *, at: int) -> None:
        """KEDA was given this decision at `at`."""
        ...

    def between(self, namespace: str, name: str, *, start: int, stop: int) -> Sequence[Answer]:
        """The answer that stood at `start`, and each change up to `stop`."""
        ...

    def forget(self, namespace: str, name: str) -> None:
        """Nobody asks for this workload any more."""
        ...


class MemoryServed:
    """The record of this process alone, bounded for each workload."""

    def __init__(self, *, build: str) -> None:
        self._build = build
        self._answers: dict[tuple[str, str], deque[Answer]] = {}

    def record(self, published: Published, *, at: int) -> None:
        """KEDA was given this decision at `at`; only a change takes room."""
        decision, key = published.decision, published.workload.key
        if decision.target is None:
            return
        answers = self._answers.setdefault((key.namespace, key.name), deque(maxlen=KEPT))
        said = (decision.target, decision.active, decision.winner, key.digest)
        if answers and _said(answers[-1]) == said:
            return
        answers.append(
            Answer(
                at=at,
                decided=decision.at,
                target=decision.target,
                active=decision.active,
                winner=decision.winner,
                digest=key.digest,
                build=self._build,
            )
        )

    def between(self, namespace: str, name: str, *, start: int, stop: int) -> Sequence[Answer]:
        """The answer that stood at `start`, and each change up to `stop`."""
        answers = [a for a in self._answers.get((namespace, name), ()) if a.at <= stop]
        standing = [answer for answer in answers if answer.at <= start][-1:]
        return [*standing, *(answer for answer in answers if answer.at > start)]

    def forget(self, namespace: str, name: str) -> None:
        """Nobody asks for this workload any more."""
        self._answers.pop((namespace, name), None)


def _said(answer: Answer) -> tuple[int, bool, str, str]:
    return answer.target, answer.active, answer.winner, answer.digest
