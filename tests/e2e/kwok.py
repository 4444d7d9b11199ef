"""A simulated kubelet: pods start at once on a node of paper, and are ready a load time later.

The load time is an annotation of the pod, `forescale.io/load`, such as `8s`.
"""

import json
from collections.abc import Mapping
from typing import Any

from tests.e2e.cluster import Cluster
from tests.e2e.processes import Server
from tests.integration.prometheus import free_port
from tests.tools.servers import need

NODE = "gpu-0"
LOAD = "forescale.io/load"
_ABSENT = {"key": ".metadata.deletionTimestamp", "operator": "DoesNotExist"}
_NODE_READY = """
conditions:
- {type: Ready, status: "True", reason: Fake, message: Fake, lastHeartbeatTime: {{ Now | Quote }}}
allocatable: {cpu: 1k, memory: 1Ti, pods: 1M, nvidia.com/gpu: 1k}
capacity: {cpu: 1k, memory: 1Ti, pods: 1M, nvidia.com/gpu: 1k}
phase: Running
"""
_POD_STATUS = """
{{ $now := Now }}
phase: Running
startTime: {{ or .status.startTime $now | Quote }}
conditions:
- {type: PodScheduled, status: "True", lastTransitionTime: {{ $now | Quote }}}
- {type: Initialized, status: "True", lastTransitionTime: {{ $now | Quote }}}
- {type: Ready, status: "READY", lastTransitionTime: {{ $now | Quote }}}
- {type: ContainersReady, status: "READY", lastTransitionTime: {{ $now | Quote }}}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: SERVES
  started: true
  restartCount: 0
  state: {running: {startedAt: {{ $now | Quote }}}}
{{ end }}
"""


def kwok(cluster: Cluster) -> Server:
    """The kubelet of every node."""
    config = cluster.folder / "kwok.yaml"
    config.write_text("\n---\n".join(json.dumps(stage) for stage in _stages()))
    return Server(
        name="kwok",
        folder=cluster.folder,
        command=[
            str(need("kwok")["kwok"]),
            f"--kubeconfig={cluster.kubeconfig}",
            f"--config={config}",
            "--manage-all-nodes=true",
            f"--server-address=127.0.0.1:{free_port()}",
        ],
    )


def node() -> Mapping[str, Any]:
    """The one node; nothing schedules here, so pods name it themselves."""
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE}}


def _stages() -> list[Mapping[str, Any]]:
    new = {"key": ".status.phase", "operator": "In", "values": ["Pending"]}
    loads = {"key": ".status.phase", "operator": "In", "values": ["Running"]}
    ready = '.status.conditions.[] | select( .type == "Ready" ) | .status'
    unready = {"key": ready, "operator": "NotIn", "values": ["True"]}
    gone = {"key": ".metadata.deletionTimestamp", "operator": "Exists"}
    delay = {"durationFrom": {"expressionFrom": f'.metadata.annotations["{LOAD}"]'}}
    return [
        _stage("node-ready", "Node", [unready], {"statusTemplate": _NODE_READY}),
        _stage("pod-start", "Pod", [_ABSENT, new], {"statusTemplate": _status(ready=False)}),
        _stage(
            "pod-ready",
            "Pod",
            [_ABSENT, loads, unready],
            {"statusTemplate": _status(ready=True)},
            delay=delay,
        ),
        _stage("pod-delete", "Pod", [gone], {"delete": True}),
    ]


def _status(*, ready: bool) -> str:
    said = str(ready)
    return _POD_STATUS.replace("READY", said).replace("SERVES", said.lower())


def _stage(
    name: str,
    kind: str,
    matches: list[Mapping[str, Any]],
    following: Mapping[str, Any],
    delay: Mapping[str, Any] | None = None,
) -> Mapping[str, Any]:
    spec = {
        "resourceRef": {"apiGroup": "v1", "kind": kind},
        "selector": {"matchExpressions": matches},
        "next": following,
        **({"delay": delay} if delay else {}),
    }
    meta = {"name": name}
    return {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "Stage", "metadata": meta, "spec": spec}
