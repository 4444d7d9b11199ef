"""What is shipped to be applied is whole, and `check` finds nothing wrong with it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scaler.config.check.finding import Severity
from scaler.config.check.report import check

MANIFESTS = Path(__file__).parent.parent.parent / "manifests"
FILES = sorted(MANIFESTS.rglob("*.yaml"))
KUSTOMIZATIONS = [path for path in FILES if path.name == "kustomization.yaml"]
EXAMPLES = sorted((MANIFESTS / "examples").glob("*.yaml"))
SCALED = [path for path in EXAMPLES if "type: external" in path.read_text()]
SETTINGS = sorted(MANIFESTS.rglob("forescale.yaml"))
MODELS = ("vllm", "sglang", "triton", "tei", "worker")


def named(path: Path) -> str:
    return str(path.relative_to(MANIFESTS))


def objects(path: Path) -> list[dict[str, Any]]:
    return [each for each in yaml.safe_load_all(path.read_text()) if each]


def containers() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for path in FILES:
        for each in objects(path):
            if each.get("kind") == "Deployment" and path.name != "kustomization.yaml":
                pod = each["spec"]["template"]["spec"]
                for container in pod["containers"]:
                    yield f"{named(path)}: {container['name']}", pod, container


@pytest.mark.parametrize("path", KUSTOMIZATIONS, ids=named)
def test_what_a_kustomization_names_is_there(path: Path) -> None:
    (kustomization,) = objects(path)
    generated = kustomization.get("configMapGenerator", [])
    files = [file for each in generated for file in each["files"]]
    for name in [*kustomization["resources"], *files]:
        assert (path.parent / name).exists(), name


@pytest.mark.parametrize("path", [*SCALED, *SETTINGS], ids=named)
def test_check_finds_neither_mistakes_nor_traps(path: Path) -> None:
    report = check({named(path): path.read_bytes()}, settings=None, namespace="default")
    # Whether an address is headless, no single file says.
    found = [each for each in report.findings if each.severity is not Severity.NOTE]
    assert [] == found


def test_there_is_an_example_for_every_way_to_serve() -> None:
    names = [path.stem for path in SCALED]
    for model in MODELS:
        assert any(model in name for name in names), model


@pytest.mark.parametrize(
    ("pod", "container"),
    [each[1:] for each in containers()],
    ids=[each[0] for each in containers()],
)
def test_a_pod_is_probed_and_ends_in_peace(pod: dict[str, Any], container: dict[str, Any]) -> None:
    assert "readinessProbe" in container
    assert pod["terminationGracePeriodSeconds"] > 0


def test_we_run_without_rights_that_we_do_not_need() -> None:
    (deployment,) = objects(MANIFESTS / "base" / "deployment.yaml")
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert ["ALL"] == container["securityContext"]["capabilities"]["drop"]
    verbs = {
        verb
        for each in objects(MANIFESTS / "base" / "rbac.yaml")
        for rule in each.get("rules", [])
        for verb in rule["verbs"]
    }
    assert {"get", "list", "watch"} == verbs
