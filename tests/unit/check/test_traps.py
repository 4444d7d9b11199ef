"""Each trap in a ScaledObject that is right but for it: the trap is found, and nothing else."""

from typing import Any

import pytest

from scaler.config.check.finding import Code, Severity
from scaler.config.settings import Settings
from tests.unit.check.objects import BEHAVIOR, DROP, METADATA, changed, found, put, right

CPU = {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "60"}}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "forescale", "namespace": "forescale"},
    "spec": {"clusterIP": "10.0.0.1"},
}


def with_(*changes: tuple[str, object]) -> dict[str, Any]:
    document = right()
    for path, value in changes:
        put(document, path, value)
    return document


ASLEEP = (
    ("spec.minReplicaCount", 0),
    ("spec.initialCooldownPeriod", 300),
    (f"{METADATA}.activationQuery", "sum(held)"),
    ("spec.fallback", DROP),
)

TRAPS: list[tuple[Code, str, dict[str, Any], str]] = [
    (
        Code.METRIC_TYPE,
        "spec.triggers[0].metricType",
        with_(("spec.triggers.0.metricType", "Value")),
        "AverageValue",
    ),
    (
        Code.CACHED,
        "spec.triggers[0].useCachedMetrics",
        with_(("spec.triggers.0.useCachedMetrics", True)),
        "leave it out",
    ),
    (
        Code.UNKNOWN,
        "latencyTraget",
        with_((f"{METADATA}.latencyTraget", "1s")),
        "did you mean 'latencyTarget'?",
    ),
    (
        Code.UNKNOWN,
        "spec.minReplicas",
        with_(("spec.minReplicas", 1)),
        "did you mean 'minReplicaCount'?",
    ),
    (
        Code.UNKNOWN,
        "spec.triggers[0].mettadata",
        with_(("spec.triggers.0.mettadata", {})),
        "did you mean 'metadata'?",
    ),
    (Code.BAD_VALUE, "headroom", with_((f"{METADATA}.headroom", "2")), ""),
    (Code.BAD_VALUE, "engine", with_((f"{METADATA}.engine", "vlm")), "did you mean 'vllm'?"),
    (Code.UNQUOTED, "standby", with_((f"{METADATA}.standby", 1)), 'write standby: "1"'),
    (Code.UNQUOTED, "capacity", with_((f"{METADATA}.capacity", True)), 'write capacity: "true"'),
    (
        Code.NO_ADDRESS,
        "scalerAddress",
        with_((f"{METADATA}.scalerAddress", DROP)),
        "forescale-headless",
    ),
    (
        Code.NO_ADDRESS,
        "scalerAddress",
        with_((f"{METADATA}.scalerAddress", "http://forescale:9090")),
        "forescale-headless",
    ),
    (
        Code.CLUSTER_IP,
        "scalerAddress",
        with_((f"{METADATA}.scalerAddress", "forescale.forescale:9090")),
        "clusterIP: None",
    ),
    (Code.TLS_METADATA, "caCert", with_((f"{METADATA}.caCert", "PEM")), "authenticationRef"),
    (Code.FROM_ENV, "modelFromEnv", with_((f"{METADATA}.modelFromEnv", "MODEL")), "model itself"),
    (Code.BOUNDS, "minReplicas", with_((f"{METADATA}.minReplicas", "2")), "or write 1"),
    (Code.BOUNDS, "maxReplicaCount", with_((f"{METADATA}.maxReplicaCount", "20")), "or write 10"),
    (Code.BOUNDS, "spec.minReplicaCount", with_(("spec.minReplicaCount", 11)), "raise the one"),
    (
        Code.TOLERANCE,
        f"{BEHAVIOR}.scaleDown.tolerance",
        with_((f"{BEHAVIOR}.scaleDown.tolerance", DROP)),
        'tolerance: "0"',
    ),
    (
        Code.TOLERANCE,
        f"{BEHAVIOR}.scaleUp.tolerance",
        with_((f"{BEHAVIOR}.scaleUp.tolerance", "0.1")),
        'tolerance: "0"',
    ),
    (
        Code.TWICE_STABILIZED,
        f"{BEHAVIOR}.scaleDown.stabilizationWindowSeconds",
        with_((f"{BEHAVIOR}.scaleDown.stabilizationWindowSeconds", DROP)),
        "stabilizationWindowSeconds: 120",
    ),
    (
        Code.NO_BACKSTOP,
        f"{BEHAVIOR}.scaleDown.stabilizationWindowSeconds",
        with_((f"{BEHAVIOR}.scaleDown.stabilizationWindowSeconds", 0)),
        "stabilizationWindowSeconds: 120",
    ),
    (
        Code.UP_DELAYED,
        f"{BEHAVIOR}.scaleUp.stabilizationWindowSeconds",
        with_((f"{BEHAVIOR}.scaleUp.stabilizationWindowSeconds", 60)),
        "stabilizationWindowSeconds: 0",
    ),
    (
        Code.SIBLING,
        "scaleDownWindow",
        with_(("spec.triggers.1", CPU)),
        'scaleDownWindow: "0s"',
    ),
    (
        Code.FALLBACK_SMALL,
        "spec.fallback",
        with_(("spec.fallback.behavior", DROP)),
        "currentReplicasIfHigher",
    ),
    (
        Code.FALLBACK_ASLEEP,
        "spec.fallback",
        with_(*ASLEEP[:-1]),
        "minReplicaCount: 1",
    ),
    (
        Code.INITIAL_COOLDOWN,
        "spec.initialCooldownPeriod",
        with_(*ASLEEP, ("spec.initialCooldownPeriod", DROP)),
        "initialCooldownPeriod: 300",
    ),
    (
        Code.NO_ACTIVATION,
        "spec.minReplicaCount",
        with_(*ASLEEP, (f"{METADATA}.activationQuery", DROP)),
        "activationEndpoints",
    ),
    (
        Code.SCALE_TARGET,
        "workload",
        with_(("spec.scaleTargetRef.name", "llama-70b")),
        'workload: "llama-70b"',
    ),
    (
        Code.SCALE_TARGET,
        "workloadKind",
        with_(("spec.scaleTargetRef.kind", "StatefulSet")),
        'workloadKind: "StatefulSet"',
    ),
    (Code.SCALED_JOB, "kind", with_(("kind", "ScaledJob")), "Deployment"),
]


