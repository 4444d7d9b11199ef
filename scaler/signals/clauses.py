"""Clauses of PromQL that queries are made from: text in, text out."""

from collections.abc import Iterable, Sequence

from scaler.signals.catalog.devices import Owner
from scaler.signals.catalog.metric import Names
from scaler.signals.matchers import Matcher, one_of, quote
from scaler.signals.scope import NAMESPACE, WORKLOAD, Scope

REPLICA = "forescale_replica"
"""Label that holds what counts as one of `/scale`."""


def owned(
    scope: Scope,
    names: Names,
    owners: Sequence[Owner],
    *,
    where: tuple[Matcher, ...] = (),
    of: str = "{}",
    replicas: bool = False,
) -> str:
    """Series about pods that something else exposes, in whichever style they are labeled.

    With a function `of` them; with the label of the replica that each is about.
    """
    series = []
    for name in names:
        for owner in owners:
            pods = Matcher(owner.pod, "=~", scope.pods.candidates)
            matchers = (one_of(owner.namespace, scope.namespaces), pods, *where, *scope.everywhere)
            text = of.format(select(name, matchers))
            if replicas:
                text = relabeled(text, label=REPLICA, source=owner.pod, pattern=scope.pods.pattern)
            text = named(scope, text, pod=owner.pod)
            series.append(relabeled(text, label=NAMESPACE, source=owner.namespace))
    return " or ".join(series)


def select(name: str, matchers: Iterable[Matcher]) -> str:
    """The series of a name that meet all of `matchers`."""
    return f"{name}{{{','.join(map(str, matchers))}}}"


def named(scope: Scope, text: str, *, pod: str) -> str:
    """`text` with the workload's name, read off the label `pod`."""
    pods = scope.pods
    return relabeled(text, label=WORKLOAD, source=pod, value=pods.workload, pattern=pods.pattern)


def relabeled(
    text: str, *, label: str, source: str, value: str = "$1", pattern: str = "(.*)"
) -> str:
    """`text` with the label `label`, made from another."""
    return f"label_replace({text}, {', '.join(map(quote, (label, value, source, pattern)))})"


def aggregated(aggregation: str, labels: Iterable[str], text: str) -> str:
    """`text` reduced to one series for each value of `labels`."""
    return f"{aggregation} by ({', '.join(labels)}) ({text})"


def scaled(text: str, scale: float) -> str:
    """`text` in other units."""
    return text if scale == 1.0 else f"({text}) * {scale!r}"
