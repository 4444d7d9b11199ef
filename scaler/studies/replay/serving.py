"""The policy that serves KEDA, by the very code of the service: `advance`, `teach`, the fold."""

from collections.abc import Mapping

import attrs

from scaler.config.settings import Settings
from scaler.config.sources import PrometheusSource
from scaler.config.understand import understand
from scaler.config.workload import Workload
from scaler.errors import ConfigError, Problem
from scaler.policy.model import Decision
from scaler.runtime.advance import advance
from scaler.runtime.fold import Fold
from scaler.runtime.knowledge import Learning, teach
from scaler.runtime.loop import LAG
from scaler.simulation.behavior import HpaSpec
from scaler.simulation.fluid import FluidSnapshot
from scaler.simulation.hpa import Metric
from scaler.studies.replay.observed import Observed
from scaler.studies.replay.rivals import follower

_SETTINGS = Settings(sources={"default": PrometheusSource(url="http://127.0.0.1:9090")})
"""Nobody is asked there: the history is the simulation's."""

GIVEN: Mapping[str, str] = {"engine": "vllm", "latencyTarget": "2s", "minReplicas": "1"}
"""Trigger metadata where the user gives no other."""


def asked(profile: str, *, metadata: Mapping[str, str]) -> Workload:
    """The workload as the service would understand it.

    Raises:
        ConfigError: the metadata are wrong, or a fleet of none is allowed.
    """
    given = {**GIVEN, **metadata, "profile": profile}
    workload = understand("replay", profile, given, settings=_SETTINGS, trusted=True)
    if workload.spec.min_replicas < 1:
        rule = "must be 1 or more: a replay has nobody who holds requests while nothing runs"
        raise ConfigError(Problem(path="minReplicas", rule=rule, value="0"))
    return workload


@attrs.define(kw_only=True)
class Serving:
    """A profile as it would serve KEDA, every tick of it, with the documented ScaledObject."""

    name: str
    workload: Workload
    history: Observed
    first: int | None = None
    learning: Learning = attrs.field(factory=Learning)
    decision: Decision | None = None
    """The newest."""
    _fold: Fold = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Nothing is folded yet: the first tick is first sight."""
        self._fold = Fold(workload=self.workload)

    @property
    def hpa(self) -> HpaSpec:
        """That of the documented ScaledObject."""
        spec = self.workload.spec
        return follower(low=spec.min_replicas, high=spec.max_replicas)

    async def metric(self, look: FluidSnapshot) -> Metric:
        """What KEDA is given; no target is an error, on which the HPA holds.

        Raises:
            ForescaleError: a fault of our own.
        """
        progress = await advance(
            [self._fold],
            history=self.history,
            to=look.at - LAG,
            settle=_SETTINGS.settle,
            learning=self.learning,
        )
        if self._fold.trouble is not None:
            raise self._fold.trouble
        await self._learn(look.at)
        for each in progress:
            self.decision = each.published.decision
        return Metric(value=self.decision.target if self.decision else None)

    async def _learn(self, now: float) -> None:
        epoch = self.learning.coming(now)
        if epoch not in self._fold.known:
            await teach([self._fold], epochs=[epoch], history=self.history, learning=self.learning)
