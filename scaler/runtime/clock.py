"""The only file that reads a clock."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """What time it is, and waiting for a time. Seconds of the Unix epoch."""

    def now(self) -> float:
        """The present."""
        ...

    async def sleep_until(self, at: float) -> None:
        """Return at `at`, or at once if that has passed."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """The present."""
        return time.time()

    async def sleep_until(self, at: float) -> None:
        """Return at `at`, or at once if that has passed."""
        await asyncio.sleep(max(0.0, at - self.now()))
