"""The service at the moment of `history.NOW`, over a real Prometheus.

`python -m tests.bench.starting URL` says its port on standard output and ends with its input.
"""

import asyncio
import gc
import sys

from scaler.bootstrap import SELDOM, Service
from scaler.config.settings import Grpc, Ops, Settings
from scaler.config.sources import PrometheusSource
from scaler.runtime.clock import SystemClock
from scaler.telemetry import configure_logging
from tests.bench.history import NOW


class Then:
    """The machine's clock, moved back so that it begins at `NOW`."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self._ahead = self._clock.now() - NOW

    def now(self) -> float:
        return self._clock.now() - self._ahead

    async def sleep_until(self, at: float) -> None:
        await self._clock.sleep_until(at + self._ahead)


async def serve(url: str) -> None:
    settings = Settings(
        sources={"default": PrometheusSource(url=url)},
        grpc=Grpc(address="127.0.0.1:0"),
        ops=Ops(address="127.0.0.1:0"),
    )
    service = Service(settings, clock=Then())
    ports = await service.start()
    print(ports.grpc, flush=True)  # noqa: T201 - whoever started it reads this
    await asyncio.to_thread(sys.stdin.read)
    await service.stop()


if __name__ == "__main__":
    configure_logging(style="text", level="warning")
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, SELDOM)
    asyncio.run(serve(sys.argv[1]))
