"""Documents of the metrics APIs: what there is, and lists of values."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache

import attrs

from scaler.serving.adapter.kinds import KINDS, PODS, Kind
from scaler.serving.adapter.metrics import METRICS, Metric, Spread, Value
from scaler.serving.adapter.status import Document

_MILLI = 1000


@attrs.frozen(kw_only=True)
class Group:
    """One version of one API group; `kind` is that of its answers."""

    name: str
    version: str
    kind: str

    @property
    def group_version(self) -> str:
        """Both, as objects write them."""
        return f"{self.name}/{self.version}"

    @property
    def path(self) -> str:
        """Where it is served."""
        return f"/apis/{self.group_version}"


CUSTOM = Group(name="custom.metrics.k8s.io", version="v1beta2", kind="MetricValueList")
EXTERNAL = Group(name="external.metrics.k8s.io", version="v1beta1", kind="ExternalMetricValueList")
GROUPS = (CUSTOM, EXTERNAL)


@attrs.frozen(kw_only=True)
class Described:
    """An object that a value is about."""

    kind: Kind
    namespace: str
    name: str


def quantity(number: float, *, down: bool = False) -> str:
    """A number as Kubernetes writes it: whole, or in thousandths, to the nearest or down."""
    if number == int(number):
        return str(int(number))
    thousandths = number * _MILLI
    return f"{int(thousandths) if down else round(thousandths)}m"


def custom(metric: Metric, values: Iterable[tuple[Described, Value]]) -> Document:
    """What a metric says of objects.

    Totals are rounded down: an HPA adds up what their parts are, and then rounds up itself.
    """
    down = metric.spread is Spread.SHARED
    items = [
        {
            "describedObject": {
                "kind": described.kind.kind,
                "namespace": described.namespace,
                "name": described.name,
                "apiVersion": described.kind.api_version,
            },
            "metric": {"name": metric.name},
            "timestamp": _stamp(value.at),
            "value": quantity(value.number, down=down),
        }
        for described, value in values
    ]
    return _listed(CUSTOM, items)


def external(metric: Metric, values: Iterable[tuple[Mapping[str, str], Value]]) -> Document:
    """What a metric says of workloads, each known by its labels."""
    items = [
        {
            "metricName": metric.name,
            "metricLabels": dict(labels),
            "timestamp": _stamp(value.at),
            "value": quantity(value.number),
        }
        for labels, value in values
    ]
    return _listed(EXTERNAL, items)


@lru_cache
def groups() -> Document:
    """The groups that are served here."""
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [*map(_group, GROUPS)]}


@lru_cache
def group(of: Group) -> Document:
    """One group, with its one version."""
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(of)}


@lru_cache
def resources(of: Group) -> Document:
    """The metrics of a group, one resource each."""
    names = _custom_names() if of is CUSTOM else iter(METRICS)
    listed = [
        {"name": name, "singularName": "", "namespaced": True, "kind": of.kind, "verbs": ["get"]}
        for name in names
    ]
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": of.group_version,
        "resources": listed,
    }


def _custom_names() -> Iterator[str]:
    for metric in METRICS.values():
        if metric.spread is not Spread.WHOLE:
            yield f"{PODS}/{metric.name}"
        for kind in KINDS:
            yield f"{kind}/{metric.name}"


def _group(of: Group) -> Document:
    version = {"groupVersion": of.group_version, "version": of.version}
    return {"name": of.name, "versions": [version], "preferredVersion": version}


def _listed(of: Group, items: Sequence[Document]) -> Document:
    return {"kind": of.kind, "apiVersion": of.group_version, "metadata": {}, "items": items}


def _stamp(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