IDS = [f"{index}-{code}" for index, (code, *_) in enumerate(TRAPS)]


@pytest.mark.parametrize(("code", "key", "document", "do"), TRAPS, ids=IDS)
def test_trap_is_found_and_nothing_else(
    code: Code, key: str, document: dict[str, Any], do: str
) -> None:
    (finding,) = found(document)
    assert (code, key) == (finding.code, finding.key)
    assert do in finding.do
    assert finding.says


def test_what_is_recommended_is_clean() -> None:
    assert () == found(right())


@pytest.mark.parametrize(
    "document",
    [
        with_(*ASLEEP),
        with_(
            ("spec.triggers.1", CPU),
            (f"{METADATA}.scaleDownWindow", "0s"),
            ("spec.advanced", DROP),
        ),
        with_(("spec.advanced", {}), (f"{BEHAVIOR}.scaleDown.stabilizationWindowSeconds", 120),
              (f"{METADATA}.hpaTolerance", "0")),
        with_((f"{METADATA}.workload", "llama-70b"), ("spec.scaleTargetRef.name", "llama-70b")),
        with_(*ASLEEP, (f"{METADATA}.activationQuery", DROP),
              ("spec.triggers.1", {"type": "cron", "metadata": {}}),
              (f"{METADATA}.scaleDownWindow", "0s")),
        with_(("spec.minReplicaCount", 3), (f"{METADATA}.minReplicas", "3")),
        with_(("spec.fallback", DROP)),
        with_((f"{BEHAVIOR}.scaleUp.tolerance", 0)),
    ],
)  # fmt: skip
def test_what_avoids_the_trap_is_clean(document: dict[str, Any]) -> None:
    assert () == found(document)


def test_keda_minimum_of_zero_is_named_where_it_is_a_default() -> None:
    findings = found(with_(*ASLEEP, ("spec.minReplicaCount", DROP),
                           (f"{METADATA}.activationQuery", DROP)))  # fmt: skip
    (finding,) = findings
    assert "(KEDA's default is 0)" in finding.says


def test_idle_replicas_of_zero_are_a_minimum_of_zero() -> None:
    codes = {each.code for each in found(with_(("spec.idleReplicaCount", 0)))}
    assert {Code.NO_ACTIVATION, Code.INITIAL_COOLDOWN, Code.FALLBACK_ASLEEP} == codes


