"""A ScaledObject in which nothing is wrong, and ways to change it."""

import json
from typing import Any

from scaler.config.check.finding import Finding
from scaler.config.check.report import Report, check
from scaler.config.settings import Settings
from scaler.config.sources import PrometheusSource

SETTINGS = Settings(sources={"default": PrometheusSource(url="http://prometheus:9090")})
DROP = object()
"""Takes a key away."""

METADATA = "spec.triggers.0.metadata"
BEHAVIOR = "spec.advanced.horizontalPodAutoscalerConfig.behavior"


def right() -> dict[str, Any]:
    """As the documentation recommends it."""
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": "llama", "namespace": "models"},
        "spec": {
            "scaleTargetRef": {"name": "llama"},
            "minReplicaCount": 1,
            "maxReplicaCount": 10,
            "fallback": {
                "failureThreshold": 3,
                "replicas": 4,
                "behavior": "currentReplicasIfHigher",
            },
            "advanced": {
                "horizontalPodAutoscalerConfig": {
                    "behavior": {
                        "scaleUp": {"tolerance": "0", "stabilizationWindowSeconds": 0},
                        "scaleDown": {"tolerance": "0", "stabilizationWindowSeconds": 120},
                    }
                }
            },
            "triggers": [
                {
                    "type": "external-push",
                    "metadata": {
                        "scalerAddress": "forescale-headless.forescale:9090",
                        "engine": "vllm",
                        "latencyTarget": "2s",
                    },
                }
            ],
        },
    }


def changed(**changes: object) -> dict[str, Any]:
    """The right one with values put at dotted paths (`__` stands for the dot)."""
    document = right()
    for path, value in changes.items():
        put(document, path.replace("__", "."), value)
    return document


def put(document: dict[str, Any], path: str, value: object) -> None:
    """Set or drop what is at a dotted path; a number counts items of a list."""
    *above, last = path.split(".")
    here: Any = document
    for key in above:
        here = here[int(key)] if isinstance(here, list) else here.setdefault(key, {})
    if value is DROP:
        del here[last]
    elif isinstance(here, list):
        here.append(value)
    else:
        here[last] = value


def report(*documents: object, settings: Settings | None = SETTINGS) -> Report:
    """What is found in these documents of one file; a text is taken as it is."""
    texts = [each if isinstance(each, str) else json.dumps(each) for each in documents]
    return check(
        {"file.yaml": "\n---\n".join(texts).encode()}, settings=settings, namespace="default"
    )


def found(*documents: object, settings: Settings | None = SETTINGS) -> tuple[Finding, ...]:
    return report(*documents, settings=settings).findings
