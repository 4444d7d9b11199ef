"""A fleet of replicas under the scale subresource, its gateway and its clients."""

import math
from collections.abc import Sequence

from scaler.simulation.gateway import Gateway
from scaler.simulation.names import pod_name
from scaler.simulation.replica import Replica
from scaler.simulation.request import Outcome, Request, Result
from scaler.simulation.snapshot import FleetSnapshot, Phase
from scaler.simulation.spec import FleetSpec
from scaler.simulation.traffic import Traffic

# Steps and lead times are sums of decimal fractions; a moment that is due must be seen as due.
_ROUNDING = 1e-6


class Fleet:
    """One model's replicas, fed by a stream of requests; the same inputs give the same history.

    Time moves by `advance`, in steps of `spec.step` seconds from `start` on. Within a step, each
    request is routed to the ready replica with the fewest requests in it, and engines run iteration
    by iteration. All times are Unix seconds, all durations seconds, all counts tokens or requests.

    Args:
        spec: The fleet's size, speed and manners.
        traffic: The requests that come; asked for each step once.
        start: The time it begins.
        ready: Replicas that are ready from the start.
    """

    def __init__(self, *, spec: FleetSpec, traffic: Traffic, start: float, ready: int = 0) -> None:
        self.spec = spec
        self.replicas: list[Replica] = []
        """In the order of creation, until they are gone."""
        self._gateway = Gateway(traffic=traffic, clients=spec.clients, held_max=spec.held_max)
        self._start = start
        self._steps = 0
        self._created = 0
        self._outcomes: list[Outcome] = []
        self._closed_seconds = 0.0
        self._stuck: str | None = None
        self._sampling = max(1, round(spec.gpu_window / spec.step))
        for _ in range(ready):
            self._create().start(start)

    @property
    def at(self) -> float:
        """The time that it has reached."""
        return self._start + self._steps * self.spec.step

    @property
    def wanted(self) -> int:
        """`spec.replicas`: as many as there are, terminating ones aside."""
        return sum(replica.phase is not Phase.TERMINATING for replica in self.replicas)

    @property
    def ready(self) -> list[Replica]:
        """The replicas that take requests."""
        return [replica for replica in self.replicas if replica.phase is Phase.READY]

    @property
    def replica_seconds(self) -> float:
        """Seconds billed so far, from each replica's creation to its end."""
        return self._closed_seconds + sum(self.at - replica.created for replica in self.replicas)

    def scale(self, wanted: int) -> None:
        """Set `spec.replicas` as of now: create what is missing, stop what is too much.

        Stopped first are the newest of those not ready, then the newest.

        Raises:
            ValueError: `wanted` is negative.
        """
        if wanted < 0:
            raise ValueError(f"wanted: {wanted} replicas, need 0 or more")
        for _ in range(wanted - self.wanted):
            self._create()
        current = [replica for replica in self.replicas if replica.phase is not Phase.TERMINATING]
        current.sort(key=lambda replica: replica.phase is Phase.PENDING)
        for replica in current[wanted:]:
            replica.terminate(self.at)
        self._remove_finished()

    def advance(self, to: float) -> Sequence[Outcome]:
        """Move time forward by the whole steps that end by `to`.

        Returns what ended since the last call, faults included.
        """
        last = math.floor((to - self._start) / self.spec.step + _ROUNDING)
        while self._steps < last:
            self._step()
        outcomes, self._outcomes = self._outcomes, []
        return outcomes

    def unfinished(self) -> Sequence[Outcome]:
        """Return every request that is held, waiting or running now."""
        held = [self._unserved(request, Result.UNFINISHED) for request in self._gateway.held]
        engines = [replica.engine for replica in self.replicas if replica.engine]
        return held + [outcome for engine in engines for outcome in engine.in_flight(at=self.at)]

    def stick(self, reason: str = "Unschedulable") -> None:
        """From now on, pending and new replicas are stuck for `reason`, as Kubernetes names it."""
        self._stuck = reason
        for replica in self._pending():
            replica.stuck = reason

    def unstick(self) -> None:
        """Let stuck replicas start: each is ready a lead time from now."""
        self._stuck = None
        for replica in self._pending():
            replica.unstick(self.at)

    def restart(self, replica: Replica, *, ready_after: float = 0.0) -> None:
        """Restart a replica's container: its requests fail, and its counters start at 0 again.

        Raises:
            ValueError: it is not ready.
        """
        if replica.phase is not Phase.READY:
            raise ValueError(f"{replica.name}: {replica.phase}, need a ready replica")
        for outcome in replica.restart(at=self.at, ready_due=self.at + ready_after):
            self._end(outcome)

    def snapshot(self) -> FleetSnapshot:
        """Return what can be seen of it now."""
        spec, gateway = self.spec, self._gateway
        return FleetSnapshot(
            at=self.at,
            name=spec.name,
            namespace=spec.namespace,
            model=spec.model,
            wanted=self.wanted,
            replicas=tuple(
                replica.snapshot(namespace=spec.namespace, model=spec.model)
                for replica in self.replicas
            ),
            arrived=gateway.arrived,
            held=len(gateway.held),
            results={result.value: gateway.results[result] for result in Result},
            replica_seconds=self.replica_seconds,
        )

    def _create(self) -> Replica:
        spec = self.spec
        name = pod_name(spec.name, namespace=spec.namespace, index=self._created)
        lead_time = spec.lead_time(self._created)
        replica = Replica(name=name, created=self.at, lead_time=lead_time, spec=spec.engine)
        replica.stuck = self._stuck
        self._created += 1
        self.replicas.append(replica)
        return replica

    def _pending(self) -> list[Replica]:
        return [replica for replica in self.replicas if replica.phase is Phase.PENDING]

    def _step(self) -> None:
        self._start_due()
        self._expire()
        start = self.at
        self._steps += 1
        self._route(self._gateway.arriving(start=start, stop=self.at))
        for replica in self.replicas:
            if replica.engine:
                for outcome in replica.engine.advance(self.at):
                    self._end(outcome)
        self._remove_finished()
        if self._steps % self._sampling == 0:
            for replica in self.replicas:
                replica.sample(self.at)

    def _start_due(self) -> None:
        for replica in self.replicas:
            if replica.phase is Phase.PENDING and replica.is_due(self.at + _ROUNDING):
                replica.start(self.at)

    def _expire(self) -> None:
        timeout = self.spec.clients.timeout
        if timeout == math.inf:
            return
        for request in self._gateway.expire(before=self.at - timeout):
            self._end(self._unserved(request, Result.TIMED_OUT))
        for replica in self.replicas:
            if replica.engine:
                for outcome in replica.engine.expire(before=self.at - timeout, at=self.at):
                    self._end(outcome)

    def _route(self, requests: list[Request]) -> None:
        """Send what was held, and then `requests`, to where there is least."""
        ready = self.ready
        if ready and self._gateway.held:
            requests = self._gateway.release() + requests
        for request in requests:
            if request.tokens > self.spec.engine.kv_tokens:
                self._end(self._unserved(request, Result.REJECTED))
            elif ready:
                min(ready, key=_load).submit(request)
            elif not self._gateway.hold(request):
                self._end(self._unserved(request, Result.REJECTED))

    def _unserved(self, request: Request, result: Result) -> Outcome:
        # A request that arrives within a step cannot end before it came.
        return Outcome(request=request, result=result, at=max(self.at, request.at))

    def _end(self, outcome: Outcome) -> None:
        self._gateway.end(outcome)
        self._outcomes.append(outcome)

    def _remove_finished(self) -> None:
        gone = [
            replica
            for replica in self.replicas
            if replica.is_finished(self.at, grace=self.spec.grace)
        ]
        for replica in gone:
            for outcome in replica.fail(self.at):
                self._end(outcome)
            self._closed_seconds += self.at - replica.created
            self.replicas.remove(replica)


def _load(replica: Replica) -> int:
    return replica.load