def test_service_with_a_cluster_ip_is_more_than_a_guess() -> None:
    document = with_((f"{METADATA}.scalerAddress", "forescale.forescale.svc:9090"))
    assert [Severity.NOTE] == [each.severity for each in found(document)]
    assert [Severity.WARNING] == [each.severity for each in found(document, SERVICE)]
    headless = {**SERVICE, "spec": {"clusterIP": "None"}}
    assert () == found(document, headless)


def test_both_windows_are_added_up() -> None:
    document = with_((f"{BEHAVIOR}.scaleDown.stabilizationWindowSeconds", 300),
                     (f"{METADATA}.scaleDownWindow", "10m"))  # fmt: skip
    (finding,) = found(document)
    assert "on top of our 600 s: replicas go after 900 s" in finding.says


def test_tolerance_inside_a_policy_is_pointed_at() -> None:
    policies = [{"type": "Pods", "value": 4, "periodSeconds": 15, "tolerance": "0"}]
    document = with_((f"{BEHAVIOR}.scaleUp", {"policies": policies}))
    (finding,) = found(document)
    assert "beside `policies` and not inside" in finding.do


def test_two_objects_on_one_target_fight() -> None:
    twin = changed(metadata__name="twin", spec__triggers__0__metadata__workload="llama")
    (finding,) = found(right(), twin)
    assert Code.SAME_TARGET is finding.code
    assert ("models/twin", 2) == (finding.about, finding.document)
    assert "scaled by models/llama already" in finding.says


def test_same_names_in_two_namespaces_are_two_targets() -> None:
    assert () == found(right(), changed(metadata__namespace="others"))


def test_direct_scrape_promises_no_agreement() -> None:
    settings = Settings(allowed_addresses=("http://llama:8000",))
    document = with_((f"{METADATA}.source", "scrape"),
                     (f"{METADATA}.endpoints", "http://llama:8000/metrics"))  # fmt: skip
    (finding,) = found(document, settings=settings)
    assert (Code.SCRAPE, Severity.NOTE) == (finding.code, finding.severity)


def test_traps_are_found_beside_mistakes() -> None:
    document = with_((f"{METADATA}.engine", DROP), (f"{METADATA}.enigne", "vllm"),
                     (f"{BEHAVIOR}.scaleUp.tolerance", DROP))  # fmt: skip
    assert [Code.BAD_VALUE, Code.TOLERANCE, Code.UNKNOWN] == sorted(
        each.code for each in found(document)
    )


def test_values_from_the_environment_are_not_judged() -> None:
    document = with_((f"{METADATA}.headroomFromEnv", "HEADROOM"))
    assert () == found(document)


def test_key_from_the_environment_must_be_known() -> None:
    document = with_((f"{METADATA}.haedroomFromEnv", "HEADROOM"))
    assert [Code.UNKNOWN] == [each.code for each in found(document)]


def deployment(container: dict[str, Any], *, grace: int | None = 120) -> dict[str, Any]:
    """What the right one scales, with one container."""
    pod = {"containers": [container], "terminationGracePeriodSeconds": grace}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "llama", "namespace": "models"},
        "spec": {"template": {"spec": {k: v for k, v in pod.items() if v is not None}}},
    }


PROBED = {"name": "engine", "readinessProbe": {"httpGet": {"path": "/health", "port": 8000}}}


def gpus(amount: str, *, resource: str = "nvidia.com/gpu") -> dict[str, Any]:
    return {**PROBED, "resources": {"limits": {resource: amount}}}


@pytest.mark.parametrize(
    ("scaled", "code", "value"),
    [
        (deployment({"name": "engine"}), Code.NO_READINESS, ""),
        (deployment(PROBED, grace=None), Code.SHORT_GRACE, "30"),
        (deployment(PROBED, grace=59), Code.SHORT_GRACE, "59"),
        (deployment(gpus("0.5")), Code.GPU_FRACTION, "0.5"),
    ],
)
def test_traps_in_what_is_scaled_are_found(scaled: dict[str, Any], code: Code, value: str) -> None:
    (finding,) = found(right(), scaled)
    assert (code, value, "models/llama") == (finding.code, finding.value, finding.about)


@pytest.mark.parametrize(
    "scaled",
    [
        deployment(PROBED),
        deployment(gpus("1")),
        deployment(gpus("2", resource="nvidia.com/mig-1g.10gb")),
        {**deployment({"name": "engine"}), "metadata": {"name": "other", "namespace": "models"}},
    ],
)
def test_pods_that_end_in_peace_and_others_pods_are_clean(scaled: dict[str, Any]) -> None:
    assert () == found(right(), scaled)
