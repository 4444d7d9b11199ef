"""Who gets how much of what arrives, when each request goes to the shortest queue."""

from collections.abc import Sequence


def shares(arrivals: float, waiting: Sequence[float]) -> list[float]:
    """Give arrivals to the shortest queues, as water fills the lowest places first."""
    highest = max(waiting)
    if highest == min(waiting):
        return [arrivals / len(waiting)] * len(waiting)
    level = _level(arrivals, sorted(waiting))
    return [max(0.0, level - each) for each in waiting]


def _level(arrivals: float, waiting: Sequence[float]) -> float:
    held = 0.0
    for count, each in enumerate(waiting, start=1):
        held += each
        level = (arrivals + held) / count
        if count == len(waiting) or level <= waiting[count]:
            return level
    return 0.0
