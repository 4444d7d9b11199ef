"""What the loop tells, for people: every decision counted, and every change a log line."""

import logging
from collections.abc import Mapping

import attrs
import structlog

from scaler.config.workload import Key, Workload
from scaler.policy.model import Decision
from scaler.runtime.fold import Progress
from scaler.runtime.loop import Listener
from scaler.serving.pages.trails import Trails
from scaler.serving.served import Served
from scaler.telemetry import Telemetry

log = structlog.get_logger()


@attrs.define(kw_only=True)
class Journal(Listener):
    """Counts and charts every decision, and logs the ones that change something."""

    telemetry: Telemetry
    served: Served
    trails: Trails
    _targets: dict[Key, int | None] = attrs.field(factory=dict)

    def progressed(self, progress: Progress) -> None:
        """A workload was decided on."""
        published = progress.published
        key, decision = published.workload.key, published.decision
        self.telemetry.decided(key.namespace, key.name, winner=decision.winner)
        self.trails.add(published)
        if log.is_enabled_for(logging.DEBUG):
            for settled in progress.settled:
                log.debug("settled", workload=str(key), **_said(settled))
        before = self._targets.get(key)
        if key in self._targets and before == decision.target:
            return
        self._targets[key] = decision.target
        log.info(
            "target_changed",
            workload=str(key),
            before=before,
            **_said(decision),
        )

    def ticked(self, seconds: float) -> None:
        """A slot of workloads was read and decided."""
        self.telemetry.tick(seconds)

    def forgotten(self, workload: Workload, *, alone: bool) -> None:
        """Nobody asks for this workload any more; what is kept by name goes with the last."""
        key = workload.key
        self._targets.pop(key, None)
        if not alone:
            return
        self.telemetry.forget(key.namespace, key.name)
        self.served.forget(key.namespace, key.name)
        self.trails.forget(key.namespace, key.name)


def _said(decision: Decision) -> Mapping[str, object]:
    """A decision in a log line. Numbers are rounded: a sum's last digit follows its order."""
    return {
        "at": decision.at,
        "target": decision.target,
        "active": decision.active,
        "winner": decision.winner or decision.note,
        "asked": {
            each.signal: round(each.replicas, 6)
            for each in decision.recommendations
            if each.replicas is not None
        },
        "limits": [limit.by for limit in decision.limits],
    }
