"""One replica's life: ordered, ready, terminating, gone."""

import math

from scaler.simulation.engine import Engine
from scaler.simulation.request import Outcome, Request, Result
from scaler.simulation.snapshot import Phase, ReplicaSnapshot
from scaler.simulation.spec import EngineSpec


class Replica:
    """A pod of the scale target. Its engine exists from the moment it is ready."""

    def __init__(self, *, name: str, created: float, lead_time: float, spec: EngineSpec) -> None:
        self.name = name
        self.created = created
        self.stuck: str | None = None
        self.silent = False
        self.garbled = False
        self.phase = Phase.PENDING
        self.terminating_since = math.inf
        self.engine: Engine | None = None
        self._spec = spec
        self._lead_time = lead_time
        self._ready_due = created + lead_time
        self._slowdown = 1.0
        self._ready_at: float | None = None
        self._ready_since: float | None = None
        self._restarts = 0
        self._gpu_utilization = 0.0
        self._sampled = (created, 0.0)

    @property
    def load(self) -> int:
        """Requests waiting and running in it."""
        return self.engine.load if self.engine else 0

    def submit(self, request: Request) -> None:
        """Put `request` at the end of the queue.

        Raises:
            ValueError: it is not ready, or the request is longer than its KV cache.
        """
        if self.engine is None:
            raise ValueError(f"{self.name}: {self.phase}, need a ready replica")
        self.engine.submit(request)

    def is_due(self, at: float) -> bool:
        """Say whether a pending replica becomes ready by `at`."""
        return self.stuck is None and self._ready_due <= at

    def unstick(self, at: float) -> None:
        """Be stuck no longer: it is ready a whole lead time from `at`."""
        if self.stuck is not None:
            self.stuck = None
            self._ready_due = at + self._lead_time

    def start(self, at: float) -> None:
        """Become ready, with an engine whose counters are 0."""
        self.phase = Phase.READY
        self.engine = Engine(name=self.name, spec=self._spec, at=at)
        self.engine.slowdown = self._slowdown
        self._ready_at = at if self._ready_at is None else self._ready_at
        self._ready_since = at
        self._sampled = (at, 0.0)

    def restart(self, *, at: float, ready_due: float) -> list[Outcome]:
        """Lose the engine and all that it holds; be ready again, under the same name, when due."""
        failed = self.fail(at)
        self.phase = Phase.PENDING
        self._ready_due = ready_due
        self._ready_since = None
        self._restarts += 1
        self._gpu_utilization = 0.0
        return failed

    def terminate(self, at: float) -> None:
        """Take no more requests."""
        self.phase = Phase.TERMINATING
        self.terminating_since = at

    def is_finished(self, at: float, *, grace: float) -> bool:
        """Say whether it is terminating and has nothing left to do, or no time left to do it."""
        if self.phase is not Phase.TERMINATING:
            return False
        return self.load == 0 or at - self.terminating_since >= grace

    def fail(self, at: float) -> list[Outcome]:
        """Lose the engine; return the requests that go with it."""
        failed = self.engine.in_flight(at=at, result=Result.FAILED) if self.engine else []
        self.engine = None
        return failed

    def slow(self, factor: float) -> None:
        """Make every iteration take `factor` times as long, across restarts too."""
        self._slowdown = factor
        if self.engine:
            self.engine.slowdown = factor

    def sample(self, at: float) -> None:
        """Close a GPU sampling window at `at`."""
        if self.engine is None:
            return
        since, idle = self._sampled
        if at > since:
            self._gpu_utilization = 1.0 - (self.engine.idle_seconds - idle) / (at - since)
            self._sampled = (at, self.engine.idle_seconds)

    def snapshot(self, *, namespace: str, model: str) -> ReplicaSnapshot:
        """Return what can be seen of it now."""
        terminating = self.phase is Phase.TERMINATING
        return ReplicaSnapshot(
            name=self.name,
            namespace=namespace,
            model=model,
            phase=self.phase,
            stuck=self.stuck,
            silent=self.silent,
            garbled=self.garbled,
            created=self.created,
            ready_at=self._ready_at,
            ready_since=self._ready_since,
            terminating_since=self.terminating_since if terminating else None,
            restarts=self._restarts,
            gpu_utilization=self._gpu_utilization,
            engine=self.engine.snapshot() if self.engine else None,
        )
