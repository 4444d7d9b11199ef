"""Everyone under watch: because somebody asks for it, or because the settings declare it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet

from scaler.config.workload import Key, Workload
from scaler.runtime.fold import Fold
from scaler.runtime.watched import Watched

FORGET_AFTER = 15 * 60
"""Seconds after which a workload that nobody asks for is no longer watched."""


class Watchlist:
    """Workloads under watch, by key. What is done about them is the loop's."""

    def __init__(self) -> None:
        self._watched: dict[Key, Watched] = {}
        self._ticks: defaultdict[int, list[Watched]] = defaultdict(list)
        self._at = 0

    def get(self, key: Key) -> Watched | None:
        """The workload, if it is watched."""
        return self._watched.get(key)

    def add(self, watched: Watched) -> None:
        """Watch it from now on."""
        self._watched[watched.fold.workload.key] = watched
        self._ticks[watched.next_tick].append(watched)

    def keep(self, declared: Collection[Key]) -> None:
        """Watch these whether somebody asks for them or not; those no longer declared may go."""
        for key, watched in self._watched.items():
            watched.declared = key in declared

    def leave(self, *, now: float) -> Sequence[Workload]:
        """Those that nobody asks for any more; they are watched no longer."""
        gone = [
            watched.fold.workload
            for watched in self._watched.values()
            if not watched.declared and now - watched.asked_at > FORGET_AFTER
        ]
        for workload in gone:
            del self._watched[workload.key]
        return gone

    def names(self) -> AbstractSet[tuple[str, str]]:
        """Namespace and name of every ScaledObject that is watched."""
        return {
            (watched.fold.workload.key.namespace, watched.fold.workload.key.name)
            for watched in self._watched.values()
        }

    def due(self, *, at: int) -> Sequence[Watched]:
        """Those whose tick has come by `at`, each once; they count as busy from now on."""
        if at < self._at:
            self._set_back(at)
        self._at = at
        due = []
        for watched in self._come(at):
            if watched.busy:
                # Whoever is busy for longer than a step is looked at as soon as it is not.
                self._ticks[at + 1].append(watched)
                continue
            watched.ticked, watched.busy = watched.fold.last_tick(at), True
            self._ticks[watched.next_tick].append(watched)
            due.append(watched)
        return due

    def _come(self, at: int) -> Sequence[Watched]:
        """Those who waited for a tick up to `at` and are still watched."""
        times = [tick for tick in self._ticks if tick <= at]
        come = [watched for tick in times for watched in self._ticks.pop(tick)]
        return [each for each in come if self._watched.get(each.fold.workload.key) is each]

    def _set_back(self, at: int) -> None:
        """Whose last tick is more than a step ahead of a clock that was set back goes by it now."""
        self._ticks.clear()
        for watched in self._watched.values():
            ahead = watched.ticked - watched.fold.last_tick(at)
            late = ahead > watched.fold.workload.spec.step
            self._ticks[at if late else watched.next_tick].append(watched)

    @property
    def passed(self) -> bool:
        """Whether every declared workload has had its first look."""
        return all(each.looked.is_set() for each in self._watched.values() if each.declared)

    def troubles(self) -> Mapping[Workload, str]:
        """Each workload that waits for an answer of its source, and why; the newest last."""
        return {
            watched.fold.workload: str(watched.fold.trouble or "the first look is not over yet")
            for watched in self._watched.values()
            if watched.fold.trouble or not watched.looked.is_set()
        }

    def folds(self) -> Sequence[Fold]:
        """Of every workload that has had its first look."""
        return [watched.fold for watched in self._watched.values() if watched.looked.is_set()]
