"""The one thing the runtime needs from the outside: readings of any range of ticks."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from scaler.config.workload import Workload
from scaler.errors import ForescaleError
from scaler.policy.model import Readings

Answer = Sequence[Readings] | ForescaleError
"""Readings, or why there are none."""


class History(Protocol):
    """Readings of the past and of now: Prometheus, a direct scrape, or a simulation."""

    async def read(self, workloads: Sequence[Workload], ticks: range) -> Mapping[Workload, Answer]:
        """Readings of every workload at every tick, in the order of `ticks`.

        What a good answer does not contain is a `Gap` in the readings. A workload whose own query
        failed has the error in their place.

        Raises:
            SignalError: the source gave no answer at all.
        """
        ...
