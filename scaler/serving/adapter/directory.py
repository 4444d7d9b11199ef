"""Who is who: workloads by namespace, by the object that is scaled, by the pod."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import attrs

from scaler.config.workload import Workload
from scaler.serving.adapter.kinds import Kind, described, name_of
from scaler.serving.operations import Shown

WORKLOAD = "forescale.io/workload"
"""The label that tells the workloads of a namespace apart."""


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
    """A pod that serves."""

    name: str
    labels: Mapping[str, str]


class Owns(Protocol):
    """Tells by its name whether a pod is of a workload."""

    def __call__(self, workload: Workload, *, pod: str) -> bool:
        """Whether it is."""
        ...


class Directory:
    """What is shown of each workload, as of this second: thousands of HPAs ask at once."""

    def __init__(
        self, every: Callable[[], Iterable[Shown]], *, owns: Owns, now: Callable[[], int]
    ) -> None:
        self._every = every
        self._owns = owns
        self._now = now
        self._at: int | None = None
        self._known: Mapping[str, Sequence[Shown]] = {}

    def within(self, namespace: str) -> Sequence[Shown]:
        """Every workload of a namespace."""
        now = self._now()
        if self._at != now:
            self._at, self._known = now, _by_namespace(self._every())
        return self._known.get(namespace, ())

    def about(self, namespace: str, resource: str, name: str) -> Sequence[tuple[Kind, Shown]]:
        """The workloads that an object is scaled by, with its kind; one, where all is well."""
        found = ((described(resource, each.workload), each) for each in self.within(namespace))
        return [
            (kind, each)
            for kind, each in found
            if kind is not None and name_of(kind, each.workload) == name
        ]

    def owners(
        self, namespace: str, pods: Iterable[ReadyPod]
    ) -> Sequence[tuple[Shown, Sequence[ReadyPod]]]:
        """The workloads that these pods are of, each with its own; a pod of nobody is left out."""
        called = defaultdict(list)
        for each in self.within(namespace):
            called[each.workload.watch.workload].append(each)
        owned: dict[Workload, tuple[Shown, list[ReadyPod]]] = {}
        for pod in pods:
            for prefix in _prefixes(pod.name):
                for each in called.get(prefix, ()):
                    if self._owns(each.workload, pod=pod.name):
                        owned.setdefault(each.workload, (each, []))[1].append(pod)
        return list(owned.values())


def _by_namespace(every: Iterable[Shown]) -> Mapping[str, Sequence[Shown]]:
    known = defaultdict(list)
    for each in every:
        known[each.workload.key.namespace].append(each)
    return known


def _prefixes(pod: str) -> Iterable[str]:
    """What the workload of a pod may be called: what is in front of some dash of its name."""
    return (pod[:place] for place, letter in enumerate(pod) if letter == "-")
