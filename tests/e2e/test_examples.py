"""Every manifest is taken by a real API server, and every example becomes an HPA that obeys."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.api import Api, Object
from tests.e2e.dial import settings
from tests.e2e.ramps import Example, Ramp
from tests.e2e.rig import Rig
from tests.integration.service.forescale import Forescale, serving

MANIFESTS = Path(__file__).parents[2] / "manifests"
EXAMPLES = sorted((MANIFESTS / "examples").glob("*.yaml"))
KUSTOMIZED = [MANIFESTS / "base", *sorted((MANIFESTS / "overlays").iterdir())]
FOREIGN = {
    "Certificate": ("cert-manager.io", "v1", "Namespaced"),
    "ClusterIssuer": ("cert-manager.io", "v1", "Cluster"),
    "Issuer": ("cert-manager.io", "v1", "Namespaced"),
    "LeaderWorkerSet": ("leaderworkerset.x-k8s.io", "v1", "Namespaced"),
    "PrometheusRule": ("monitoring.coreos.com", "v1", "Namespaced"),
    "ServiceMonitor": ("monitoring.coreos.com", "v1", "Namespaced"),
}
"""Kinds of others, which are known here by name and by their scale only."""
STRICTLY = ("apply", "--dry-run=server", "--validate=strict", "--filename=-")


def _kind(name: str) -> Object:
    group, version, scope = FOREIGN[name]
    plural = f"{name.lower()}s"
    scale = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": scope,
            "names": {"kind": name, "plural": plural},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                    "subresources": {"scale": {**scale, "labelSelectorPath": ".status.selector"}},
                }
            ],
        },
    }


@pytest.fixture(scope="module")
def ground(land: Rig) -> Rig:
    """The cluster with the kinds of others and the namespaces that manifests name."""
    named = {
        space
        for path in EXAMPLES
        for each in objects(path)
        if (space := each["metadata"].get("namespace"))
    }
    spaces = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        for name in (*named, "forescale", "keda", "cert-manager")
    ]
    everything = {"apiVersion": "v1", "kind": "List", "items": [*map(_kind, FOREIGN), *spaces]}
    land.cluster.kubectl("apply", "--server-side", "-f", "-", given=json.dumps(everything))
    for kind, (group, *_) in FOREIGN.items():
        name = f"crd/{kind.lower()}s.{group}"
        land.cluster.kubectl("wait", "--for=condition=Established", name)
    return land


def objects(path: Path) -> list[dict[str, Any]]:
    return [each for each in yaml.safe_load_all(path.read_text()) if each]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_has_no_field_that_the_api_server_would_drop(ground: Rig, path: Path) -> None:
    ground.cluster.kubectl(*STRICTLY, given=path.read_text())


@pytest.mark.parametrize("path", KUSTOMIZED, ids=lambda path: path.name)
def test_an_overlay_is_taken_as_it_is(ground: Rig, path: Path) -> None:
    rendered = ground.cluster.kubectl("kustomize", str(path))

    ground.cluster.kubectl(*STRICTLY, given=rendered)


@pytest.fixture
async def service(land: Rig, tmp_path: Path) -> AsyncIterator[Forescale]:
    async with serving(tmp_path, settings(land.prometheus.url)) as service:
        yield service


def ours(path: Path) -> Iterator[dict[str, Any]]:
    """The ScaledObjects of an example that ask Forescale."""
    for each in objects(path):
        triggers = each["spec"].get("triggers", ()) if each["kind"] == "ScaledObject" else ()
        if any("scalerAddress" in trigger["metadata"] for trigger in triggers):
            yield each


@pytest.mark.parametrize(
    "path", [path for path in EXAMPLES if any(ours(path))], ids=lambda path: path.stem
)
async def test_an_example_becomes_an_hpa_of_one_replica_a_unit(
    ground: Rig, api: Api, service: Forescale, path: Path
) -> None:
    kubectl = ground.cluster.kubectl
    for scaled in ours(path):
        for each in [*_target(path, scaled), _led_to(service.grpc, scaled)]:
            kubectl(
                "apply", "--server-side", "--force-conflicts", "-f", "-", given=json.dumps(each)
            )
        meta = scaled["metadata"]
        space = f"namespaces/{meta['namespace']}/horizontalpodautoscalers"
        hpa = await api.until(
            f"/apis/autoscaling/v2/{space}/keda-hpa-{meta['name']}", lambda seen: True
        )
        kubectl("delete", "scaledobject", meta["name"], f"--namespace={meta['namespace']}")

        (wanted,) = (
            metric["external"]["target"]
            for metric in hpa["spec"]["metrics"]
            if metric["type"] == "External"
        )
        assert {"type": "AverageValue", "averageValue": "1"} == wanted
        config = scaled["spec"].get("advanced", {}).get("horizontalPodAutoscalerConfig", {})
        for way, rules in config.get("behavior", {}).items():
            assert rules.get("tolerance") == hpa["spec"]["behavior"][way].get("tolerance")


async def test_the_hpa_follows_a_ramp_on_every_example(
    ground: Rig, api: Api, service: Forescale
) -> None:
    ramps = [
        Ramp(
            example=Example(file=path.stem, scaled=scaled, target=next(_target(path, scaled))),
            land=ground,
            api=api,
            service=service,
        )
        for path in EXAMPLES
        for scaled in ours(path)
    ]

    played = await asyncio.gather(*(ramp.play() for ramp in ramps), return_exceptions=True)

    failed = [str(each) for each in played if isinstance(each, BaseException)]
    assert not failed, "\n".join(failed)


def _target(path: Path, scaled: Mapping[str, Any]) -> Iterator[Object]:
    """What the example scales, at rest; a Deployment of nothing where it is not in the file."""
    reference = scaled["spec"]["scaleTargetRef"]
    kind, name = reference.get("kind", "Deployment"), reference["name"]
    space = scaled["metadata"]["namespace"]
    for each in objects(path):
        if (each["kind"], each["metadata"]["name"]) == (kind, name):
            yield {**each, "spec": {**each["spec"], "replicas": 0}}
            return
    labels = {"app": name}
    pod = {"containers": [{"name": "engine", "image": "engine:1"}]}
    yield {
        "apiVersion": reference.get("apiVersion", "apps/v1"),
        "kind": kind,
        "metadata": {"name": name, "namespace": space},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def _led_to(address: str, scaled: Mapping[str, Any]) -> Object:
    """The same ScaledObject, asking at `address`."""
    triggers = [
        {**trigger, "metadata": {**trigger["metadata"], "scalerAddress": address}}
        if "scalerAddress" in trigger["metadata"]
        else trigger
        for trigger in scaled["spec"]["triggers"]
    ]
    return {**scaled, "spec": {**scaled["spec"], "triggers": triggers}}
