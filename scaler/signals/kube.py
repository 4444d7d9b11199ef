"""PromQL about what kube-state-metrics counts: replicas, why they are stuck, how long they take.

Text in, text out, for many workloads at once.
"""

from scaler.signals.catalog import objects
from scaler.signals.clauses import REPLICA, aggregated, owned, relabeled, select
from scaler.signals.matchers import Matcher, one_of
from scaler.signals.scope import NAMESPACE, WORKLOAD, Scope

DAY = 24 * 3600
"""Seconds of starts that a lead time is learned from."""
_STARTS, _HURTS = "1d:5m", "1d:1m"
"""Whoever served for five minutes is found, and whatever kept a replica for one."""


def object_query(name: str, scope: Scope, *, of: str = "{}") -> str:
    """A count that the cluster keeps about each scale target, or a function `of` it."""
    label = objects.KINDS[scope.kind].label
    named = one_of(label, scope.names)
    series = []
    for owner in objects.OWNERS:
        matchers = (one_of(owner.namespace, scope.namespaces), named, *scope.everywhere)
        text = of.format(select(name, matchers))
        text = relabeled(text, label=WORKLOAD, source=label)
        series.append(relabeled(text, label=NAMESPACE, source=owner.namespace))
    return aggregated("max", (NAMESPACE, WORKLOAD, *scope.clusters), " or ".join(series))


def stuck_query(scope: Scope, scaled: objects.Scaled | None) -> str:
    """How many replicas will not come up by themselves, by reason and none of them twice."""
    by = (NAMESPACE, WORKLOAD, *scope.clusters)
    series = " or ".join(
        owned(scope, (name,), objects.OWNERS, where=where, replicas=True)
        for name, where in objects.STUCK.items()
    )
    reasons = f"{aggregated('max', (*by, REPLICA, objects.REASON), series)} > 0"
    one = f"topk by ({', '.join((*by, REPLICA))}) (1, {reasons})"
    stuck = aggregated("count", (*by, objects.REASON), one)
    uncreated = _uncreated(scope, scaled) if scaled and scaled.created else ""
    return f"{stuck} or {uncreated}" if uncreated else stuck


def _uncreated(scope: Scope, scaled: objects.Scaled) -> str:
    """How many replicas have had no pod for a while, with nothing leaving that they may wait for.

    The fewest wanted less the most created of that while: neither end of it makes a shortage.
    """
    window = f"[{objects.UNCREATED}s]"
    wanted = object_query(scaled.wanted, scope, of=f"min_over_time({{}}{window})")
    created = object_query(scaled.created, scope, of=f"max_over_time({{}}{window})")
    leaving = owned(scope, (objects.LEAVING,), objects.OWNERS)
    by = ", ".join((NAMESPACE, WORKLOAD, *scope.clusters))
    short = f"({wanted} - {created} > 0) unless on ({by}) {leaving}"
    return f'label_replace({short}, "{objects.REASON}", "{objects.NOT_CREATED}", "", "")'


def lead_time_query(scope: Scope) -> str:
    """The 90th percentile of the seconds from created to first ready, of the last day's replicas.

    One that was stuck, or whose container restarted, shows how long somebody took to help.
    """
    by = (NAMESPACE, WORKLOAD, *scope.clusters)
    each = (*by, REPLICA)
    ready = aggregated("max", each, _over_a_day(scope, objects.READY_SINCE, "min", _STARTS))
    created = aggregated("min", each, _over_a_day(scope, objects.CREATED, "min", _STARTS))
    hurts = " or ".join(
        _over_a_day(scope, name, "max", _HURTS, where=where)
        for name, where in {**objects.STUCK, objects.RESTARTS: ()}.items()
    )
    took = f"{ready} - ({created} > time() - {DAY})"
    hurt = f"{aggregated('max', each, hurts)} > 0"
    return f"quantile by ({', '.join(by)}) (0.9, ({took}) unless ({hurt}))"


def _over_a_day(
    scope: Scope, name: str, which: str, points: str, *, where: tuple[Matcher, ...] = ()
) -> str:
    of = f"{which}_over_time({{}}[{points}])"
    return owned(scope, (name,), objects.OWNERS, where=where, of=of, replicas=True)
