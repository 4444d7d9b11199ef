"""Which questions to ask a Prometheus about many workloads, and whose the answers are.

Workloads of one shape share a query: same engine, kind, matchers, and latency. Where a histogram's
quantile is asked they come in smaller groups, which halves what it costs the server.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from scaler.config.keys import KEYS
from scaler.config.sources import PrometheusSource
from scaler.config.workload import Workload
from scaler.policy.model import Signal
from scaler.signals import kube, promql
from scaler.signals.catalog import objects
from scaler.signals.catalog.devices import Owner
from scaler.signals.catalog.metric import Latency, Row
from scaler.signals.matchers import Matcher, parse
from scaler.signals.naming import alone, naming
from scaler.signals.quantity import Fact, Quantity, Track, Windows, Wish, wish
from scaler.signals.scope import NAMESPACE, WORKLOAD, Scope

_GROUP = 400
_QUANTILE_GROUP = 50

_OF_A_SCRAPE = frozenset({"job", "instance", "container", "endpoint", "service", "pod"})
"""Labels that say who was scraped: conditions on them cannot hold for other exporters' series."""

Subject = tuple[str, str]
"""A namespace and a workload's name, which is empty where a series names none."""
_ANYTHING: Subject = ("", "")


@attrs.frozen(kw_only=True)
class Shape:
    """What workloads that share queries have in common."""

    wish: Wish
    kind: str
    long_name: str
    matchers: tuple[Matcher, ...]
    one_model: bool
    quantile: float
    stale_after: int


@attrs.frozen(kw_only=True)
class Place:
    """Where is asked: a source, the matchers it forces, and how far to look back."""

    source: PrometheusSource
    forced: tuple[Matcher, ...]
    windows: Windows


@attrs.frozen(kw_only=True)
class Question:
    """One query, and the workloads whose answer it holds.

    `own` marks a user's query: it is about its one workload, whatever its labels.
    """

    quantity: Quantity
    text: str
    members: tuple[Workload, ...]
    row: Row
    cluster: str | None = None
    own: bool = False

    def track(self, labels: Mapping[str, str], values: Mapping[int, float]) -> Track:
        """A series of the answer, by what tells it apart from others about the same workload."""
        if self.own:
            return Track(values=values, model=",".join(f"{k}={v}" for k, v in labels.items()))
        model = labels.get(self.row.model_label or "", "")
        cluster = labels.get(self.cluster or "", "")
        reason = labels.get(objects.REASON) or objects.UNSCHEDULABLE
        return Track(values=values, model=model, cluster=cluster, reason=reason)

    def about(self, labels: Mapping[str, str]) -> Subject:
        """Namespace and workload that a series of the answer is about."""
        return _ANYTHING if self.own else (labels.get(NAMESPACE, ""), labels.get(WORKLOAD, ""))

    def owners(self) -> Mapping[Subject, Sequence[Workload]]:
        """Whose a series is, by what it is about; a frontend's names no workload."""
        found: dict[Subject, list[Workload]] = {}
        for member in self.members:
            watch = member.watch
            subjects = [(watch.namespace, watch.workload)]
            if not self.row.own_pods:
                subjects.append((watch.namespace, ""))
            for subject in [_ANYTHING] if self.own else subjects:
                found.setdefault(subject, []).append(member)
        return found


def questions(
    workloads: Iterable[Workload], *, source: PrometheusSource, windows: Windows
) -> Iterator[Question]:
    """Everything to ask `source` about `workloads`, looking back over `windows`.

    Raises:
        ConfigError: a matcher that cannot be read.
    """
    place = Place(source=source, forced=parse(source.matchers), windows=windows)
    for shape, members in _shapes(workloads, source):
        for group in _groups(members, _GROUP):
            yield from _of_group(shape, group, _scope(shape, group, place))
        latency = shape.wish.latency
        for group in _groups(members, _QUANTILE_GROUP) if latency else ():
            yield from _of_latency(shape, latency, group, _scope(shape, group, place))
        for member in members:
            yield from _own(member, shape.wish.row)


def lead_times(workloads: Iterable[Workload], *, source: PrometheusSource) -> Iterator[Question]:
    """How long replicas of `workloads` took to start.

    Raises:
        ConfigError: a matcher that cannot be read.
    """
    none = Windows(rate=0, latency=0, fresh=0)
    place = Place(source=source, forced=parse(source.matchers), windows=none)
    for shape, members in _shapes(workloads, source):
        for group in _groups(members, _GROUP):
            scope = _scope(shape, group, place)
            yield Question(
                quantity=Fact.LEAD_TIME,
                text=kube.lead_time_query(scope),
                members=group,
                row=scope.row,
                cluster=scope.cluster,
            )


