"""Traps in what is scaled, where it is among the files: its pods, as far as scaling suffers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scaler.config.check.documents import Document
from scaler.config.check.finding import Code, Finding
from scaler.config.check.objects import Scaled, kind_of, mapping
from scaler.config.engines import ENGINES
from scaler.config.workload import Workload

Targets = Mapping[tuple[str, str, str], Document]
"""Objects among the files by namespace, kind and name."""

GRACE = 30
"""Kubernetes' default for `terminationGracePeriodSeconds`."""
GENERATION = 60
"""Seconds that a long generation takes, at the least: what a pod of an LLM needs to end in."""
_TEMPLATE = "spec.template.spec"


def targets(objects: Sequence[Document], *, namespace: str) -> Targets:
    """Every object by how a ScaledObject names it."""
    found = {}
    for document in objects:
        about = mapping(document.raw.get("metadata"))
        place = str(about.get("namespace") or namespace)
        found[place, kind_of(document), str(about.get("name"))] = document
    return found


def of_pods(scaled: Scaled, workload: Workload, *, targets: Targets) -> Iterator[Finding]:
    """What is wrong with the pods of its scale target."""
    target = mapping(scaled.get("scaleTargetRef"))
    kind, name = str(target.get("kind") or "Deployment"), str(target.get("name"))
    document = targets.get((scaled.namespace, kind, name))
    pod = _pod(document.raw) if document else {}
    if document is None or not pod:
        return
    listed = pod.get("containers")
    containers = [mapping(each) for each in listed] if isinstance(listed, list) else []
    yield from _readiness(document, containers, about=scaled.about)
    yield from _grace(document, pod, workload=workload, about=scaled.about)
    for number, container in enumerate(containers):
        at = f"{_TEMPLATE}.containers[{number}].resources"
        yield from _fractions(document, container, at=at, about=scaled.about)


def _pod(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    template = mapping(mapping(raw.get("spec")).get("template"))
    return mapping(template.get("spec"))


def _readiness(
    document: Document, containers: Sequence[Mapping[str, Any]], *, about: str
) -> Iterator[Finding]:
    if containers and not any("readinessProbe" in each for each in containers):
        yield document.finding(
            Code.NO_READINESS,
            "has no readinessProbe: a pod counts as ready while its model still loads, and gets "
            "requests",
            at=_TEMPLATE,
            about=about,
            do="add one that asks the engine's health endpoint",
        )


def _grace(
    document: Document, pod: Mapping[str, Any], *, workload: Workload, about: str
) -> Iterator[Finding]:
    grace = pod.get("terminationGracePeriodSeconds", GRACE)
    llm = ENGINES[workload.watch.engine].llm
    if llm and isinstance(grace, int) and grace < GENERATION:
        yield document.finding(
            Code.SHORT_GRACE,
            "cuts off every generation that takes longer, each time it is scaled in",
            at=_TEMPLATE,
            about=about,
            key="terminationGracePeriodSeconds",
            value=f"{grace}",
            do="write what the longest requests take, at p99",
        )


def _fractions(
    document: Document, container: Mapping[str, Any], *, at: str, about: str
) -> Iterator[Finding]:
    resources = mapping(container.get("resources"))
    for part in ("requests", "limits"):
        for name, amount in mapping(resources.get(part)).items():
            if "/" in name and "gpu" in name and not str(amount).isdecimal():
                yield document.finding(
                    Code.GPU_FRACTION,
                    "must be a whole number: the API server refuses others",
                    at=f"{at}.{part}",
                    about=about,
                    key=name,
                    value=str(amount),
                    do="share a GPU by MIG or time slicing, whose parts are counted whole",
                )
