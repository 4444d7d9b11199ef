"""PromQL for many workloads at once, made from the catalog's rows. Text in, text out.

Every query aggregates to one series per namespace, workload (read from the pod's name) and model,
so that two models where one is meant are seen, not added up. Series of one pod are first reduced
to the largest per pod, model and part: a pair of Prometheus servers behind one address, or the
ranks of one engine, repeat the same value. What is not there stays out of the answer: a query that
fills in zeros could no longer tell an outage from a quiet night.
"""

from collections.abc import Iterable, Sequence

from scaler.signals.catalog import devices, objects
from scaler.signals.catalog.devices import Owner
from scaler.signals.catalog.metric import Gauge, Latency, Metric, Names, Over, Quantile
from scaler.signals.matchers import Matcher, one_of, quote
from scaler.signals.scope import NAMESPACE, WORKLOAD, Scope

_REPLICA = "forescale_replica"


def metric_query(metric: Metric, scope: Scope) -> str:
    """One value per workload and model: a total, or a mean of shares."""
    if isinstance(metric, Gauge):
        series = _best(scope, metric.names, where=metric.where, parts=metric.parts)
        return _scaled(_fold(scope, metric.over, series), metric.scale)
    window = scope.windows.rate
    totals = (
        _fold(
            scope,
            Over.SUM,
            _best(scope, names, where=metric.where, parts=metric.parts, window=window),
        )
        for names in metric.counters
    )
    return _scaled(" + ".join(totals), metric.scale)


def latency_query(latency: Latency, scope: Scope, *, quantile: float) -> str:
    """The quantile of a histogram, or a mean where there is none, in seconds."""
    window = scope.windows.latency
    if isinstance(latency, Quantile):
        by = (*scope.answer, "le")
        parts = (*latency.parts, "le")
        series = _best(scope, latency.buckets, parts=parts, window=window)
        text = f"histogram_quantile({quantile!r}, {_by('sum', by, series)})"
        return _scaled(text, latency.scale)
    total, count = (
        _fold(scope, Over.SUM, _best(scope, names, parts=latency.parts, window=window))
        for names in (latency.total, latency.count)
    )
    return _scaled(f"{total} / {count}", latency.scale)


def requests_query(latency: Latency, scope: Scope) -> str:
    """How many requests the latency is about."""
    window = scope.windows.latency
    series = _best(scope, latency.count, parts=latency.parts, window=window)
    return _scaled(_fold(scope, Over.SUM, series), float(window))


def reporting_query(scope: Scope, *, stale_after: int) -> str:
    """How many replicas have a fresh sample."""
    by = (*scope.answer, _REPLICA)
    pod = scope.engine_owner.pod
    newest = (
        _relabeled(_times(scope, name), label=_REPLICA, source=pod, pattern=scope.pods.pattern)
        for name in scope.row.probe
    )
    fresh = f"{_by('max', by, ' or '.join(newest))} > time() - {stale_after}"
    return _by("count", scope.answer, fresh)


def reported_at_query(scope: Scope) -> str:
    """When the newest sample of each workload was taken."""
    series = " or ".join(_times(scope, name) for name in scope.row.probe)
    return _by("max", scope.answer, series)


def devices_query(scope: Scope) -> str:
    """Mean utilization of the GPUs under each workload's pods, each device taken once."""
    by = (NAMESPACE, WORKLOAD, *scope.clusters)
    ways = (
        _scaled(
            _by("max", (*by, *devices.DEVICE), _owned(scope, way.names, devices.OWNERS)), way.scale
        )
        for way in devices.UTILIZATION
    )
    return _by("avg", by, " or ".join(ways))


def devices_at_query(scope: Scope) -> str:
    """When the newest sample about each workload's GPUs was taken."""
    names = tuple(name for way in devices.UTILIZATION for name in way.names)
    series = _owned(scope, names, devices.OWNERS, times=True)
    return _by("max", (NAMESPACE, WORKLOAD, *scope.clusters), series)


def object_query(name: str, scope: Scope, *, of: str = "{}") -> str:
    """A count that the cluster keeps about each scale target, or a function `of` it."""
    label = objects.KINDS[scope.kind].label
    named = one_of(label, scope.names)
    series = []
    for owner in objects.OWNERS:
        matchers = (one_of(owner.namespace, scope.namespaces), named, *scope.everywhere)
        text = of.format(_selector(name, matchers))
        text = _relabeled(text, label=WORKLOAD, source=label)
        series.append(_relabeled(text, label=NAMESPACE, source=owner.namespace))
    return _by("max", (NAMESPACE, WORKLOAD, *scope.clusters), " or ".join(series))


