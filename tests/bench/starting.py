"""The service at the moment of `history.NOW`, over a real Prometheus.

`python -m tests.bench.starting URL` says its port on standard output and ends with its input.
"""

import asyncio
import sys

from scaler.config.sources import PrometheusSource
from scaler.runtime.clock import SystemClock
from scaler.runtime.turns import collect_by_turns
from scaler.signals.prometheus import PrometheusHistory
from scaler.telemetry import configure_logging
from tests.bench.history import NOW
from tests.bench.serving import composed


class Then:
    """The machine's clock, moved back so that it begins at `NOW`."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self._ahead = self._clock.now() - NOW

    def now(self) -> float:
        return self._clock.now() - self._ahead

    async def sleep_until(self, at: float) -> None:
        await self._clock.sleep_until(at + self._ahead)


class Unmetered:
    """Nobody looks at what queries take here."""

    def observe(self, source: str, seconds: float, error: str | None) -> None:
        """Forget it."""


async def serve(url: str) -> None:
    source = PrometheusSource(url=url)
    # Without a clock to hold against the server's, which is years ahead.
    history = PrometheusHistory("default", source, meter=Unmetered())
    loop, server = composed(history, clock=Then())
    port = await server.start()
    ticking = asyncio.create_task(loop.run())
    print(port, flush=True)  # noqa: T201 - whoever started it reads this
    await asyncio.to_thread(sys.stdin.read)
    ticking.cancel()
    await server.stop()


if __name__ == "__main__":
    configure_logging(style="text", level="warning")
    collect_by_turns()
    asyncio.run(serve(sys.argv[1]))
