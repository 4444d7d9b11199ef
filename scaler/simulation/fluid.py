"""A fleet whose requests are a fluid: days of traffic in a second or two.

`Fleet` plays every iteration of every request; this one plays steps of seconds. A replica serves
up to its capacity, what is more waits in its own queue, and arrivals go where the queue is
shortest. Waiting time follows from the queue, because a replica works off its queue in order and at
a constant rate. A test holds it against `Fleet` on the same traffic.
"""

import math
from bisect import bisect_left
from collections import deque
from collections.abc import Sequence

from attrs import define, field, frozen

from scaler.simulation.histogram import TTFT_EDGES
from scaler.simulation.mean_engine import MeanEngine
from scaler.simulation.shares import shares
from scaler.simulation.spec import FleetSpec
from scaler.simulation.traffic import CHAT, Lengths

_PARTS = 4
"""Arrivals of one step at one replica that has a queue are entered in so many parts."""

_NOTHING = 1e-9


@define(kw_only=True, eq=False)
class _Replica:
    created: float
    ready_at: float
    waiting: float = 0.0
    rate: float = 0.0
    """Requests per second served in the last step."""
    stopped: float = math.inf


@frozen(kw_only=True)
class Flow:
    """What became of the requests that arrived in one step."""

    arrived: float
    over: float
    """Those whose first token comes later than the objective, or never."""
    unserved: float
    """Those who give up waiting, whose replica is stopped too early, or who find none."""


@frozen(kw_only=True)
class FluidSnapshot:
    """What exporters see of the fleet. Counts of requests are fractions here."""

    at: float
    wanted: int
    ready: int
    """Replicas that take requests."""
    running: float
    waiting: float
    rate: float
    """Requests per second served in the last step."""
    completed: float
    """Requests, since the start."""
    aborted: float
    """Requests given up, since the start."""
    cache: float
    """Mean use of the KV cache of ready replicas, 0-1."""
    utilization: float
    """Mean share of the time in which a ready replica runs anything, 0-1."""
    ttft: tuple[float, ...]
    """Requests by time to first token since the start, cumulative over `TTFT_EDGES` and inf."""


