"""What the service says about itself: log lines, and every exported metric, declared once.

A series that belongs to a workload is not kept here: it is written from what was published when
somebody asks, so a forgotten workload leaves nothing behind. Values of trigger metadata may be
secrets, so they are never logged.
"""

import logging
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any

import attrs
import structlog
from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client import Counter as CounterMetric
from prometheus_client import Gauge as GaugeMetric

WORKLOAD = ("namespace", "scaledobject")


@attrs.frozen(kw_only=True)
class Metric:
    """One exported metric. `labels` come after those of the workload, where it belongs to one."""

    name: str
    kind: str
    doc: str
    labels: tuple[str, ...] = ()
    workload: bool = True

    @property
    def family(self) -> str:
        """The name without a counter's suffix, as `prometheus_client` wants it."""
        return self.name.removesuffix("_total")

    @property
    def header(self) -> str:
        """The lines above its series."""
        return f"# HELP {self.name} {self.doc}\n# TYPE {self.name} {self.kind}\n"


def _gauge(name: str, doc: str, *labels: str) -> Metric:
    return Metric(name=f"forescale_{name}", kind="gauge", doc=doc, labels=labels)


def _own(name: str, kind: str, doc: str, *labels: str) -> Metric:
    return Metric(name=f"forescale_{name}", kind=kind, doc=doc, labels=labels, workload=False)


TARGET = _gauge("target_replicas", "The wanted number of replicas, as served to KEDA.")
RECOMMENDATION = _gauge(
    "recommendation_replicas", "Replicas that one signal asks for, before the ceiling.", "signal"
)
SIGNAL_VALUE = _gauge("signal_value", "The newest reading of a signal.", "signal")
SIGNAL_AGE = _gauge("signal_age_seconds", "Age of the newest reading of a signal.", "signal")
SIGNAL_GAP = _gauge("signal_gap", "1 while a signal has no reading.", "signal", "reason")
WANTED = _gauge("wanted_replicas", "Replicas that the scale target asks for.")
READY = _gauge("ready_replicas", "Replicas that serve.")
REPORTING = _gauge("reporting_replicas", "Replicas that the signals were read from.")
STUCK = _gauge("stuck_replicas", "Replicas that will not come up by themselves, by why.", "reason")
UNMET = _gauge(
    "unmet_replicas", "Replicas asked for and not served, by what forbids them.", "reason"
)
OBJECTIVE = _gauge("latency_objective_seconds", "What the latency should stay under.")
CAPACITY_TOKENS = _gauge(
    "capacity_tokens_per_second", "Tokens per second of one replica inside its objective."
)
CAPACITY_REQUESTS = _gauge(
    "capacity_requests_per_second",
    "Requests per second of one replica inside its objective, where tokens do not exist.",
)
LEAD_TIME = _gauge("lead_time_seconds", "How long a replica takes from asked for to ready.")
FORECAST_DEMAND = _gauge(
    "forecast_demand", "Forecast work per second over the lead time.", "quantile"
)
FORECAST_SKILL = _gauge(
    "forecast_skill_ratio", "Share of the reactive error that the forecast removes."
)
FORECAST_COVERAGE = _gauge(
    "forecast_coverage_ratio",
    "Share of lead times whose demand stayed under the forecast quantile.",
)
FORECAST_BELIEF = _gauge("forecast_belief", "1 for how far the forecast is believed.", "belief")
FORECAST_WEIGHT = _gauge(
    "forecast_weight_ratio", "Part of a model in the forecast; the five heaviest.", "model"
)
DECLARED_EVENT = _gauge(
    "declared_event_ratio",
    "How far a declared event counts in the lead time: 1, or less while it builds up or fades.",
    "event",
)
LIMITED = _gauge("decision_limited", "1 while something moves the target.", "by")
DECISIONS = Metric(
    name="forescale_decisions_total",
    kind="counter",
    doc="Decisions by the recommendation or rule that won.",
    labels=("winner",),
)
LAST_POLL = _gauge(
    "last_poll_timestamp_seconds", "When KEDA or an HPA last asked and was given a target."
)
TICK = _own("tick_duration_seconds", "histogram", "Time to read and decide one slot of workloads.")
QUERY = _own(
    "source_query_duration_seconds", "histogram", "Time of one question to a source.", "source"
)
SOURCE_ERRORS = _own(
    "source_errors_total", "counter", "Questions without an answer.", "source", "reason"
)
RPC = _own(
    "rpc_duration_seconds",
    "histogram",
    "Time to answer KEDA, or an HPA without it.",
    "method",
    "code",
)
BUILD = _own("build_info", "gauge", "Always 1; the labels say what runs.", "version")