def stuck_query(scope: Scope, scaled: objects.Scaled | None) -> str:
    """How many replicas will not come up by themselves, by reason and none of them twice."""
    by = (NAMESPACE, WORKLOAD, *scope.clusters)
    series = " or ".join(
        _owned(scope, (name,), objects.OWNERS, where=where, replicas=True)
        for name, where in objects.STUCK.items()
    )
    reasons = f"{_by('max', (*by, _REPLICA, objects.REASON), series)} > 0"
    one = f"topk by ({', '.join((*by, _REPLICA))}) (1, {reasons})"
    stuck = _by("count", (*by, objects.REASON), one)
    uncreated = _uncreated(scope, scaled) if scaled and scaled.created else ""
    return f"{stuck} or {uncreated}" if uncreated else stuck


def _uncreated(scope: Scope, scaled: objects.Scaled) -> str:
    """How many replicas have had no pod for a while, with nothing leaving that they may wait for.

    The fewest wanted less the most created of that while: neither end of it makes a shortage.
    """
    window = f"[{objects.UNCREATED}s]"
    wanted = object_query(scaled.wanted, scope, of=f"min_over_time({{}}{window})")
    created = object_query(scaled.created, scope, of=f"max_over_time({{}}{window})")
    leaving = _owned(scope, (objects.LEAVING,), objects.OWNERS)
    by = ", ".join((NAMESPACE, WORKLOAD, *scope.clusters))
    short = f"({wanted} - {created} > 0) unless on ({by}) {leaving}"
    return f'label_replace({short}, "{objects.REASON}", "{objects.NOT_CREATED}", "", "")'


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
        vector = _by("max", by, values)
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
        text = _named(scope, text, pod=owner.pod)
    return _relabeled(text, label=NAMESPACE, source=owner.namespace)


def _times(scope: Scope, name: str) -> str:
    return _attributed(scope, f"timestamp({_engine_selector(scope, name)})")


def _engine_selector(scope: Scope, name: str, *, where: tuple[Matcher, ...] = ()) -> str:
    owner, model = scope.engine_owner, scope.row.model_label
    pods = (Matcher(owner.pod, "=~", scope.pods.candidates),) if scope.row.own_pods else ()
    models = (one_of(model, scope.models),) if model and scope.models else ()
    namespaces = one_of(owner.namespace, scope.namespaces)
    matchers = (namespaces, *pods, *models, *where, *scope.matchers, *scope.everywhere)
    return _selector(name, matchers)


def _owned(
    scope: Scope,
    names: Names,
    owners: Sequence[Owner],
    *,
    where: tuple[Matcher, ...] = (),
    times: bool = False,
    replicas: bool = False,
) -> str:
    """Series about pods that something else exposes, in whichever style they are labeled."""
    series = []
    for name in names:
        for owner in owners:
            pods = Matcher(owner.pod, "=~", scope.pods.candidates)
            matchers = (one_of(owner.namespace, scope.namespaces), pods, *where, *scope.everywhere)
            text = _selector(name, matchers)
            text = f"timestamp({text})" if times else text
            if replicas:
                text = _relabeled(
                    text, label=_REPLICA, source=owner.pod, pattern=scope.pods.pattern
                )
            text = _named(scope, text, pod=owner.pod)
            series.append(_relabeled(text, label=NAMESPACE, source=owner.namespace))
    return " or ".join(series)


def _selector(name: str, matchers: Iterable[Matcher]) -> str:
    return f"{name}{{{','.join(map(str, matchers))}}}"


def _named(scope: Scope, text: str, *, pod: str) -> str:
    pods = scope.pods
    return _relabeled(text, label=WORKLOAD, source=pod, value=pods.workload, pattern=pods.pattern)


def _relabeled(
    text: str, *, label: str, source: str, value: str = "$1", pattern: str = "(.*)"
) -> str:
    return f"label_replace({text}, {', '.join(map(quote, (label, value, source, pattern)))})"


def _by(aggregation: str, labels: Iterable[str], text: str) -> str:
    return f"{aggregation} by ({', '.join(labels)}) ({text})"


def _fold(scope: Scope, over: Over, text: str) -> str:
    return _by(over.value, scope.answer, text)


def _scaled(text: str, scale: float) -> str:
    return text if scale == 1.0 else f"({text}) * {scale!r}"
