"""Tasks that last as long as the service: whose end, before it, somebody must hear of."""

import asyncio
from collections.abc import Coroutine

import structlog

log = structlog.get_logger()


class Lasting:
    """Tasks by name. One that ends without being stopped is told once, and remembered."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []
        self._ended: dict[str, str] = {}

    def start(self, name: str, running: Coroutine[None, None, None]) -> None:
        """Let it run."""
        task = asyncio.create_task(running, name=name)
        task.add_done_callback(self._ends)
        self._tasks.append(task)

    def ended(self, name: str) -> str:
        """What ended a task; empty while it goes on."""
        return self._ended.get(name, "")

    async def stop(self) -> None:
        """End them all."""
        for task in self._tasks:
            task.remove_done_callback(self._ends)
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ends(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        why = f"{type(error).__name__}: {error}" if error else "it was cancelled"
        self._ended[task.get_name()] = why
        log.error("task_ended", task=task.get_name(), error=why, exc_info=error)
