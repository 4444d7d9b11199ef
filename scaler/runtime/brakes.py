"""What may still move or stop a decision on its way to the board; nothing of it feeds back."""

from typing import Protocol

from scaler.config.workload import Workload
from scaler.policy.model import Decision


class Brakes(Protocol):
    """Who knows what the owner of a workload allows, and what its scale target can do."""

    def frozen(self, workload: Workload, *, at: int) -> bool:
        """Whether what was served last is to be served on at `at`."""
        ...

    def apply(self, decision: Decision, *, workload: Workload) -> Decision:
        """`decision` as it may be served."""
        ...


class NoBrakes:
    """Nobody knows anything: every decision is served."""

    def frozen(self, workload: Workload, *, at: int) -> bool:
        """Nothing is frozen."""
        return False

    def apply(self, decision: Decision, *, workload: Workload) -> Decision:
        """Nothing is changed."""
        return decision
