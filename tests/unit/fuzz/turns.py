"""How long a coroutine works between two turns of others."""

import time
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def driven(coroutine: Coroutine[Any, Any, T]) -> tuple[T, float]:
    """Its result and its longest piece of work in seconds; it may only wait for its next turn."""
    longest = 0.0
    while True:
        began = time.perf_counter()
        try:
            waits_for = coroutine.send(None)
        except StopIteration as end:
            return end.value, max(longest, time.perf_counter() - began)
        longest = max(longest, time.perf_counter() - began)
        assert waits_for is None, "it waits for something that nobody brings"
