"""What the catalog's rows mean, applied to scraped pages: what `promql` says in PromQL."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

import attrs

from scaler.config.workload import Workload
from scaler.policy.model import Signal
from scaler.signals.catalog import devices, gateways, objects
from scaler.signals.catalog.devices import Owner
from scaler.signals.catalog.metric import (
    Gauge,
    Latency,
    Metric,
    Names,
    Over,
    Quantile,
    metric_names,
)
from scaler.signals.matchers import Matcher
from scaler.signals.naming import naming
from scaler.signals.pages import Line, Pages
from scaler.signals.quantity import Fact, Quantity, Track, Windows, Wish, wish
from scaler.signals.rates import histograms, quantile

Found = Iterator[tuple[Quantity, str, float]]
"""Quantity, model and value."""
_Key = tuple[str, ...]
"""Endpoint, model, and the parts that count separately."""
_Read = Callable[[str], Iterable[Line]]
_FOLDS: Mapping[Over, Callable[[Sequence[float]], float]] = {
    Over.SUM: math.fsum,
    Over.MEAN: lambda values: math.fsum(values) / len(values),
    Over.MAX: max,
}


def names_for(workload: Workload) -> frozenset[str]:
    """Every series name that says something about `workload`."""
    wanted = wish(workload.watch, workload.spec)
    found = {*wanted.row.probe, *objects.STUCK}
    for _, metric in wanted.metrics:
        found |= metric_names(metric)
    if wanted.latency is not None:
        found |= metric_names(wanted.latency)
    if wanted.devices:
        found.update(name for way in devices.UTILIZATION for name in way.names)
    scaled = objects.KINDS.get(workload.watch.kind)
    found.update((scaled.wanted, scaled.ready) if scaled else ())
    return frozenset(found)


def held(pages: Pages) -> float | None:
    """What waits at gateways; None where their pages do not say."""
    waiting = [line.value for name in gateways.HELD for line in pages.instant(name)]
    return math.fsum(waiting) if waiting else None


def evaluate(
    workload: Workload, pages: Pages, *, at: int, windows: Windows
) -> Iterator[tuple[Quantity, Track]]:
    """All that the pages say about `workload`, taken as being of the tick `at`."""
    wanted = wish(workload.watch, workload.spec)
    look = _Look(workload=workload, pages=pages, windows=windows, wish=wanted)
    for quantity, model, value in look.found(at):
        yield quantity, Track(values={at: value}, model=model)
    for reason, count in look.stuck().items():
        yield Fact.STUCK, Track(values={at: count}, reason=reason)


@attrs.frozen(kw_only=True)
class _Look:
    workload: Workload
    pages: Pages
    windows: Windows
    wish: Wish

    def found(self, at: int) -> Found:
        """Signals and counts."""
        for signal, metric in self.wish.metrics:
            for model, value in self.metric(metric).items():
                yield signal, model, value
        if self.wish.latency is not None:
            yield from self.latency(self.wish.latency)
        for model, replicas in self.reporting().items():
            yield Fact.REPORTING, model, len(replicas)
            yield Fact.REPORTED_AT, model, at
        if self.wish.devices:
            yield from self.devices()
        yield from self.objects()

    def metric(self, metric: Metric) -> Mapping[str, float]:
        """By model: a total, or a mean of shares."""
        if isinstance(metric, Gauge):
            series = self.best(self.pages.instant, metric.names, metric.parts, where=metric.where)
            return _scaled(_folded(series, metric.over), metric.scale)
        read = partial(self.pages.rates, window=self.windows.rate)
        totals = [
            _folded(self.best(read, names, metric.parts, where=metric.where), Over.SUM)
            for names in metric.counters
        ]
        models = set.intersection(*(set(total) for total in totals))
        sums = {model: math.fsum(total[model] for total in totals) for model in models}
        return _scaled(sums, metric.scale)

    def latency(self, latency: Latency) -> Found:
        """The quantile or mean, and how many requests it is about."""
        read = partial(self.pages.rates, window=self.windows.latency)
        counts = _folded(self.best(read, latency.count, latency.parts), Over.SUM)
        for model, count in counts.items():
            yield Fact.REQUESTS_SEEN, model, count * self.windows.latency
        if isinstance(latency, Quantile):
            buckets = self.best(read, latency.buckets, (*latency.parts, "le"))
            for model, histogram in histograms(buckets).items():
                share = self.workload.watch.latency_quantile
                yield Signal.LATENCY, model, quantile(share, histogram) * latency.scale
            return
        totals = _folded(self.best(read, latency.total, latency.parts), Over.SUM)
        for model in totals.keys() & counts.keys():
            mean = totals[model] / counts[model] if counts[model] else math.nan
            yield Signal.LATENCY, model, mean * latency.scale

    def reporting(self) -> Mapping[str, set[str]]:
        """The endpoints with the engine's probe, by model."""
        found: dict[str, set[str]] = {}
        for name in self.wish.row.probe:
            for line in self.pages.instant(name):
                found.setdefault(self.model(line.labels), set()).add(line.endpoint)
        return found

    def devices(self) -> Found:
        """Mean utilization of the GPUs under the workload's pods, each device taken once."""
        found: dict[_Key, float] = {}
        for way in devices.UTILIZATION:
            vector: dict[_Key, float] = {}
            for line, _ in self.owned(way.names, devices.OWNERS):
                device = tuple(line.labels.get(label, "") for label in devices.DEVICE)
                vector[device] = _larger(line.value * way.scale, vector.get(device))
            found = {**vector, **found}
        if found:
            yield Fact.DEVICES, "", math.fsum(found.values()) / len(found)

    def objects(self) -> Found:
        """What the cluster counts about the scale target."""
        scaled = objects.KINDS.get(self.workload.watch.kind)
        if scaled is not None:
            for fact, name in ((Fact.WANTED, scaled.wanted), (Fact.READY, scaled.ready)):
                counts = [line.value for line in self.about_target(name, scaled.label)]
                if counts:
                    yield fact, "", max(counts)

    def stuck(self) -> Mapping[str, int]:
        """Replicas with a pod that will not come up by itself, each with one reason."""
        reasons = {
            replica: line.labels.get(objects.REASON) or objects.UNSCHEDULABLE
            for name, where in objects.STUCK.items()
            for line, replica in self.owned((name,), objects.OWNERS)
            if line.value > 0 and _meets(line, where)
        }
        return Counter(reasons.values())

    def about_target(self, name: str, label: str) -> Iterator[Line]:
        """Series about the scale target itself."""
        watch = self.workload.watch
        for line in self.pages.instant(name):
            namespaces = {line.labels.get(owner.namespace) for owner in objects.OWNERS}
            if watch.namespace in namespaces and line.labels.get(label) == watch.workload:
                yield line

    def owned(self, names: Names, owners: Sequence[Owner]) -> Iterator[tuple[Line, str]]:
        """Series about the workload's pods, with the replica that each is about."""
        watch = self.workload.watch
        pods = naming([watch.workload], kind=watch.kind)
        for name in names:
            for line in self.pages.instant(name):
                for owner in owners:
                    held_by = pods.owner(line.labels.get(owner.pod, ""))
                    here = line.labels.get(owner.namespace) == watch.namespace
                    if here and held_by is not None and held_by[0] == watch.workload:
                        yield line, held_by[1]

    def best(
        self, read: _Read, names: Names, parts: Sequence[str], *, where: Sequence[Matcher] = ()
    ) -> Mapping[_Key, float]:
        """Series of the newest name that each endpoint exposes, duplicates reduced.

        The last part may be a bucket's bound; then no bucket fills in for another name's.
        """
        best: dict[_Key, float] = {}
        buckets = "le" in parts
        for name in names:
            taken = {_whose(key, buckets=buckets) for key in best}
            vector: dict[_Key, float] = {}
            for line in read(name):
                if _meets(line, where):
                    key = self.key(line, parts)
                    vector[key] = _larger(line.value, vector.get(key))
            new = {k: v for k, v in vector.items() if _whose(k, buckets=buckets) not in taken}
            best.update(new)
        return best

    def key(self, line: Line, parts: Sequence[str]) -> _Key:
        """What tells `line` from series that count beside it."""
        separate = (line.labels.get(label, "") for label in (*self.wish.row.parts, *parts))
        return (line.endpoint, self.model(line.labels), *separate)

    def model(self, labels: Mapping[str, str]) -> str:
        """The model that a series is about."""
        return labels.get(self.wish.row.model_label or "", "")


def _meets(line: Line, where: Iterable[Matcher]) -> bool:
    return all(matcher.matches(line.labels) for matcher in where)


def _whose(key: _Key, *, buckets: bool) -> _Key:
    return key[:-1] if buckets else key


def _larger(value: float, other: float | None) -> float:
    """The larger number, as `max by` has it: NaN only where there is nothing else."""
    if other is None or math.isnan(other):
        return value
    return other if math.isnan(value) else max(value, other)


def _folded(series: Mapping[_Key, float], over: Over) -> Mapping[str, float]:
    values: dict[str, list[float]] = {}
    for (_, model, *_), value in series.items():
        values.setdefault(model, []).append(value)
    return {model: _FOLDS[over](each) for model, each in values.items()}


def _scaled(totals: Mapping[str, float], scale: float) -> Mapping[str, float]:
    return {model: value * scale for model, value in totals.items()}
