"""What is told about questions to the outside."""

from typing import Protocol


class Meter(Protocol):
    """Whoever owns the exported metrics implements it."""

    def observe(self, source: str, seconds: float, error: str | None) -> None:
        """Count one question to `source` that took `seconds`; `error` is why it failed, if so."""
        ...
