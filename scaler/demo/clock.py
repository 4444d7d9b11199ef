"""Time in fast motion."""

import asyncio

from scaler.runtime.clock import Clock

FRAME = 0.025
"""Real seconds from one step of the simulated time to the next."""
_LONGEST = 0.1


class FastClock:
    """Simulated time: `speed` seconds in a real one, from the present on.

    It moves in steps, and stands still while the program is late. What is read is dated by when it
    was asked for; a clock that ran on would make a late answer an error in every rate, sixtyfold.
    """

    def __init__(self, real: Clock, *, speed: float) -> None:
        self.speed = speed
        self._real = real
        self._seen = real.now()
        self._now = self._seen
        self._stepped = asyncio.Event()

    def now(self) -> float:
        """The simulated present."""
        return self._now

    async def sleep_until(self, at: float) -> None:
        """Return at `at`, or at once if that has passed."""
        while self._now < at:
            await self._stepped.wait()

    async def step(self) -> None:
        """Wait for a frame, then move time on and wake whoever waits for it."""
        await self._real.sleep_until(self._seen + FRAME)
        present = self._real.now()
        self._now += self.speed * min(max(0.0, present - self._seen), _LONGEST)
        self._seen = present
        self._stepped.set()
        self._stepped = asyncio.Event()
