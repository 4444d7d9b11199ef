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


class Board:
    """The newest decision of each workload. One writer (the loop), any number of readers."""

    def __init__(self) -> None:
        self._published: dict[Key, Published] = {}

    def post(self, published: Published) -> None:
        """Replace what stands for this workload; it counts as the newest of its name."""
        key = published.workload.key
        self._published.pop(key, None)
        self._published[key] = published

    def remove(self, key: Key) -> None:
        """Forget a workload that nobody asks for any more."""
        self._published.pop(key, None)

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
        decision = published.decision
        if not published.is_current(now):
            age = now - decision.at
            msg = (
                f"{key}: the last decision is {age} s old, and holdFor is over"
                if age > 0
                else f"{key}: the last decision is {-age} s ahead: the clock was set back"
            )
            raise DecisionExpired(msg)
        if decision.target is None:
            msg = f"{key}: {decision.note}"
            raise DecisionExpired(msg)
        return published

    def named(self, namespace: str, name: str) -> Published | None:
        """The newest decision on a ScaledObject, whatever its metadata were; None without one."""
        for published in reversed(self._published.values()):
            key = published.workload.key
            if key.name == name and key.namespace == namespace:
                return published
        return None

    def __iter__(self) -> Iterator[Published]:
        """The newest of each ScaledObject, in no order; safe while the loop goes on posting.

        While metadata change, a workload is known under its old and its new key.
        """
        newest = {(key.namespace, key.name): it for key, it in self._published.items()}
        return iter(list(newest.values()))
