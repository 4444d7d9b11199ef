"""KEDA and the HPA in one: asks the service over gRPC, and sets the fleet's replicas."""

from collections.abc import Mapping

from scaler.demo.scene import ACTIVATION, HPA, NAME, NAMESPACE
from scaler.serving.keda.client import KedaClient, Poll, PollFailed, ScaledObject
from scaler.simulation import hpa, keda
from scaler.simulation.fleet import Fleet
from scaler.simulation.hpa import HpaState, Metric
from scaler.simulation.keda import ActivationState


class Controller:
    """Does in one step what KEDA's poll and the HPA's sync do every 15 s."""

    def __init__(
        self, client: KedaClient, *, fleet: Fleet, metadata: Mapping[str, str], at: float
    ) -> None:
        self._client = client
        self._fleet = fleet
        self._scaled = ScaledObject(namespace=NAMESPACE, name=NAME, metadata=metadata)
        self._activation = ActivationState(created=at)
        self._hpa = HpaState()

    async def step(self, at: float) -> None:
        """Ask once, and scale the fleet as of Unix second `at`."""
        try:
            poll = await self._client.poll(self._scaled)
        except PollFailed:
            poll = None
        self._activate(poll, at=at)
        self._sync(poll, at=at)

    def _activate(self, poll: Poll | None, *, at: float) -> None:
        replicas, self._activation = keda.poll(
            poll.active if poll else None,
            replicas=self._fleet.wanted,
            at=at,
            spec=ACTIVATION,
            state=self._activation,
        )
        self._fleet.scale(replicas)

    def _sync(self, poll: Poll | None, *, at: float) -> None:
        wanted = self._fleet.wanted
        metric = Metric(value=poll.value, target=poll.target) if poll else Metric(value=None)
        scaled, self._hpa = hpa.sync(
            [metric],
            spec_replicas=wanted,
            status_replicas=wanted,
            at=at,
            hpa=HPA,
            state=self._hpa,
        )
        self._fleet.scale(scaled.replicas)
