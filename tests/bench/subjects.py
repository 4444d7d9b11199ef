"""Workloads and readings to measure on: what KEDA would send, and a history that costs nothing."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import lru_cache

import attrs

from scaler.config.settings import Settings
from scaler.config.sources import PrometheusSource
from scaler.config.understand import understand
from scaler.config.workload import Workload
from scaler.policy.model import Readings, Sample
from scaler.serving.keda.client import ScaledObject
from tests.builders import readings

NAMESPACE = "models"
TAIL = 3
"""Ticks that the free history knows: those that a tick folds again, with 30 s to settle."""
APART = 16
"""Workloads read before others get their turn, as with a source that has as many readings."""
SETTINGS = Settings(sources={"default": PrometheusSource(url="http://127.0.0.1:9")})


def scaled(index: int) -> ScaledObject:
    """One ScaledObject with the metadata that a working one has."""
    metadata = {
        "scalerAddress": "forescale.forescale:9090",
        "engine": "vllm",
        "model": "llama-3-8b",
        "latencyTarget": "2s",
        "tokensPerReplica": "1000",
        "maxReplicaCount": "20",
    }
    return ScaledObject(namespace=NAMESPACE, name=f"llama-{index:05}", metadata=metadata)


def workloads(count: int, *, settings: Settings = SETTINGS) -> list[Workload]:
    return [
        understand(each.namespace, each.name, each.metadata, settings=settings)
        for each in map(scaled, range(count))
    ]


@lru_cache(maxsize=1_000)
def busy(at: int) -> Readings:
    """A fleet at work, with numbers that move from tick to tick."""
    turn = at % 97 / 97
    return readings(
        at,
        tokens=2500.0 + 1500.0 * turn,
        requests=3.0 + turn,
        waiting=round(12 * turn),
        latency=0.3 + turn,
        utilization=0.5 + 0.4 * turn,
        cache=0.2 + 0.5 * turn,
    )


@attrs.frozen
class Free:
    """A history that is there at once, of the newest ticks alone."""

    async def read(
        self, workloads: Sequence[Workload], ticks: range
    ) -> Mapping[Workload, Sequence[Readings]]:
        found = [busy(at) for at in ticks[-TAIL:]]
        return dict.fromkeys(workloads, found)


class Own(Free):
    """As `Free`, with values of its own for every workload, as a source has them."""

    async def read(
        self, workloads: Sequence[Workload], ticks: range
    ) -> Mapping[Workload, Sequence[Readings]]:
        found = {}
        for place, (each, some) in enumerate((await super().read(workloads, ticks)).items()):
            found[each] = [_copied(one) for one in some]
            if place % APART == 0:
                await asyncio.sleep(0)
        return found


def _copied(readings: Readings) -> Readings:
    signals = {
        signal: Sample(value=each.value, at=each.at) if isinstance(each, Sample) else each
        for signal, each in readings.signals.items()
    }
    return attrs.evolve(readings, signals=signals)
