"""The policy that serves KEDA, by the very code of the service: `advance`, `teach`, the fold."""

from collections.abc import Mapping
from pathlib import Path

from scaler.config.settings import Settings
from scaler.config.sources import PrometheusSource
from scaler.config.understand import understand
from scaler.config.workload import Workload
from scaler.errors import ConfigError, Problem
from scaler.runtime.advance import advance
from scaler.runtime.fold import Fold
from scaler.runtime.forecasts.forecaster import Forecaster
from scaler.runtime.forecasts.outlooks import outlooks_for
from scaler.runtime.forecasts.refreshing import Refreshing
from scaler.runtime.knowledge import Learning, teach
from scaler.runtime.loop import LAG
from scaler.simulation.behavior import HpaSpec
from scaler.simulation.fluid import FluidSnapshot
from scaler.simulation.hpa import Metric
from scaler.studies.replay.foresight import Foresight, Present
from scaler.studies.replay.observed import Observed
from scaler.studies.replay.rivals import follower

_SETTINGS = Settings(sources={"default": PrometheusSource(url="http://127.0.0.1:9090")})
"""Nobody is asked there: the history is the simulation's."""

_SETTLE = _SETTINGS.settle

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


class Serving:
    """A profile as it would serve KEDA, every tick of it, with the documented ScaledObject.

    It learns and forecasts when the service would; `folder` is for what it forecasts from.
    """

    first: int | None = None

    def __init__(self, name: str, *, workload: Workload, history: Observed, folder: Path) -> None:
        self.name = name
        self.workload = workload
        spec = workload.spec
        self.hpa: HpaSpec = follower(low=spec.min_replicas, high=spec.max_replicas)
        self._history = history
        self._learning = Learning(refreshing=Refreshing())
        outlooks = outlooks_for(workload, refreshing=self._learning.refreshing)
        self._fold = Fold(workload=workload, outlooks=outlooks)
        self._present = Present(0.0)
        self._forecaster = Forecaster(
            folds=lambda: [self._fold],
            history=history,
            clock=self._present,
            worker=Foresight(folder),
            delay=lambda: _SETTLE + LAG,
        )
        self._target: int | None = None

    async def metric(self, look: FluidSnapshot) -> Metric:
        """What KEDA is given; no target is an error, on which the HPA holds.

        Raises:
            ForescaleError: a fault of our own.
        """
        self._present.at = look.at
        progress = await advance(
            [self._fold],
            history=self._history,
            to=look.at - LAG,
            settle=_SETTLE,
            learning=self._learning,
        )
        if self._fold.trouble is not None:
            raise self._fold.trouble
        await self._learn(look.at)
        while await self._forecaster.round():
            pass
        for each in progress:
            self._target = each.published.decision.target
        return Metric(value=self._target)

    async def _learn(self, now: float) -> None:
        epoch = self._learning.coming(now)
        if epoch not in self._fold.known:
            await teach(
                [self._fold], epochs=[epoch], history=self._history, learning=self._learning
            )
