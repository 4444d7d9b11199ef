"""Looks at the fleet and at what the service's workloads API says about it."""

from collections import deque

import aiohttp
import orjson

from scaler.demo.row import Document, Row, row
from scaler.demo.scene import NAME, NAMESPACE
from scaler.simulation.fleet import Fleet

RATE_WINDOW = 60.0
"""Seconds of arrivals that requests per second are counted over."""
_TIMEOUT = aiohttp.ClientTimeout(total=2.0)


class Watcher:
    """Makes rows, as somebody would who sees the cluster and asks the service."""

    def __init__(self, session: aiohttp.ClientSession, *, fleet: Fleet, ops: str) -> None:
        self._session = session
        self._url = f"{ops}/api/v1/workloads/{NAMESPACE}/{NAME}"
        self._fleet = fleet
        self._start = fleet.at
        self._arrived = deque([(fleet.at, 0)])

    async def look(self) -> Row:
        """Return the row of this moment."""
        decision = await self._decision()
        snapshot = self._fleet.snapshot()
        rate = self._rate(snapshot.at, arrived=snapshot.arrived)
        return row(snapshot, decision, elapsed=snapshot.at - self._start, rate=rate)

    def _rate(self, at: float, *, arrived: int) -> float:
        self._arrived.append((at, arrived))
        while len(self._arrived) > 2 and self._arrived[1][0] <= at - RATE_WINDOW:  # noqa: PLR2004 - two make a slope
            self._arrived.popleft()
        since, before = self._arrived[0]
        return (arrived - before) / (at - since) if at > since else 0.0

    async def _decision(self) -> Document | None:
        """The last decision; None before there is one, and while nobody answers."""
        try:
            async with self._session.get(self._url, timeout=_TIMEOUT) as response:
                document: Document = orjson.loads(await response.read())
        except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError):
            return None
        return document if "target" in document else None
