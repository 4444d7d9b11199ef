"""Who is who: workloads by namespace, by the object that is scaled, by the pod."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Protocol

import attrs

from scaler.config.workload import Workload
from scaler.serving.adapter.kinds import Kind, described, name_of
from scaler.serving.operations import Operations, Shown

WORKLOAD = "forescale.io/workload"
"""The label that tells the workloads of a namespace apart."""

LOOK_AGAIN = 5
"""Seconds after which a workload that is new is found."""


def labels_of(workload: Workload) -> Mapping[str, str]:
    """What selectors of metrics select by."""
    watch = workload.watch
    return {
        WORKLOAD: workload.key.name,
        "forescale.io/target": watch.workload,
        "forescale.io/kind": watch.kind,
        "forescale.io/engine": watch.engine,
    }


@attrs.frozen(kw_only=True)
class ReadyPod:
    """A pod that serves since then, in Unix seconds."""

    name: str
    since: int
    labels: Mapping[str, str]


class Owns(Protocol):
    """Tells by its name whether a pod is of a workload."""

    def __call__(self, workload: Workload, *, pod: str) -> bool:
        """Whether it is."""
        ...


class Directory:
    """Finds the workloads that a question is about.

    Which there are is looked up seldom, because ten thousand of them take time; what is shown of
    one is always what stands.
    """

    def __init__(self, operations: Operations, *, owns: Owns) -> None:
        self._operations = operations
        self._owns = owns
        self._index = _Index(at=-LOOK_AGAIN)

    def within(self, namespace: str, *, name: str | None = None) -> Sequence[Shown]:
        """Every workload of a namespace, or the one of this name."""
        names = self._looked_up().named.get(namespace, {})
        return self._shown(namespace, names if name is None else {name} & names.keys())

    def knows(self, namespace: str) -> bool:
        """Whether any workload is there."""
        return namespace in self._looked_up().named

    def about(self, namespace: str, resource: str, name: str) -> Sequence[tuple[Kind, Shown]]:
        """The workloads that an object is scaled by, with its kind; one, where all is well."""
        index = self._looked_up()
        names = {*index.scaling.get((namespace, name), ())}
        names |= {name} & index.named.get(namespace, {}).keys()
        found = (
            (described(resource, each.workload), each) for each in self._shown(namespace, names)
        )
        return [
            (kind, each)
            for kind, each in found
            if kind is not None and name_of(kind, each.workload) == name
        ]

    def owners(
        self, namespace: str, pods: Iterable[ReadyPod]
    ) -> Sequence[tuple[Shown, Sequence[ReadyPod]]]:
        """The workloads that these pods are of, each with its own; a pod of nobody is left out."""
        owned: dict[Workload, tuple[Shown, list[ReadyPod]]] = {}
        scaling = lru_cache(maxsize=None)(partial(self._scaling, namespace))
        for pod in pods:
            for each in (found for prefix in _prefixes(pod.name) for found in scaling(prefix)):
                if self._owns(each.workload, pod=pod.name):
                    owned.setdefault(each.workload, (each, []))[1].append(pod)
        return list(owned.values())

    def _scaling(self, namespace: str, target: str) -> Sequence[Shown]:
        return self._shown(namespace, self._looked_up().scaling.get((namespace, target), ()))

    def _looked_up(self) -> "_Index":
        now = self._operations.now()
        if not 0 <= now - self._index.at < LOOK_AGAIN:
            self._index = _index(self._operations, at=now)
        return self._index

    def _shown(self, namespace: str, names: Iterable[str]) -> Sequence[Shown]:
        """What stands of these; whoever has just gone is left out."""
        found = (self._latest(namespace, name) for name in sorted(names))
        return [each for each in found if each is not None]

    def _latest(self, namespace: str, name: str) -> Shown | None:
        published = self._operations.board.named(namespace, name)
        if published is None:
            return self._operations.shown(namespace, name)
        return Shown(workload=published.workload, published=published)


@attrs.frozen(kw_only=True)
class _Index:
    """Which workloads there were at `at`: what each scales by namespace and name, and back."""

    at: int
    named: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    scaling: Mapping[tuple[str, str], Sequence[str]] = attrs.field(factory=dict)


def _index(operations: Operations, *, at: int) -> _Index:
    waiting = (each for each in operations.troubles() if operations.board.shows(each.key))
    named: dict[str, dict[str, str]] = defaultdict(dict)
    for workload in (*(each.workload for each in operations.board), *waiting):
        named[workload.key.namespace][workload.key.name] = workload.watch.workload
    scaling = defaultdict(list)
    for namespace, targets in named.items():
        for name, target in targets.items():
            scaling[namespace, target].append(name)
    return _Index(at=at, named=dict(named), scaling=dict(scaling))


def _prefixes(pod: str) -> Iterable[str]:
    """What the workload of a pod may be called: what is in front of some dash of its name."""
    return (pod[:place] for place, letter in enumerate(pod) if letter == "-")
