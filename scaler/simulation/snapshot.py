"""What the simulated world looks like at one moment: immutable, for exporters and tests."""

from enum import StrEnum

from attrs import frozen

from scaler.simulation.histogram import HistogramSnapshot


@frozen(kw_only=True)
class EngineSnapshot:
    """What an engine's own metrics say at one moment; counters start at 0 with the engine."""

    running: int
    waiting: int
    kv_usage: float
    """Share of the KV cache that is spoken for, 0-1."""
    kv_tokens: int
    prompt_tokens: int
    generation_tokens: int
    completed: int
    aborted: int
    ttft: HistogramSnapshot
    itl: HistogramSnapshot
    e2e: HistogramSnapshot
    queue_time: HistogramSnapshot


class Phase(StrEnum):
    """Where a replica is in its life."""

    PENDING = "pending"
    """Ordered, and not ready yet."""
    READY = "ready"
    TERMINATING = "terminating"
    """Takes no more requests, and finishes those that it has."""


@frozen(kw_only=True)
class ReplicaSnapshot:
    """One replica at one moment."""

    name: str
    namespace: str
    model: str
    phase: Phase
    stuck: str | None
    """Why it will not become ready by itself, as Kubernetes names it; None for most."""
    silent: bool
    """It works, but its metrics cannot be read."""
    garbled: bool = False
    """It works, but the length of its queue reads NaN."""
    created: float
    ready_at: float | None
    """When it first became ready, in Unix seconds."""
    ready_since: float | None
    """When it became ready last: later than `ready_at` after a restart."""
    terminating_since: float | None
    restarts: int
    gpu_utilization: float
    """Share of the last sampling window with at least one request running, 0-1."""
    engine: EngineSnapshot | None
    """None until it is ready."""


@frozen(kw_only=True)
class FleetSnapshot:
    """One model's fleet at one moment, with the gateway in front of it."""

    at: float
    name: str
    namespace: str
    model: str
    wanted: int
    """`spec.replicas`, and `status.replicas` too: pending and ready ones."""
    replicas: tuple[ReplicaSnapshot, ...]
    """In the order of creation, terminating ones included."""
    arrived: int
    """Attempts that came so far, retries included."""
    held: int
    """Requests that the gateway holds for want of a ready replica."""
    results: dict[str, int]
    """Attempts that ended so far, by result."""
    replica_seconds: float
    """Seconds billed so far, from each replica's creation to its end."""

    @property
    def ready(self) -> int:
        """Replicas that take requests."""
        return sum(replica.phase is Phase.READY for replica in self.replicas)
