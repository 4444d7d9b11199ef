"""What stands between the clients and the replicas: it holds requests, and clients try again."""

import heapq
from collections import Counter, deque

from attrs import evolve

from scaler.simulation.request import Outcome, Request, Result
from scaler.simulation.spec import Clients
from scaler.simulation.traffic import Traffic

_RETRIED = frozenset({Result.TIMED_OUT, Result.REJECTED, Result.FAILED})


class Gateway:
    """Lets requests in as they arrive, holds those that no replica can take, counts how all end."""

    def __init__(self, *, traffic: Traffic, clients: Clients, held_max: int) -> None:
        self.arrived = 0
        """Attempts that came so far, retries included."""
        self.results: Counter[Result] = Counter()
        """Attempts that ended so far."""
        self.held: deque[Request] = deque()
        self._traffic = traffic
        self._clients = clients
        self._held_max = held_max
        self._retries: list[tuple[float, int, Request]] = []
        self._retried = 0

    def arriving(self, *, start: float, stop: float) -> list[Request]:
        """Return the attempts that arrive in [start, stop), in order; ask for each moment once."""
        requests = list(self._traffic.between(start=start, stop=stop))
        if self._retries and self._retries[0][0] < stop:
            while self._retries and self._retries[0][0] < stop:
                requests.append(heapq.heappop(self._retries)[2])
            requests.sort(key=lambda request: request.at)
        self.arrived += len(requests)
        return requests

    def hold(self, request: Request) -> bool:
        """Hold `request` until it is released, or say that there is no room for it."""
        if len(self.held) >= self._held_max:
            return False
        self.held.append(request)
        return True

    def release(self) -> list[Request]:
        """Return all held requests, the oldest first, and hold them no longer."""
        released = list(self.held)
        self.held.clear()
        return released

    def expire(self, *, before: float) -> list[Request]:
        """Drop and return the held requests that arrived at or before `before`."""
        expired = []
        while self.held and self.held[0].at <= before:
            expired.append(self.held.popleft())
        return expired

    def end(self, outcome: Outcome) -> None:
        """Count how an attempt ended; its client may make another."""
        self.results[outcome.result] += 1
        request = outcome.request
        if outcome.result in _RETRIED and request.attempt <= self._clients.retries:
            again = outcome.at + self._clients.backoff * request.attempt
            retry = evolve(request, at=again, attempt=request.attempt + 1)
            self._retried += 1
            heapq.heappush(self._retries, (again, self._retried, retry))
