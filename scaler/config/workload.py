"""One workload as it was asked for: what to decide by (`Spec`) and what to look at (`Watch`)."""

from collections.abc import Mapping
from enum import StrEnum

import attrs

from scaler.config.calendars import Event
from scaler.policy.model import Signal
from scaler.policy.spec import Spec


class SourceKind(StrEnum):
    """Where a workload's signals are read."""

    PROMETHEUS = "prometheus"
    SCRAPE = "scrape"


class LatencyMetric(StrEnum):
    """Which latency the objective is about."""

    TTFT = "ttft"
    ITL = "itl"
    E2E = "e2e"
    QUEUE = "queue"


class ForecastUse(StrEnum):
    """What is done with a forecast."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    OBSERVE = "observe"
    """Computed and shown, not used."""


@attrs.frozen(kw_only=True)
class Watch:
    """What to read for one workload, and where.

    `workload` and `kind` name the scale target; its pods are those named exactly as its kind names
    them. `matchers` are further PromQL matchers, put into every generated query beside the one for
    the namespace. `queries` replace the generated query of a signal. `prometheus` names a
    configured source, unless `server_address` gives one by address. `hpa_tolerance` is what the
    cluster's HPA tolerates; None is found out.
    """

    namespace: str
    workload: str
    kind: str = "Deployment"
    engine: str
    model: str | None = None
    matchers: str = ""
    source: SourceKind = SourceKind.PROMETHEUS
    prometheus: str = "default"
    server_address: str | None = None
    endpoints: tuple[str, ...] = ()
    queries: Mapping[Signal, str] = attrs.field(factory=dict)
    activation_query: str | None = None
    activation_endpoints: tuple[str, ...] = ()
    latency_metric: LatencyMetric = LatencyMetric.TTFT
    latency_quantile: float = 0.95
    hpa_tolerance: float | None = None

    @property
    def sleeps(self) -> bool:
        """Whether something is named that wakes it, so that nobody there may be as it should be."""
        return bool(self.activation_endpoints or self.activation_query)


@attrs.frozen(kw_only=True)
class Forecasting:
    """How a workload's demand is forecast. Seasons are seconds.

    `quantile` is of the highest demand over the lead time: at 0.9 one such window in ten may run
    short before the reactive part acts. `max_extra` is the share by which a forecast may raise over
    the recent peak of its time of day. `events` are declared, whether anything is forecast or not;
    days that are public holidays at any of the `holidays` are like Sundays.
    """

    use: ForecastUse = ForecastUse.ENABLED
    quantile: float = 0.9
    max_extra: float = 0.5
    seasons: tuple[int, ...] = (24 * 3600, 7 * 24 * 3600)
    timezone: str = "UTC"
    events: tuple[Event, ...] = ()
    holidays: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Key:
    """The identity of a workload: changed metadata is another workload, with a fold of its own.

    `digest` is a short hash of everything that was asked for.
    """

    namespace: str
    name: str
    digest: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@attrs.frozen(kw_only=True, eq=False)
class Workload:
    """A ScaledObject's trigger, understood. Compared and hashed by its key."""

    key: Key
    spec: Spec
    watch: Watch
    forecasting: Forecasting = attrs.field(factory=Forecasting)

    @property
    def origin(self) -> str:
        """Who answers for it. Those of one origin are read together, and wait for each other."""
        watch = self.watch
        if watch.source is SourceKind.SCRAPE:
            return f"{self.key}/{self.key.digest}"
        return watch.server_address or watch.prometheus

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Workload) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)
