"""What each workload's target, wanted and ready replicas were in the last hours, for the charts.

It is what this process published, kept in memory: a picture, not a record. Values that stay the
same take no room, so a workload that changes seldom costs some hundred bytes.
"""

from array import array
from collections.abc import Sequence

import attrs

from scaler.policy.model import Reading, Sample
from scaler.runtime.board import Published

MINUTE = 60
KEPT = 6 * 3600
"""Seconds of a trail: a morning's ramp and the night before it fit on one chart."""

_NOTHING = -1
"""Stands for a missing number of replicas inside the array."""
_ITEMS = 5
"""Integers of a run: first minute, last minute, target, wanted, ready."""


@attrs.frozen(kw_only=True)
class Run:
    """Minutes in which nothing changed, from `start` to `stop`; None is a missing value."""

    start: int
    stop: int
    target: int | None
    wanted: int | None
    ready: int | None


class Trail:
    """One workload's course, a point a minute."""

    __slots__ = ("_runs",)

    def __init__(self) -> None:
        self._runs = array("i")

    def add(self, published: Published) -> None:
        """Take the newest decision in; of one minute, the last counts."""
        values = _values(published)
        minute = published.decision.at // MINUTE
        # A workload that ticks seldom is not gone in between.
        patience = 1 + -(-2 * published.workload.spec.step // MINUTE)
        self._cut(minute)
        self._go_on(minute, values, patience=patience)
        self._forget(minute - KEPT // MINUTE)

    def runs(self) -> Sequence[Run]:
        """What is remembered, oldest first."""
        runs = self._runs
        return [_run(runs[i : i + _ITEMS]) for i in range(0, len(runs), _ITEMS)]

    @property
    def start(self) -> int | None:
        """The oldest time remembered, in Unix seconds."""
        return self._runs[0] * MINUTE if self._runs else None

    def _cut(self, minute: int) -> None:
        """Let go of what was said of this minute and of any later one."""
        runs = self._runs
        while runs and runs[-4] >= minute:
            if runs[-5] < minute:
                runs[-4] = minute - 1
            else:
                del runs[-_ITEMS:]

    def _go_on(self, minute: int, values: "array[int]", *, patience: int) -> None:
        """The last run goes on up to `minute`, or until then; unless there was a gap."""
        runs = self._runs
        same = runs[-3:] == values
        near = bool(runs) and minute - runs[-4] <= patience
        if near:
            runs[-4] = minute if same else minute - 1
        if not (near and same):
            runs.extend((minute, minute, *values))

    def _forget(self, oldest: int) -> None:
        runs = self._runs
        while runs[1] < oldest:
            del runs[:_ITEMS]
        runs[0] = max(runs[0], oldest)


class Trails:
    """The trail of each ScaledObject. One writer (the loop's listener), any number of readers."""

    def __init__(self) -> None:
        self._trails: dict[tuple[str, str], Trail] = {}

    def add(self, published: Published) -> None:
        """A workload was decided on."""
        key = published.workload.key
        name = (key.namespace, key.name)
        trail = self._trails.get(name)
        if trail is None:
            trail = self._trails[name] = Trail()
        trail.add(published)

    def of(self, namespace: str, name: str) -> Trail:
        """The trail of one workload; an empty one where nothing was decided."""
        return self._trails.get((namespace, name)) or Trail()

    def forget(self, namespace: str, name: str) -> None:
        """Nobody asks for this workload any more."""
        self._trails.pop((namespace, name), None)


def _values(published: Published) -> "array[int]":
    target, readings = published.decision.target, published.readings
    shown = _NOTHING if target is None else target
    return array("i", (shown, _whole(readings.wanted), _whole(readings.ready)))


def _whole(reading: Reading) -> int:
    return round(reading.value) if isinstance(reading, Sample) else _NOTHING


def _run(items: Sequence[int]) -> Run:
    first, last, *values = items
    target, wanted, ready = (None if value == _NOTHING else value for value in values)
    return Run(
        start=first * MINUTE,
        stop=(last + 1) * MINUTE,
        target=target,
        wanted=wanted,
        ready=ready,
    )
