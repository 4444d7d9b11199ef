"""The waits of open streams, so that all of them can be ended at once and cleanly."""

import asyncio
from collections.abc import Coroutine
from enum import Enum
from typing import Any, Final, TypeVar

T = TypeVar("T")


class _Closed(Enum):
    CLOSED = "closed"


CLOSED: Final = _Closed.CLOSED
"""What a wait returns once the server is closing."""


class Streams:
    """Every wait of every stream. Ending ten thousand of them is one pass over a set."""

    def __init__(self) -> None:
        self._waits: set[asyncio.Task[Any]] = set()
        self._closing = False

    def close(self) -> None:
        """End what waits now, and let nothing wait any more."""
        self._closing = True
        for wait in self._waits:
            wait.cancel()

    async def wait(self, coroutine: Coroutine[Any, Any, T]) -> T | _Closed:
        """The result of `coroutine`, or CLOSED if the server closes before."""
        if self._closing:
            coroutine.close()
            return CLOSED
        task = asyncio.create_task(coroutine)
        self._waits.add(task)
        try:
            return await task
        except asyncio.CancelledError:
            # The client's leaving cancels the stream itself, and then the wait is to go with it.
            if self._closing and task.cancelled():
                return CLOSED
            raise
        finally:
            self._waits.discard(task)
