"""Questions of the metrics APIs, answered from what was published. Nothing here is decided."""

from collections.abc import Callable, Mapping, Sequence

import attrs

from scaler.cluster.selector import Selector, parse
from scaler.policy.model import value_of
from scaler.serving.adapter import documents
from scaler.serving.adapter.directory import WORKLOAD, Directory, ReadyPod, labels_of
from scaler.serving.adapter.documents import Described
from scaler.serving.adapter.kinds import POD
from scaler.serving.adapter.metrics import REPLICAS, Metric, Spread, Value, metric_named, value
from scaler.serving.adapter.status import Document, malformed, silent, unknown
from scaler.serving.operations import Shown
from scaler.serving.recorder import Recorder

ANY = "*"


@attrs.frozen(kw_only=True)
class Question:
    """What every question has: where, for what, and the selectors as they are written.

    `selector` is of objects and `metric_selector` of metrics; external metrics have only the first.
    """

    namespace: str
    metric: str
    selector: str = ""
    metric_selector: str = ""


@attrs.frozen(kw_only=True)
class Answers:
    """Answers by workloads. Each raises `Refused` where there is none to give.

    `pods` are the ready ones of a namespace, None where nobody knows. Targets that are given are
    recorded.
    """

    directory: Directory
    pods: Callable[[str], Sequence[ReadyPod] | None]
    recorder: Recorder
    now: Callable[[], int]

    def of_object(self, question: Question, *, resource: str, name: str) -> Document:
        """A metric of the object that is scaled."""
        metric, chosen = metric_named(question.metric), _read(question.metric_selector)
        if name == ANY:
            raise malformed(f"{resource}: must be asked for by name, its labels are not known here")
        known = self.directory.about(question.namespace, resource, name)
        found = [(kind, each) for kind, each in known if chosen.selects(_labels(each))]
        if not found:
            where = f"{question.namespace}/{resource}/{name}"
            raise unknown(f"no workload is known that scales {where}")
        if len(found) > 1:
            raise malformed(_several(f"{resource}/{name}", [each for _, each in found]))
        ((kind, shown),) = found
        described = Described(kind=kind, namespace=question.namespace, name=name)
        return documents.custom(metric, [(described, self._value(metric, shown))])

    def of_pods(self, question: Question) -> Document:
        """A metric of the ready pods that are selected."""
        metric, chosen = metric_named(question.metric), _read(question.metric_selector)
        if metric.spread is Spread.WHOLE:
            raise unknown(f"{metric.name} is of no pod, only of the object that is scaled")
        pods = self._selected(question)
        owned = [
            (shown, mine)
            for shown, mine in self.directory.owners(question.namespace, pods)
            if chosen.selects(_labels(shown))
        ]
        if not owned:
            raise unknown(f"no ready pod of a known workload is selected in {question.namespace}")
        if metric is REPLICAS and len(owned) > 1:
            raise malformed(_several("what is selected", [shown for shown, _ in owned]))
        values = [
            (Described(kind=POD, namespace=question.namespace, name=pod.name), part)
            for shown, mine in owned
            for pod, part in self._parts(metric, shown, mine)
        ]
        return documents.custom(metric, values)

    def of_workloads(self, question: Question) -> Document:
        """A metric of the workloads that are selected. An HPA adds up all that it is given."""
        metric, chosen = metric_named(question.metric), _read(question.selector)
        if metric is REPLICAS and chosen.only(WORKLOAD) is None:
            raise malformed(f"{metric.name}: must be selected by {WORKLOAD}=NAME, for one workload")
        known = self.directory.within(question.namespace, name=chosen.only(WORKLOAD))
        found = [each for each in known if chosen.selects(_labels(each))]
        if not found:
            raise unknown(f"no workload of {question.namespace} is selected")
        values = [(_labels(each), self._value(metric, each)) for each in found]
        return documents.external(metric, values)

    def _value(self, metric: Metric, shown: Shown) -> Value:
        found = value(metric, shown, now=self.now())
        if metric is REPLICAS and shown.published is not None:
            self.recorder.served(shown.published)
        return found

    def _parts(
        self, metric: Metric, shown: Shown, pods: Sequence[ReadyPod]
    ) -> Sequence[tuple[ReadyPod, Value]]:
        """What each pod is given. The target is shared by all that are ready.

        A signal is only of those that report: the ones that have been ready for longest, as far as
        that can be known. What the others do not say, the HPA takes for its target where it scales
        in and for nothing where it scales out, so that new pods are not ordered twice.
        """
        whole = self._value(metric, shown)
        given = pods if metric is REPLICAS else _reporting(shown, pods)
        share = whole.number / len(given) if metric.spread is Spread.SHARED else whole.number
        return [(pod, attrs.evolve(whole, number=share)) for pod in given]

    def _selected(self, question: Question) -> Sequence[ReadyPod]:
        chosen = _read(question.selector)
        if not self.directory.knows(question.namespace):
            raise unknown(f"no workload is known in {question.namespace}")
        pods = self.pods(question.namespace)
        if pods is None:
            raise silent(f"the pods of {question.namespace} are not known yet, or no longer")
        return [pod for pod in pods if chosen.selects(pod.labels)]


def _read(selector: str) -> Selector:
    try:
        return parse(selector)
    except ValueError as error:
        raise malformed(f"{selector!r}: {error}") from error


def _labels(shown: Shown) -> Mapping[str, str]:
    return labels_of(shown.workload)


def _reporting(shown: Shown, pods: Sequence[ReadyPod]) -> Sequence[ReadyPod]:
    """As many pods as report; all, where nobody counts those."""
    reporting = value_of(shown.published.readings.reporting) if shown.published else None
    longest = sorted(pods, key=lambda pod: (pod.since, pod.name))
    return longest[: int(reporting)] if reporting else pods


def _several(what: str, shown: Sequence[Shown]) -> str:
    names = ", ".join(each.workload.key.name for each in shown)
    return f"{what} has several workloads ({names}): their targets must not be added up"