METRICS = (
    TARGET,
    RECOMMENDATION,
    SIGNAL_VALUE,
    SIGNAL_AGE,
    SIGNAL_GAP,
    WANTED,
    READY,
    REPORTING,
    STUCK,
    UNMET,
    OBJECTIVE,
    CAPACITY_TOKENS,
    CAPACITY_REQUESTS,
    LEAD_TIME,
    FORECAST_DEMAND,
    FORECAST_SKILL,
    FORECAST_COVERAGE,
    FORECAST_BELIEF,
    FORECAST_WEIGHT,
    DECLARED_EVENT,
    LIMITED,
    DECISIONS,
    LAST_POLL,
    TICK,
    QUERY,
    SOURCE_ERRORS,
    RPC,
    BUILD,
)

_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_SLOW = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Telemetry:
    """Counters and durations of one process. Durations are seconds."""

    def __init__(self, *, version: str) -> None:
        # They double the series and say nothing that a scraped counter does not.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        build = GaugeMetric(BUILD.name, BUILD.doc, BUILD.labels, registry=registry)
        build.labels(version).set(1)
        self.version = version
        self._registry = registry
        self._tick = _histogram(TICK, registry=registry, buckets=_SLOW)
        self._query = _histogram(QUERY, registry=registry, buckets=_SLOW)
        self._rpc = _histogram(RPC, registry=registry, buckets=_FAST)
        self._errors = CounterMetric(
            SOURCE_ERRORS.family, SOURCE_ERRORS.doc, SOURCE_ERRORS.labels, registry=registry
        )
        # Looking a child up costs more than observing.
        self._rpc_children: dict[tuple[str, str], Histogram] = {}
        self._decisions: dict[tuple[str, str], Counter[str]] = {}
        self._polls: dict[tuple[str, str], int] = {}

    def tick(self, seconds: float) -> None:
        """One slot of workloads was read and decided."""
        self._tick.observe(seconds)

    def observe(self, source: str, seconds: float, error: str | None) -> None:
        """One question to a source; `error` is why it failed, if it did."""
        self._query.labels(source).observe(seconds)
        if error is not None:
            self._errors.labels(source, error).inc()

    def rpc(self, method: str, code: str, seconds: float) -> None:
        """One call was answered."""
        child = self._rpc_children.get((method, code))
        if child is None:
            child = self._rpc_children[method, code] = self._rpc.labels(method, code)
        child.observe(seconds)

    def decided(self, namespace: str, name: str, *, winner: str) -> None:
        """One decision was taken."""
        self._decisions.setdefault((namespace, name), Counter())[winner] += 1

    def polled(self, namespace: str, name: str, *, at: int) -> None:
        """KEDA asked for this workload."""
        self._polls[namespace, name] = at

    def forget(self, namespace: str, name: str) -> None:
        """Nobody asks for this workload any more."""
        self._decisions.pop((namespace, name), None)
        self._polls.pop((namespace, name), None)

    def decisions(self, namespace: str, name: str) -> Mapping[str, int]:
        """Decisions so far, by winner."""
        return self._decisions.get((namespace, name), {})

    def last_poll(self, namespace: str, name: str) -> int | None:
        """When KEDA last asked, in Unix seconds."""
        return self._polls.get((namespace, name))

    def page(self) -> str:
        """The exposition of everything that belongs to no workload; some tens of kilobytes."""
        return generate_latest(self._registry).decode()


def _histogram(
    metric: Metric, *, registry: CollectorRegistry, buckets: tuple[float, ...]
) -> Histogram:
    return Histogram(metric.name, metric.doc, metric.labels, registry=registry, buckets=buckets)


def configure_logging(*, style: str, level: str) -> None:
    """Write log lines of this level and above to standard error, as `text` or `json`.

    The libraries' own lines come in the same form, from warnings on.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_severity(level)),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(
        handlers=[handler], level=max(logging.WARNING, _severity(level)), force=True
    )


def _severity(level: str) -> int:
    return logging.getLevelNamesMapping()[level.upper()]
