"""What KEDA does with a ScaledObject that asks us: activation, fallback, bounds, addresses."""

from collections.abc import Iterator, Mapping, Sequence

from scaler.config.check.documents import Document
from scaler.config.check.finding import Code, Finding, Severity
from scaler.config.check.objects import Scaled, Trigger, mapping
from scaler.config.values import nearest
from scaler.config.workload import SourceKind, Workload

_SPEC = (
    "scaleTargetRef",
    "pollingInterval",
    "cooldownPeriod",
    "initialCooldownPeriod",
    "idleReplicaCount",
    "minReplicaCount",
    "maxReplicaCount",
    "fallback",
    "advanced",
    "triggers",
)
_TRIGGER = ("type", "name", "metadata", "authenticationRef", "metricType", "useCachedMetrics")
_CUTTING = ("static", "currentReplicasIfLower")
"""Behaviors of a fallback that may set fewer replicas than there are."""


def of_object(scaled: Scaled) -> Iterator[Finding]:
    """What is true of the ScaledObject whatever its metadata say."""
    yield from _unknown(scaled, scaled.spec, known=_SPEC, path="spec")
    if not scaled.minimum <= scaled.maximum:
        yield scaled.finding(
            Code.BOUNDS,
            f"must not exceed maxReplicaCount, which is {scaled.maximum}",
            at="spec.minReplicaCount",
            value=str(scaled.minimum),
            severity=Severity.ERROR,
            do="KEDA refuses the ScaledObject: raise the one or lower the other",
        )
    yield from _fallback(scaled)
    if scaled.sleeps and "initialCooldownPeriod" not in scaled.spec:
        yield scaled.finding(
            Code.INITIAL_COOLDOWN,
            "with a minimum of 0, KEDA stops a running fleet within seconds if its first question "
            "is answered by inactive: there is no cooldown before a first activity",
            at="spec.initialCooldownPeriod",
            do="write initialCooldownPeriod: 300",
        )


def of_trigger(
    scaled: Scaled, trigger: Trigger, *, services: Mapping[tuple[str, str], Document]
) -> Iterator[Finding]:
    """What is true of the trigger whatever its metadata ask for."""
    yield from _unknown(scaled, trigger.raw, known=_TRIGGER, path=trigger.path)
    metric_type = trigger.raw.get("metricType", "AverageValue")
    if metric_type != "AverageValue":
        yield scaled.finding(
            Code.METRIC_TYPE,
            "must be AverageValue: `Value` multiplies the wanted replicas by the current ones "
            "(12 wanted, 10 ready: 110, then 200)",
            at=f"{trigger.path}.metricType",
            value=str(metric_type),
            do="write metricType: AverageValue, or leave it out",
        )
    if trigger.raw.get("useCachedMetrics"):
        yield scaled.finding(
            Code.CACHED,
            "gives the HPA numbers as old as pollingInterval, errors among them, and a fallback "
            "that flaps; asking costs us nothing",
            at=f"{trigger.path}.useCachedMetrics",
            do="leave it out",
        )
    yield from _address(scaled, trigger, services=services)


def of_workload(scaled: Scaled, trigger: Trigger, workload: Workload) -> Iterator[Finding]:
    """What does not fit between the ScaledObject and what its metadata ask for."""
    yield from _bounds(scaled, trigger, workload)
    yield from _activation(scaled, trigger)
    yield from _scale_target(scaled, trigger, workload)
    if workload.watch.source is SourceKind.SCRAPE:
        yield scaled.finding(
            Code.SCRAPE,
            "with direct scrape every scaler remembers only what it saw itself, so that several "
            "of them need not agree",
            at=trigger.at("source"),
            key="source",
            do="run one replica of Forescale, or name a Prometheus",
        )


def same_targets(objects: Sequence[Scaled]) -> Iterator[Finding]:
    """ScaledObjects that scale the same thing: KEDA's webhook refuses the second."""
    first: dict[tuple[str, ...], Scaled] = {}
    for scaled in objects:
        target = mapping(scaled.get("scaleTargetRef"))
        kind, name = str(target.get("kind", "Deployment")), str(target.get("name", ""))
        other = first.setdefault((scaled.namespace, kind, name), scaled)
        if name and other is not scaled:
            yield scaled.finding(
                Code.SAME_TARGET,
                f"is scaled by {other.about} already, and two HPAs on one target fight",
                at="spec.scaleTargetRef",
                value=f"{kind}/{name}",
                do="put both triggers into one ScaledObject",
            )


def _unknown(
    scaled: Scaled, raw: Mapping[str, object], *, known: Sequence[str], path: str
) -> Iterator[Finding]:
    for key in raw:
        if key not in known:
            at = f"{path}.{key}"
            yield scaled.finding(
                Code.UNKNOWN, "unknown key", at=at, do=nearest(key, known) or "leave it out"
            )


