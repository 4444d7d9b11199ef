"""What a source is asked about one workload, and what it found."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import attrs

from scaler.config.workload import Watch, Workload
from scaler.policy.model import Signal
from scaler.policy.spec import Spec, Vote
from scaler.signals.catalog import ROWS
from scaler.signals.catalog.metric import Latency, Metric, Row

MINUTE = 60


class Fact(StrEnum):
    """What is asked beside the signals themselves."""

    REPORTING = "reporting"
    """Replicas with a fresh sample of the engine's probe."""
    REPORTED_AT = "reported_at"
    """When the newest sample of the probe was taken."""
    REQUESTS_SEEN = "requests_seen"
    """Requests in the latency window."""
    DEVICES = "devices"
    """Mean utilization of the GPUs that the workload's pods hold."""
    DEVICES_AT = "devices_at"
    WANTED = "wanted"
    READY = "ready"
    OBJECTS_AT = "objects_at"
    """When the newest sample about the scale target was taken."""
    STUCK = "stuck"
    LEAD_TIME = "lead_time"
    """Seconds from created to ready; asked for on its own, for it is learned."""


Quantity = Signal | Fact


@attrs.frozen(kw_only=True)
class Track:
    """One series about one quantity of one workload: its values by tick.

    `origin` tells series apart that must not be added up: their cluster and model. `reason` is why
    replicas are stuck, and tells apart those that are.
    """

    values: Mapping[int, float]
    model: str = ""
    cluster: str = ""
    reason: str = ""

    @property
    def origin(self) -> str:
        """The cluster and model, for people."""
        return "/".join(filter(None, (self.cluster, self.model)))


Answer = Mapping[Quantity, Sequence[Track]]
"""All that a good answer holds about one workload; what is not in it was not found."""


def is_meant(workload: Workload, track: Track) -> bool:
    """Whether a series is about the workload's model, or about all of them."""
    model = workload.watch.model
    row = ROWS[workload.watch.engine]
    return model is None or not track.model or track.model == row.model(model)


@attrs.frozen(kw_only=True)
class Windows:
    """How far rates and latency quantiles look back, in seconds.

    A sample younger than `fresh` is fresh whatever `staleAfter` says: one lost scrape is no outage.
    """

    rate: int
    latency: int
    fresh: int


def windows(interval: int) -> Windows:
    """Windows for samples that are `interval` seconds apart.

    Four samples survive one lost scrape; a quantile needs more requests than a rate does.
    """
    rate = max(MINUTE, 4 * interval)
    return Windows(rate=rate, latency=2 * rate, fresh=2 * interval)


@attrs.frozen(kw_only=True)
class Wish:
    """What a workload needs read of its engine's row; the same for many workloads."""

    row: Row
    metrics: tuple[tuple[Signal, Metric], ...]
    latency: Latency | None
    devices: bool


def wish(watch: Watch, spec: Spec) -> Wish:
    """What must be read for `watch`; its own queries stand in for what they replace."""
    row = ROWS[watch.engine]
    metrics = tuple(
        (signal, metric) for signal, metric in row.signals.items() if signal not in watch.queries
    )
    return Wish(
        row=row,
        metrics=metrics,
        latency=_latency(row, watch, spec),
        devices=spec.utilization is not Vote.OFF and Signal.UTILIZATION not in watch.queries,
    )


def _latency(row: Row, watch: Watch, spec: Spec) -> Latency | None:
    if spec.latency is Vote.OFF or Signal.LATENCY in watch.queries:
        return None
    return row.latencies.get(watch.latency_metric)