def _shapes(
    workloads: Iterable[Workload], source: PrometheusSource
) -> Iterator[tuple[Shape, list[Workload]]]:
    """Workloads that share queries, in an order of their own."""
    shapes: dict[Shape, list[Workload]] = {}
    for workload in workloads:
        shapes.setdefault(_shape(workload, source), []).append(workload)
    for shape, members in shapes.items():
        members.sort(key=lambda member: (member.watch.namespace, member.watch.workload))
        yield shape, members


def _shape(workload: Workload, source: PrometheusSource) -> Shape:
    watch, spec = workload.watch, workload.spec
    here = Matcher(source.labels.namespace, "=", watch.namespace)
    return Shape(
        wish=wish(watch, spec),
        kind=watch.kind,
        long_name=watch.workload if alone(watch.workload, kind=watch.kind) else "",
        matchers=tuple(matcher for matcher in parse(watch.matchers) if matcher != here),
        one_model=watch.model is not None,
        quantile=watch.latency_quantile,
        stale_after=spec.stale_after,
    )


def _scope(shape: Shape, group: Sequence[Workload], place: Place) -> Scope:
    source = place.source
    row, names = shape.wish.row, tuple(member.watch.workload for member in group)
    models = {row.model(member.watch.model) for member in group if member.watch.model is not None}
    scraped = _OF_A_SCRAPE | {source.labels.pod, row.model_label}
    return Scope(
        row=row,
        namespaces=tuple(member.watch.namespace for member in group),
        names=names,
        kind=shape.kind,
        pods=naming(names, kind=shape.kind),
        models=tuple(models) if shape.one_model else (),
        matchers=tuple(each for each in shape.matchers if each.label in scraped),
        everywhere=(*(each for each in shape.matchers if each.label not in scraped), *place.forced),
        engine_owner=Owner(namespace=source.labels.namespace, pod=source.labels.pod),
        cluster=source.labels.cluster,
        windows=place.windows,
    )


def _of_group(shape: Shape, group: tuple[Workload, ...], scope: Scope) -> Iterator[Question]:
    for quantity, text in _texts(shape, scope):
        yield Question(
            quantity=quantity, text=text, members=group, row=scope.row, cluster=scope.cluster
        )


def _texts(shape: Shape, scope: Scope) -> Iterator[tuple[Quantity, str]]:
    for signal, metric in shape.wish.metrics:
        yield signal, promql.metric_query(metric, scope)
    if scope.row.probe:
        yield Fact.REPORTED_AT, promql.reported_at_query(scope)
        if scope.row.own_pods:
            stale_after = max(shape.stale_after, scope.windows.fresh)
            yield Fact.REPORTING, promql.reporting_query(scope, stale_after=stale_after)
    if shape.wish.devices:
        yield Fact.DEVICES, promql.devices_query(scope)
        yield Fact.DEVICES_AT, promql.devices_at_query(scope)
    scaled = objects.KINDS.get(shape.kind)
    if scaled is not None:
        yield Fact.WANTED, kube.object_query(scaled.wanted, scope)
        yield Fact.READY, kube.object_query(scaled.ready, scope)
        yield Fact.OBJECTS_AT, kube.object_query(scaled.wanted, scope, of="timestamp({})")
    yield Fact.STUCK, kube.stuck_query(scope, scaled)


def _of_latency(
    shape: Shape, latency: Latency | None, group: tuple[Workload, ...], scope: Scope
) -> Iterator[Question]:
    if latency is None:
        return
    for quantity, text in (
        (Signal.LATENCY, promql.latency_query(latency, scope, quantile=shape.quantile)),
        (Fact.REQUESTS_SEEN, promql.requests_query(latency, scope)),
    ):
        yield Question(
            quantity=quantity, text=text, members=group, row=scope.row, cluster=scope.cluster
        )


def _own(workload: Workload, row: Row) -> Iterator[Question]:
    watch = workload.watch
    texts: dict[Signal, str] = dict(watch.queries)
    if watch.activation_query is not None:
        texts[Signal.ACTIVATION] = watch.activation_query
    for signal, text in texts.items():
        yield Question(quantity=signal, text=text, members=(workload,), row=row, own=True)


def own_key(quantity: Quantity) -> str:
    """The metadata key that a user's own query for `quantity` was given by."""
    into = "watch.activation_query" if quantity is Signal.ACTIVATION else f"queries.{quantity}"
    return next((name for name, key in KEYS.items() if key.into == into), str(quantity))


def _groups(members: Sequence[Workload], size: int) -> Iterator[tuple[Workload, ...]]:
    for start in range(0, len(members), size):
        yield tuple(members[start : start + size])
