"""What the operations port shows, whoever draws it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import attrs

from scaler.config.workload import Workload
from scaler.errors import SignalUnavailable
from scaler.runtime.board import Board
from scaler.runtime.comparison.account import Comparison
from scaler.serving.pages.trails import Trails
from scaler.serving.served import Served
from scaler.telemetry import Telemetry


class Compare(Protocol):
    """Compares what a workload would have done with what happened."""

    def __call__(self, workload: Workload, *, start: int, stop: int) -> Awaitable[Comparison]:
        """Raises ForescaleError where its source gave no answer."""
        ...


async def _nothing_to_compare(workload: Workload, *, start: int, stop: int) -> Comparison:
    raise SignalUnavailable(f"{workload.key}: no history to read again")


@attrs.frozen(kw_only=True)
class Operations:
    """What the endpoints and the pages read.

    `unready` is why the service is not ready, empty when it is; `troubles` are the workloads that
    wait for an answer of their source, and why, the newest last.
    """

    board: Board
    served: Served
    telemetry: Telemetry
    now: Callable[[], int]
    unready: Callable[[], str]
    trails: Trails = attrs.field(factory=Trails)
    troubles: Callable[[], Mapping[Workload, str]] = dict
    compare: Compare = _nothing_to_compare

    def waiting(self, namespace: str, name: str) -> tuple[Workload, str] | None:
        """What waits under this name, and why; of several metadata, the newest."""
        found = None
        for workload, why in self.troubles().items():
            if (workload.key.namespace, workload.key.name) == (namespace, name):
                found = (workload, why)
        return found
