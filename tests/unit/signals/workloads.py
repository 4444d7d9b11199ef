"""Workloads and meters for tests of the signal sources."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from scaler.config.engines import ENGINES
from scaler.config.workload import Key, Watch, Workload
from scaler.errors import ForescaleError
from scaler.policy.model import Readings
from scaler.policy.spec import Spec, Vote

NAMESPACE = "models"
BOTH_VOTES = Spec(latency=Vote.CONFIRM, utilization=Vote.CONFIRM)


def make_workload(
    name: str = "llama", *, engine: str = "vllm", spec: Spec = BOTH_VOTES, **watch: Any
) -> Workload:
    """A workload named like its scale target, watched for everything that its engine exposes."""
    namespace = watch.pop("namespace", NAMESPACE)
    latency = watch.pop("latency_metric", ENGINES[engine].latency)
    return Workload(
        key=Key(namespace=namespace, name=name, digest=engine),
        spec=spec,
        watch=Watch(
            namespace=namespace,
            workload=watch.pop("workload", name),
            engine=engine,
            latency_metric=latency,
            **watch,
        ),
    )


def good(
    found: Mapping[Workload, Sequence[Readings] | ForescaleError],
) -> dict[Workload, Sequence[Readings]]:
    """What was found, which is readings for everybody."""
    readings = {
        workload: answer
        for workload, answer in found.items()
        if not isinstance(answer, ForescaleError)
    }
    assert list(found) == list(readings), found
    return readings


@attrs.define
class FakeMeter:
    """Remembers what it was told."""

    observed: list[tuple[str, str | None]] = attrs.field(factory=list)

    def observe(self, source: str, seconds: float, error: str | None) -> None:
        assert seconds >= 0
        self.observed.append((source, error))
