"""One workload's past as it was seen: facts by time, and the replicas that were seen to start."""

from collections import deque
from collections.abc import Sequence

import attrs

from scaler.cluster.facts import Facts, Scale, look
from scaler.cluster.pods import LeadTime, Pod, lead_time

KEPT = 4 * 3600
"""Seconds of facts: what a fold remembers, with room to spare."""
SHOWN = 200
"""Starts that the lead time is learned from, the newest ones."""
AHEAD = 20
"""Seconds by which the first facts may be younger than the tick that they are taken for: who asks
first would otherwise be answered without them."""
WEEK = 7 * 24 * 3600
"""A start that is older shows another model, image or cluster."""


@attrs.define(kw_only=True)
class Followed:
    """What is remembered of one workload. Facts are added in the order of time."""

    _past: deque[Facts] = attrs.field(factory=deque)
    _starts: dict[str, Pod] = attrs.field(factory=dict)
    _helped: set[str] = attrs.field(factory=set)
    """Pods that were in trouble: once ready, they show how long somebody took to help."""
    _short_since: int | None = None

    def see(self, scale: Scale, *, pods: Sequence[Pod], at: int) -> Facts:
        """Take in what is there at `at`."""
        alive = sum(not (each.terminating or each.over) for each in pods)
        if alive >= scale.wanted:
            self._short_since = None
        elif self._short_since is None:
            self._short_since = at
        self._learn(pods, at=at)
        facts = look(
            scale, pods=pods, at=at, lead_time=self.lead_time, short_since=self._short_since
        )
        self._past.append(facts)
        while self._past[0].at < at - KEPT:
            self._past.popleft()
        return facts

    def at(self, at: int, *, within: int) -> Facts | None:
        """The newest facts that are not after `at` and not older than `within` seconds."""
        for facts in reversed(self._past):
            if facts.at <= at:
                return facts if at - facts.at <= within else None
        first = self._past[0] if self._past else None
        if first is None or first.at - at > AHEAD:
            return None
        return attrs.evolve(first, at=at)

    @property
    def last(self) -> Facts | None:
        """The newest facts, however old."""
        return self._past[-1] if self._past else None

    @property
    def lead_time(self) -> LeadTime | None:
        """What the starts show that were seen, and those of the pods that were found."""
        return lead_time(self._starts.values())

    def _learn(self, pods: Sequence[Pod], *, at: int) -> None:
        """Remember who became ready without help. One that was merely slow does teach."""
        troubled = {pod.name for pod in pods if pod.trouble}
        self._helped = (self._helped | troubled) & {pod.name for pod in pods}
        for pod in pods:
            if pod.first_ready is not None and pod.name not in self._helped:
                self._starts.setdefault(pod.name, pod)
        fresh = [each for each in self._starts.values() if (each.first_ready or 0) > at - WEEK]
        newest = sorted(fresh, key=lambda pod: pod.first_ready or 0)[-SHOWN:]
        self._starts = {pod.name: pod for pod in newest}
