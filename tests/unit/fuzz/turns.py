"""How long a coroutine works between two turns of others."""

import time
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def driven(coroutine: Coroutine[Any, Any, T]) -> tuple[T, float]:
    """Its result and its longest piece of work in seconds of CPU; it may only wait for its turn."""
    longest = 0.0
    while True:
        began = time.thread_time()
        try:
            waits_for = coroutine.send(None)
        except StopIteration as end:
            return end.value, max(longest, time.thread_time() - began)
        longest = max(longest, time.thread_time() - began)
        assert waits_for is None, "it waits for something that nobody brings"
