"""What was decided last, for everyone who answers questions."""

from collections.abc import Iterator

import attrs

from scaler.config.workload import Key, Workload
from scaler.errors import DecisionExpired, UnknownWorkload
from scaler.policy.model import Decision, Knowledge, Readings

Name = tuple[str, str]
"""Namespace and name of a ScaledObject."""


@attrs.frozen(kw_only=True)
class Published:
    """One decision with everything that led to it."""

    workload: Workload
    decision: Decision
    readings: Readings
    knowledge: Knowledge

    def is_current(self, now: int) -> bool:
        """Whether it may be said at `now`: it is no older than `holdFor`, nor of the future.

        A clock that was set back by a step or less is not worth a word.
        """
        spec = self.workload.spec
        return -spec.step <= now - self.decision.at <= spec.hold_for

    def target(self, now: int) -> int | None:
        """The target that may be said at `now`; None where there is none, or no longer."""
        return self.decision.target if self.is_current(now) else None

    def note(self, now: int) -> str:
        """A word on what may be said at `now`; where no target may be, the reason."""
        if self.is_current(now):
            return self.decision.note
        age = now - self.decision.at
        if age > 0:
            return f"the last decision is {age} s old, and holdFor is over"
        return f"the last decision is {-age} s ahead: the clock was set back"


class Board:
    """The newest decision of each workload. One writer (the loop), any number of readers.

    Where metadata change, one ScaledObject is several workloads for a while. What is shown of it is
    the one that was asked for last, or nothing while that has no decision.
    """

    def __init__(self) -> None:
        self._published: dict[Name, dict[Key, Published]] = {}
        self._asked: dict[Name, Key] = {}

    def ask(self, key: Key) -> None:
        """Somebody asks for this workload: from now on its ScaledObject is shown by it."""
        self._asked[key.namespace, key.name] = key

    def shows(self, key: Key) -> bool:
        """Whether no other metadata of this ScaledObject were asked for since."""
        return self._asked.get((key.namespace, key.name), key) == key

    def post(self, published: Published) -> None:
        """Replace what stands for this workload; it is the newest of its ScaledObject."""
        key = published.workload.key
        standing = self._published.setdefault((key.namespace, key.name), {})
        standing.pop(key, None)
        standing[key] = published

    def remove(self, key: Key) -> None:
        """Forget a workload that nobody asks for any more."""
        name = (key.namespace, key.name)
        standing = self._published.get(name, {})
        standing.pop(key, None)
        if not standing:
            self._published.pop(name, None)
        if self._asked.get(name) == key:
            del self._asked[name]

    def latest(self, key: Key) -> Published:
        """What stands for `key`, however old.

        Raises:
            UnknownWorkload: nothing was ever published for it.
        """
        try:
            return self._published[key.namespace, key.name][key]
        except KeyError:
            msg = f"{key}: nothing was decided yet"
            raise UnknownWorkload(msg) from None

    def answer(self, key: Key, *, now: int) -> Published:
        """What can still be said for `key` at `now`; its `decision.target` is a number.

        Raises:
            UnknownWorkload: nothing was ever published for it.
            DecisionExpired: the newest decision is older than `holdFor`, of the future,
                or says nothing.
        """
        published = self.latest(key)
        if published.target(now) is None:
            msg = f"{key}: {published.note(now)}"
            raise DecisionExpired(msg)
        return published

    def named(self, namespace: str, name: str) -> Published | None:
        """What is shown of a ScaledObject; of one that nobody asked for, the newest decision."""
        return self._shown((namespace, name))

    def __iter__(self) -> Iterator[Published]:
        """What is shown of each ScaledObject, in no order; safe while the loop goes on posting."""
        return filter(None, map(self._shown, list(self._published)))

    def _shown(self, name: Name) -> Published | None:
        standing, asked = self._published.get(name, {}), self._asked.get(name)
        if asked is not None:
            return standing.get(asked)
        return next(reversed(standing.values()), None)
