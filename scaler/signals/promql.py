"""PromQL for many workloads at once, made from the catalog's rows. Text in, text out.

Every query aggregates to one series per namespace, workload (read from the pod's name) and model,
so that two models where one is meant are seen, not added up. Series of one pod are first reduced
to the largest per pod, model and part: a pair of Prometheus servers behind one address, or the
ranks of one engine, repeat the same value. What is not there stays out of the answer: a query that
fills in zeros could no longer tell an outage from a quiet night.
"""

from scaler.signals.catalog import devices
from scaler.signals.catalog.metric import Gauge, Latency, Metric, Names, Over, Quantile
from scaler.signals.clauses import REPLICA, aggregated, named, owned, relabeled, scaled, select
from scaler.signals.matchers import Matcher, one_of
from scaler.signals.scope import NAMESPACE, WORKLOAD, Scope


def metric_query(metric: Metric, scope: Scope) -> str:
    """One value per workload and model: a total, or a mean of shares."""
    if isinstance(metric, Gauge):
        series = _best(scope, metric.names, where=metric.where, parts=metric.parts)
        return scaled(_fold(scope, metric.over, series), metric.scale)
    window = scope.windows.rate
    totals = (
        _fold(
            scope,
            Over.SUM,
            _best(scope, names, where=metric.where, parts=metric.parts, window=window),
        )
        for names in metric.counters
    )
    return scaled(" + ".join(totals), metric.scale)


def latency_query(latency: Latency, scope: Scope, *, quantile: float) -> str:
    """The quantile of a histogram, or a mean where there is none, in seconds."""
    window = scope.windows.latency
    if isinstance(latency, Quantile):
        by = (*scope.answer, "le")
        parts = (*latency.parts, "le")
        series = _best(scope, latency.buckets, parts=parts, window=window)
        text = f"histogram_quantile({quantile!r}, {aggregated('sum', by, series)})"
        return scaled(text, latency.scale)
    total, count = (
        _fold(scope, Over.SUM, _best(scope, names, parts=latency.parts, window=window))
        for names in (latency.total, latency.count)
    )
    return scaled(f"{total} / {count}", latency.scale)


def requests_query(latency: Latency, scope: Scope) -> str:
    """How many requests the latency is about."""
    window = scope.windows.latency
    series = _best(scope, latency.count, parts=latency.parts, window=window)
    return scaled(_fold(scope, Over.SUM, series), float(window))


def reporting_query(scope: Scope, *, stale_after: int) -> str:
    """How many replicas have a fresh sample."""
    by = (*scope.answer, REPLICA)
    pod = scope.engine_owner.pod
    newest = (
        relabeled(_times(scope, name), label=REPLICA, source=pod, pattern=scope.pods.pattern)
        for name in scope.row.probe
    )
    fresh = f"{aggregated('max', by, ' or '.join(newest))} > time() - {stale_after}"
    return aggregated("count", scope.answer, fresh)


def reported_at_query(scope: Scope) -> str:
    """When the newest sample of each workload was taken."""
    series = " or ".join(_times(scope, name) for name in scope.row.probe)
    return aggregated("max", scope.answer, series)


def devices_query(scope: Scope) -> str:
    """Mean utilization of the GPUs under each workload's pods, each device taken once."""
    by = (NAMESPACE, WORKLOAD, *scope.clusters)
    ways = (
        scaled(
            aggregated("max", (*by, *devices.DEVICE), owned(scope, way.names, devices.OWNERS)),
            way.scale,
        )
        for way in devices.UTILIZATION
    )
    return aggregated("avg", by, " or ".join(ways))


def devices_at_query(scope: Scope) -> str:
    """When the newest sample about each workload's GPUs was taken."""
    names = tuple(name for way in devices.UTILIZATION for name in way.names)
    series = owned(scope, names, devices.OWNERS, of="timestamp({})")
    return aggregated("max", (NAMESPACE, WORKLOAD, *scope.clusters), series)


def _best(
    scope: Scope,
    names: Names,
    *,
    where: tuple[Matcher, ...] = (),
    parts: tuple[str, ...] = (),
    window: int | None = None,
) -> str:
    """Series of the newest name that each pod exposes, duplicates reduced, workload read off.

    With a `window`, rates over it.
    """
    owner, model = scope.engine_owner, scope.row.model_label
    identity = (owner.namespace, owner.pod, *scope.clusters, *((model,) if model else ()))
    by = (*identity, *scope.row.parts, *parts)
    text = ""
    for name in names:
        selector = _engine_selector(scope, name, where=where)
        values = f"rate({selector}[{window}s])" if window else selector
        vector = aggregated("max", by, values)
        text = f"{text} or {_unless(vector, text, by=by)}" if text else vector
    return _attributed(scope, text)


def _unless(vector: str, newer: str, *, by: tuple[str, ...]) -> str:
    """`vector`, fit to fill in for `newer`: never bucket by bucket, which would mix histograms."""
    if "le" not in by:
        return vector
    others = ", ".join(label for label in by if label != "le")
    return f"({vector} unless on ({others}) ({newer}))"


def _attributed(scope: Scope, text: str) -> str:
    """`text` with the labels that say whose it is."""
    owner = scope.engine_owner
    if scope.row.own_pods:
        text = named(scope, text, pod=owner.pod)
    return relabeled(text, label=NAMESPACE, source=owner.namespace)


def _times(scope: Scope, name: str) -> str:
    return _attributed(scope, f"timestamp({_engine_selector(scope, name)})")


def _engine_selector(scope: Scope, name: str, *, where: tuple[Matcher, ...] = ()) -> str:
    owner, model = scope.engine_owner, scope.row.model_label
    pods = (Matcher(owner.pod, "=~", scope.pods.candidates),) if scope.row.own_pods else ()
    models = (one_of(model, scope.models),) if model and scope.models else ()
    namespaces = one_of(owner.namespace, scope.namespaces)
    matchers = (namespaces, *pods, *models, *where, *scope.matchers, *scope.everywhere)
    return select(name, matchers)


def _fold(scope: Scope, over: Over, text: str) -> str:
    return aggregated(over.value, scope.answer, text)