@define(kw_only=True, eq=False)
class FluidFleet:
    """One model's replicas under the scale subresource; time moves by `step`.

    Clients wait `spec.clients.timeout` and do not come again. With no ready replica, what arrives
    is lost: nobody holds requests here.
    """

    spec: FleetSpec
    objective: float
    """Seconds to the first token."""
    at: float
    lengths: Lengths = CHAT
    replica_seconds: float = 0.0
    """Billed from each replica's creation to its end."""
    engine: MeanEngine = field(init=False)
    _replicas: list[_Replica] = field(factory=list)
    """In the order of creation."""
    _created: int = 0
    _completed: float = 0.0
    _aborted: float = 0.0
    _counts: list[float] = field(factory=lambda: [0.0] * (len(TTFT_EDGES) + 1))
    _leaving: deque[tuple[float, float]] = field(factory=deque)
    """(time, requests): who waits in vain, and until when."""
    _capacity: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Work out once what an engine does."""
        self.engine = MeanEngine(spec=self.spec.engine, lengths=self.lengths)
        self._capacity = self.engine.capacity

    @property
    def wanted(self) -> int:
        """`spec.replicas`: as many as there are, terminating ones aside."""
        return sum(replica.stopped == math.inf for replica in self._replicas)

    @property
    def ready(self) -> int:
        """Replicas that take requests now."""
        return len(self._ready())

    def begin(self, replicas: int) -> None:
        """Have so many that are ready from the start."""
        for _ in range(replicas):
            self._create(lead_time=0.0)

    def scale(self, wanted: int) -> None:
        """Set `spec.replicas` as of now; stopped first are those not ready, then the newest.

        Raises:
            ValueError: `wanted` is negative.
        """
        if wanted < 0:
            raise ValueError(f"wanted: {wanted} replicas, need 0 or more")
        current = [replica for replica in self._replicas if replica.stopped == math.inf]
        for _ in range(wanted - len(current)):
            self._create(lead_time=self.spec.lead_time(self._created))
        current.sort(key=lambda replica: replica.ready_at > self.at)
        for replica in current[wanted:]:
            replica.stopped = self.at
        self._replicas = [r for r in self._replicas if r.stopped > self.at or r.ready_at <= self.at]

    def step(self, arrivals: float) -> Flow:
        """Let `arrivals` requests come evenly over the next `spec.step` seconds."""
        seconds, ready = self.spec.step, self._ready()
        flow = self._serve(arrivals, ready=ready)
        lost = self._drain(seconds)
        self.replica_seconds += seconds * len(self._replicas)
        self.at += seconds
        self._replicas = [r for r in self._replicas if not self._is_gone(r)]
        while self._leaving and self._leaving[0][0] <= self.at:
            self._aborted += self._leaving.popleft()[1]
        return Flow(arrived=flow.arrived, over=flow.over, unserved=flow.unserved + lost)

    def snapshot(self) -> FluidSnapshot:
        """Return what can be seen of it now."""
        ready = self._ready()
        running = [self._running(replica) for replica in ready]
        busy = [1.0 - math.exp(-each) for each in running]
        count = max(1, len(ready))
        below, cumulative = 0.0, []
        for each in self._counts:
            below += each
            cumulative.append(below)
        return FluidSnapshot(
            at=self.at,
            wanted=self.wanted,
            ready=len(ready),
            running=sum(running),
            waiting=sum(r.waiting for r in ready) + sum(amount for _, amount in self._leaving),
            rate=sum(replica.rate for replica in ready),
            completed=self._completed,
            aborted=self._aborted,
            cache=sum(running) * self.engine.tokens / self.spec.engine.kv_tokens / count,
            utilization=sum(busy) / count,
            ttft=tuple(cumulative),
        )

    def _create(self, *, lead_time: float) -> None:
        self._replicas.append(_Replica(created=self.at, ready_at=self.at + lead_time))
        self._created += 1

    def _ready(self) -> list[_Replica]:
        return [r for r in self._replicas if r.ready_at <= self.at and r.stopped == math.inf]

    def _running(self, replica: _Replica) -> float:
        return self.engine.batch if replica.waiting else self.engine.running(replica.rate)

    def _serve(self, arrivals: float, *, ready: Sequence[_Replica]) -> Flow:
        if not ready:
            self._aborted += arrivals
            return Flow(arrived=arrivals, over=arrivals, unserved=arrivals)
        filled = shares(arrivals, [replica.waiting for replica in ready])
        over = unserved = 0.0
        if not any(replica.waiting for replica in ready) and filled[0] <= self._room:
            return self._at_once(arrivals, ready=ready)
        for replica, share in zip(ready, filled, strict=True):
            over += self._enter(share, replica=replica)
            unserved += self._take(share, replica=replica)
        return Flow(arrived=arrivals, over=over, unserved=unserved)

    @property
    def _room(self) -> float:
        """Requests that a replica serves in one step."""
        return self._capacity * self.spec.step

    def _at_once(self, arrivals: float, *, ready: Sequence[_Replica]) -> Flow:
        """Nobody waits, and nobody has to."""
        rate = arrivals / len(ready) / self.spec.step
        for replica in ready:
            replica.rate = rate
        seconds = self.engine.first_token(self.engine.running(rate))
        self._counts[bisect_left(TTFT_EDGES, seconds)] += arrivals
        self._completed += arrivals
        late = arrivals if seconds > self.objective else 0.0
        return Flow(arrived=arrivals, over=late, unserved=0.0)

    def _enter(self, share: float, *, replica: _Replica) -> float:
        """Enter how long those who arrive will wait for their first token; return the late ones."""
        token = self.engine.first_token(self.engine.batch)
        late = 0.0
        for part in range(_PARTS):
            ahead = replica.waiting + (part + 0.5) / _PARTS * (share - self._room)
            seconds = max(0.0, ahead) / self._capacity
            if seconds <= self.spec.clients.timeout:
                self._counts[bisect_left(TTFT_EDGES, seconds + token)] += share / _PARTS
            late += share / _PARTS * (seconds + token > self.objective)
        return late

    def _take(self, share: float, *, replica: _Replica) -> float:
        """Serve and queue; return those whose patience is too short for the queue before them."""
        served = min(replica.waiting + share, self._room)
        left = replica.waiting + share - served
        longest = self._capacity * self.spec.clients.timeout
        vain = max(0.0, left - longest)
        if vain:
            self._leaving.append((self.at + self.spec.clients.timeout, vain))
        replica.waiting = left - vain if left - vain > _NOTHING else 0.0
        replica.rate = served / self.spec.step
        self._completed += served
        return vain

    def _drain(self, seconds: float) -> float:
        """Let stopped replicas finish; return what is lost with those whose grace is over."""
        lost = 0.0
        for replica in self._replicas:
            if replica.stopped == math.inf:
                continue
            served = min(replica.waiting, self._capacity * seconds)
            replica.waiting -= served
            self._completed += served
            if self.at + seconds - replica.stopped >= self.spec.grace:
                lost += replica.waiting
                self._aborted += replica.waiting
                replica.waiting = 0.0
        return lost

    def _is_gone(self, replica: _Replica) -> bool:
        """It has worked off its queue, and had the time to finish what it ran."""
        if replica.stopped == math.inf or replica.waiting:
            return False
        run = self.engine.running(replica.rate) / max(replica.rate, _NOTHING)
        return self.at - replica.stopped >= min(run, self.spec.grace)
