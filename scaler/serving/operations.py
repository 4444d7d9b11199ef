"""What the operations port shows, whoever draws it."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Protocol

import attrs

from scaler.cluster.mile import LastMile
from scaler.config.workload import Workload
from scaler.errors import SignalUnavailable
from scaler.runtime.board import Board, Published
from scaler.runtime.comparison.account import Comparison
from scaler.serving.pages.trails import Trails
from scaler.serving.served import Served
from scaler.telemetry import Telemetry


class Compare(Protocol):
    """Compares what a workload would have done with what happened."""

    def __call__(self, workload: Workload, *, start: int, stop: int) -> Awaitable[Comparison]:
        """Raises ForescaleError where its source gave no answer."""
        ...


def _no_cluster(workload: Workload) -> LastMile | None:
    return None


async def _nothing_to_compare(workload: Workload, *, start: int, stop: int) -> Comparison:
    raise SignalUnavailable(f"{workload.key}: no history to read again")


@attrs.frozen(kw_only=True)
class Shown:
    """One ScaledObject: its last decision, if any, and why its newest read failed, if it did."""

    workload: Workload
    published: Published | None = None
    trouble: str = ""


@attrs.frozen(kw_only=True)
class Operations:
    """What the endpoints and the pages read.

    `unready` is why the service is not ready, empty when it is; `dead` why it never will be again,
    unless it is started anew; `troubles` are the workloads that
    wait for an answer of their source, and why, the newest last; `mile` is what the cluster says,
    where there is one.
    """

    board: Board
    served: Served
    telemetry: Telemetry
    now: Callable[[], int]
    unready: Callable[[], str]
    dead: Callable[[], str] = str
    trails: Trails = attrs.field(factory=Trails)
    troubles: Callable[[], Mapping[Workload, str]] = dict
    compare: Compare = _nothing_to_compare
    mile: Callable[[Workload], LastMile | None] = _no_cluster

    def shown(self, namespace: str, name: str) -> Shown | None:
        """What is shown of one ScaledObject; None where nothing is known of it."""
        published = self.board.named(namespace, name)
        troubles = self.troubles()
        if published is not None:
            return _decided(published, troubles)
        return self._waiting(troubles).get((namespace, name))

    def every(self) -> Iterator[Shown]:
        """What is shown of each ScaledObject, in no order, those without a decision last."""
        troubles, decided = self.troubles(), set()
        for published in self.board:
            decided.add((published.workload.key.namespace, published.workload.key.name))
            yield _decided(published, troubles)
        for name, shown in self._waiting(troubles).items():
            if name not in decided:
                yield shown

    def _waiting(self, troubles: Mapping[Workload, str]) -> Mapping[tuple[str, str], Shown]:
        """Who waits for an answer, by name; of several metadata, those that are asked for."""
        return {
            (workload.key.namespace, workload.key.name): Shown(workload=workload, trouble=why)
            for workload, why in troubles.items()
            if self.board.shows(workload.key)
        }


def _decided(published: Published, troubles: Mapping[Workload, str]) -> Shown:
    workload = published.workload
    return Shown(workload=workload, published=published, trouble=troubles.get(workload, ""))