def _fallback(scaled: Scaled) -> Iterator[Finding]:
    fallback = mapping(scaled.get("fallback"))
    replicas, behavior = fallback.get("replicas"), fallback.get("behavior", "static")
    if not isinstance(replicas, int):
        return
    if scaled.sleeps and replicas > 0:
        yield scaled.finding(
            Code.FALLBACK_ASLEEP,
            "starts replicas whenever signals fail while nothing runs, whatever its behavior",
            at="spec.fallback",
            value=str(replicas),
            do="write minReplicaCount: 1, or leave the fallback out",
        )
    if behavior in _CUTTING and replicas < scaled.maximum:
        yield scaled.finding(
            Code.FALLBACK_SMALL,
            f"cuts a fleet of more than {replicas} down when signals fail, in the middle of its "
            "work",
            at="spec.fallback",
            value=f"{behavior}, {replicas}",
            do="write behavior: currentReplicasIfHigher",
        )


def _address(
    scaled: Scaled, trigger: Trigger, *, services: Mapping[tuple[str, str], Document]
) -> Iterator[Finding]:
    at, address = trigger.at("scalerAddress"), str(trigger.metadata.get("scalerAddress", ""))
    if not address or "://" in address or not address.rpartition(":")[2].isdecimal():
        yield scaled.finding(
            Code.NO_ADDRESS,
            "must be HOST:PORT of the service's gRPC port",
            at=at,
            key="scalerAddress",
            value=address,
            do="such as forescale-headless.forescale:9090",
        )
        return
    host = address.rpartition(":")[0]
    name, _, rest = host.partition(".")
    service = services.get((rest.partition(".")[0] or scaled.namespace, name))
    if service is not None and mapping(service.raw.get("spec")).get("clusterIP") != "None":
        says = "has a cluster IP, so that KEDA's one connection ends at one pod"
        worse = Severity.WARNING
    elif service is None and "headless" not in host:
        says = "may have a cluster IP, as far as its name says: then all calls end at one pod"
        worse = Severity.NOTE
    else:
        return
    do = "name a headless Service (clusterIP: None); with one replica of Forescale it is the same"
    yield scaled.finding(
        Code.CLUSTER_IP, says, at=at, key="scalerAddress", value=address, do=do, severity=worse
    )


def _bounds(scaled: Scaled, trigger: Trigger, workload: Workload) -> Iterator[Finding]:
    spec = workload.spec
    pairs = (
        ("minReplicas", "minReplicaCount", spec.min_replicas, scaled.minimum),
        ("maxReplicas", "maxReplicaCount", spec.max_replicas, scaled.maximum),
    )
    for key, theirs, value, theirs_value in pairs:
        if trigger.given(key, theirs) and value != theirs_value:
            written = key if trigger.given(key) else theirs
            yield scaled.finding(
                Code.BOUNDS,
                f"contradicts {theirs} of the ScaledObject, which is {theirs_value}: the "
                "HPA goes by the ScaledObject's",
                at=trigger.at(written),
                key=written,
                value=str(value),
                do=f"leave it out, or write {theirs_value}",
            )


def _activation(scaled: Scaled, trigger: Trigger) -> Iterator[Finding]:
    woken = trigger.given("activationQuery", "activationEndpoints")
    if not scaled.sleeps or woken or any(each.wakes for each in scaled.siblings):
        return
    default = "" if "minReplicaCount" in scaled.spec else " (KEDA's default is 0)"
    yield scaled.finding(
        Code.NO_ACTIVATION,
        f"is 0{default}, and nothing says that somebody waits while nothing runs: only a forecast "
        "or a declared event would start the first replica",
        at="spec.minReplicaCount",
        do="write minReplicaCount: 1, or give activationQuery or activationEndpoints",
    )


def _scale_target(scaled: Scaled, trigger: Trigger, workload: Workload) -> Iterator[Finding]:
    """Pods are found by the names of their owner, which need not be the ScaledObject's."""
    target = mapping(scaled.get("scaleTargetRef"))
    pairs = (
        ("workload", str(target.get("name") or scaled.name), workload.watch.workload),
        ("workloadKind", str(target.get("kind") or "Deployment"), workload.watch.kind),
    )
    for key, wanted, value in pairs:
        if wanted != value and workload.watch.source is SourceKind.PROMETHEUS:
            yield scaled.finding(
                Code.SCALE_TARGET,
                f"is {value}, and scaleTargetRef says {wanted}: its pods would not be found",
                at=trigger.at(key),
                key=key,
                do=f'write {key}: "{wanted}"',
            )
