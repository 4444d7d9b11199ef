"""What was decided last, for everyone who answers questions."""

from collections.abc import Iterator

import attrs

from scaler.config.workload import Key, Workload
from scaler.errors import DecisionExpired, UnknownWorkload
from scaler.policy.model import Decision, Knowledge, Readings


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
        self._published: dict[Key, Published] = {}
        self._asked: dict[tuple[str, str], Key] = {}

    def ask(self, key: Key) -> None:
        """Somebody asks for this workload: from now on its ScaledObject is shown by it."""
        self._asked[key.namespace, key.name] = key

    def shows(self, key: Key) -> bool:
        """Whether no other metadata of this ScaledObject were asked for since."""
        return self._asked.get((key.namespace, key.name), key) == key

    def post(self, published: Published) -> None:
        """Replace what stands for this workload; it is the newest of its ScaledObject."""
        key = published.workload.key
        self._published.pop(key, None)
        self._published[key] = published

    def remove(self, key: Key) -> None:
        """Forget a workload that nobody asks for any more."""
        self._published.pop(key, None)
        name = (key.namespace, key.name)
        if self._asked.get(name) == key:
            del self._asked[name]

    def latest(self, key: Key) -> Published:
        """What stands for `key`, however old.

        Raises:
            UnknownWorkload: nothing was ever published for it.
        """
        try:
            return self._published[key]
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
        asked = self._asked.get((namespace, name))
        if asked is not None:
            return self._published.get(asked)
        for published in reversed(self._published.values()):
            key = published.workload.key
            if key.name == name and key.namespace == namespace:
                return published
        return None

    def __iter__(self) -> Iterator[Published]:
        """What is shown of each ScaledObject, in no order; safe while the loop goes on posting."""
        shown = {
            (key.namespace, key.name): published
            for key, published in self._published.items()
            if self.shows(key)
        }
        return iter(list(shown.values()))
