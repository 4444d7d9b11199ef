"""Files in, everything that was found out."""

from collections.abc import Iterator, Mapping, Sequence

import attrs

from scaler.config.check import keda
from scaler.config.check.documents import Document, documents
from scaler.config.check.finding import Code, Finding
from scaler.config.check.hpa import damping
from scaler.config.check.metadata import Operator, understood
from scaler.config.check.objects import Scaled, Trigger, is_object, items, kind_of, mapping, scaled
from scaler.config.check.pods import Targets, of_pods, targets
from scaler.config.check.settings import configuration
from scaler.config.metadata import FROM_ENV
from scaler.config.settings import Settings
from scaler.config.structure import camel
from scaler.config.understand import understand
from scaler.config.values import nearest
from scaler.config.workload import SourceKind, Workload

_KINDS = ("ScaledObject", "ScaledJob", "TriggerAuthentication", "ClusterTriggerAuthentication")
_SETTINGS = tuple(camel(field.name) for field in attrs.fields(Settings))


@attrs.frozen(kw_only=True)
class Asked:
    """A workload that was understood, where it was asked for, and the settings that it is read by.

    `scaled` and `trigger` stand for the entry of a configuration that declares one.
    """

    workload: Workload
    scaled: Scaled
    trigger: Trigger
    settings: Settings

    @property
    def reachable(self) -> bool:
        """Whether its settings say where its signals are read."""
        watch = self.workload.watch
        by_name = watch.source is SourceKind.PROMETHEUS and watch.server_address is None
        return not by_name or watch.prometheus in self.settings.sources

    @property
    def hidden(self) -> str:
        """A key whose value only KEDA finds out, from the container's environment; or nothing."""
        return next((key for key in self.trigger.metadata if key.endswith(FROM_ENV)), "")


@attrs.frozen(kw_only=True)
class Report:
    """Everything found, in the order of the files; `scaled` are the objects that were checked."""

    findings: tuple[Finding, ...]
    asked: tuple[Asked, ...]
    scaled: tuple[Scaled, ...]
    configurations: int

    @property
    def objects(self) -> int:
        """How many objects were checked."""
        return len(self.scaled)


def check(files: Mapping[str, bytes], *, settings: Settings | None, namespace: str) -> Report:
    """Check texts by file name.

    `settings` are those of the service; without them, those of the one configuration among the
    files. `namespace` is where objects go that name none.
    """
    findings: list[Finding] = []
    found: list[Document] = []
    for file, text in files.items():
        parsed, broken = documents(text, file=file)
        found += parsed
        findings += broken
    objects = [item for document in found if is_object(document) for item in items(document)]
    configurations = [document for document in found if _is_configuration(document)]
    read = [configuration(document) for document in configurations]
    findings += [finding for _, some in read for finding in some]
    own = [one for one, _ in read if one is not None]
    settings = settings or (own[0] if len(own) == 1 else None)
    operator = Operator(settings=settings or Settings(), seen=settings is not None)
    mine = [one for one in _scaled(objects, namespace=namespace) if one.ours]
    asked, more = _checked(
        mine,
        operator=operator,
        services=_services(objects, namespace),
        scalable=targets(objects, namespace=namespace),
    )
    findings += [*more, *_misspelled(objects), *_general(mine, configurations, operator=operator)]
    for document, (its, _) in zip(configurations, read, strict=True):
        if its is not None:
            asked += _declared(document, its)
    return Report(
        findings=tuple(sorted(findings, key=_place)),
        asked=tuple(asked),
        scaled=tuple(mine),
        configurations=len(configurations),
    )


def _place(finding: Finding) -> tuple[str, int, int]:
    return finding.file, finding.document, finding.line


def _is_configuration(document: Document) -> bool:
    """Recognized by its keys: whatever else YAML may hold is none of ours."""
    raw = document.raw
    return (
        isinstance(raw, Mapping)
        and not is_object(document)
        and any(str(key) in _SETTINGS for key in raw)
    )


def _scaled(objects: Sequence[Document], *, namespace: str) -> Iterator[Scaled]:
    for document in objects:
        if kind_of(document) in {"ScaledObject", "ScaledJob"}:
            yield scaled(document, namespace=namespace)


def _services(objects: Sequence[Document], namespace: str) -> Mapping[tuple[str, str], Document]:
    """Services among the files, by namespace and name."""
    found = {}
    for document in objects:
        about = mapping(document.raw.get("metadata"))
        if kind_of(document) == "Service":
            found[str(about.get("namespace") or namespace), str(about.get("name"))] = document
    return found


def _checked(
    mine: Sequence[Scaled],
    *,
    operator: Operator,
    services: Mapping[tuple[str, str], Document],
    scalable: Targets,
) -> tuple[list[Asked], list[Finding]]:
    asked: list[Asked] = []
    findings: list[Finding] = [*keda.same_targets(mine)]
    for one in mine:
        if kind_of(one.document) == "ScaledJob":
            findings.append(_job(one))
            continue
        findings += keda.of_object(one)
        for trigger in one.ours:
            findings += keda.of_trigger(one, trigger, services=services)
            asking = understood(one, trigger, operator=operator)
            findings += asking.findings
            if asking.workload is not None:
                findings += keda.of_workload(one, trigger, asking.workload)
                findings += damping(one, trigger, asking.workload)
                findings += of_pods(one, asking.workload, targets=scalable)
            if asking.workload is not None and asking.whole:
                asked.append(
                    Asked(
                        workload=asking.workload,
                        scaled=one,
                        trigger=trigger,
                        settings=operator.settings,
                    )
                )
    return asked, findings


def _declared(document: Document, settings: Settings) -> Iterator[Asked]:
    """The workloads that a configuration declares; they were understood when it was read."""
    for index, each in enumerate(settings.workloads):
        yield Asked(
            workload=understand(
                each.namespace, each.name, each.metadata, settings=settings, trusted=True
            ),
            scaled=Scaled(
                document=document, namespace=each.namespace, name=each.name, spec={}, triggers=()
            ),
            trigger=Trigger(path=f"workloads[{index}]", raw={}, metadata=each.metadata),
            settings=settings,
        )


def _job(one: Scaled) -> Finding:
    return one.finding(
        Code.SCALED_JOB,
        "starts a job for every replica that is wanted, at every poll, and is never pushed to",
        at="kind",
        value="ScaledJob",
        do="scale a Deployment by a ScaledObject",
    )


def _misspelled(objects: Sequence[Document]) -> Iterator[Finding]:
    """Kinds of KEDA's group that are none."""
    for document in objects:
        kind = kind_of(document)
        if str(document.raw["apiVersion"]).startswith("keda.sh/") and kind not in _KINDS:
            do = nearest(kind, _KINDS) or "it is not checked"
            says = "is no kind of KEDA's"
            yield document.finding(Code.UNKNOWN, says, at="kind", value=kind, do=do)


def _general(
    mine: Sequence[Scaled], configurations: Sequence[Document], *, operator: Operator
) -> Iterator[Finding]:
    if not mine and not configurations:
        yield Finding(
            code=Code.NOTHING,
            says="no ScaledObject with an external trigger is here, and no configuration",
            do="name the rendered manifests, or the file that `forescale serve` reads",
        )
    if mine and not operator.seen:
        yield Finding(
            code=Code.UNSEEN_CONFIG,
            says="sources, profiles of your own and allowed addresses are taken on trust",
            do="name the service's configuration by --config",
        )
