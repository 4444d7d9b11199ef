"""The service as the demo needs it: the composition root makes it and hands it in."""

from typing import Protocol

from scaler.config.settings import Settings
from scaler.runtime.clock import Clock
from scaler.runtime.knowledge import Learning


class Ports(Protocol):
    """Where a service listens."""

    @property
    def grpc(self) -> int:
        """KEDA's port."""
        ...

    @property
    def ops(self) -> int:
        """The port of the operations page."""
        ...


class Service(Protocol):
    """What can be started and stopped."""

    async def start(self) -> Ports:
        """Listen, and tick."""
        ...

    async def stop(self) -> None:
        """End."""
        ...


class Serve(Protocol):
    """Makes a service."""

    def __call__(self, settings: Settings, *, clock: Clock, learning: Learning) -> Service:
        """Return a service that is not started yet."""
        ...
