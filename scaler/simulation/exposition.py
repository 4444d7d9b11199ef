"""The text that a fleet's exporters serve: vLLM, DCGM, kube-state-metrics and the gateway.

What does not exist is absent: a replica that is not ready serves no page, and with no replica there
is no engine or GPU series at all.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import chain
from math import nan

from attrs import frozen

from scaler.simulation.histogram import HistogramSnapshot
from scaler.simulation.snapshot import EngineSnapshot, FleetSnapshot, Phase, ReplicaSnapshot

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_BLOCK = 16
# Between two iterations the engine of a busy GPU rests for a moment, in which the duty cycle that
# DCGM_FI_DEV_GPU_UTIL reports does not see it rest.
_ENGINE_ACTIVE = 0.95

Labels = Mapping[str, str]


class DcgmLabels(StrEnum):
    """Who owns the labels `namespace`, `pod` and `container` of a GPU's series."""

    HONORED = "honored"
    """The workload (`honor_labels: true`)."""
    EXPORTED = "exported"
    """The exporter; the workload's are `exported_namespace` and so on."""


@frozen(kw_only=True)
class _Sample:
    labels: Labels
    value: float
    suffix: str = ""


def vllm_page(replica: ReplicaSnapshot) -> str | None:
    """Return the page of one replica's vLLM server, None where nothing answers."""
    engine = replica.engine
    if engine is None or replica.silent:
        return None
    labels = {"engine": "0", "model_name": replica.model}
    families = chain(
        _vllm_gauges(engine, labels, waiting=nan if replica.garbled else engine.waiting),
        _vllm_counters(engine, labels),
        _vllm_histograms(engine, labels),
    )
    return "".join(families)


def _vllm_gauges(engine: EngineSnapshot, labels: Labels, *, waiting: float) -> Iterable[str]:
    cache = {
        **labels,
        "block_size": str(_BLOCK),
        "num_gpu_blocks": str(engine.kv_tokens // _BLOCK),
    }
    for name, documentation, value in (
        ("num_requests_running", "Requests in the batch.", engine.running),
        ("num_requests_waiting", "Requests waiting to be scheduled.", waiting),
        ("kv_cache_usage_perc", "KV cache in use. 1 means 100 percent.", engine.kv_usage),
    ):
        yield _family(f"vllm:{name}", "gauge", documentation, [_Sample(labels=labels, value=value)])
    yield _family(
        "vllm:cache_config_info", "gauge", "Cache settings.", [_Sample(labels=cache, value=1)]
    )


def _vllm_counters(engine: EngineSnapshot, labels: Labels) -> Iterable[str]:
    for name, documentation, value in (
        ("prompt_tokens_total", "Prompt tokens prefilled.", engine.prompt_tokens),
        ("generation_tokens_total", "Tokens generated.", engine.generation_tokens),
        ("num_preemptions_total", "Requests preempted.", 0),
    ):
        yield _family(
            f"vllm:{name}", "counter", documentation, [_Sample(labels=labels, value=value)]
        )
    ended = {"stop": engine.completed, "length": 0, "abort": engine.aborted}
    yield _family(
        "vllm:request_success_total",
        "counter",
        "Requests that ended, by reason.",
        [
            _Sample(labels={**labels, "finished_reason": reason}, value=value)
            for reason, value in ended.items()
        ],
    )


def _vllm_histograms(engine: EngineSnapshot, labels: Labels) -> Iterable[str]:
    for name, documentation, histogram in (
        ("time_to_first_token_seconds", "Arrival to first token.", engine.ttft),
        ("inter_token_latency_seconds", "Between two tokens.", engine.itl),
        ("e2e_request_latency_seconds", "Arrival to last token.", engine.e2e),
        ("request_queue_time_seconds", "Time in the queue.", engine.queue_time),
    ):
        yield _family(
            f"vllm:{name}", "histogram", documentation, _histogram(histogram, labels=labels)
        )


def dcgm_page(
    fleet: FleetSnapshot,
    *,
    labels: DcgmLabels = DcgmLabels.HONORED,
    hostname_label: str = "Hostname",
) -> str:
    """Return the page of a DCGM exporter: one GPU for each replica that has a node.

    `hostname_label` is `hostname` in exporters since May 2026.
    """
    gpus = [
        (_gpu_labels(replica, style=labels, hostname=hostname_label), replica)
        for replica in fleet.replicas
        if _pod_phase(replica) == "Running"
    ]
    utilization = [
        _Sample(labels=gpu, value=round(100 * replica.gpu_utilization)) for gpu, replica in gpus
    ]
    active = [
        _Sample(labels=gpu, value=_ENGINE_ACTIVE * replica.gpu_utilization) for gpu, replica in gpus
    ]
    return _family(
        "DCGM_FI_DEV_GPU_UTIL", "gauge", "GPU utilization (in %).", utilization
    ) + _family(
        "DCGM_FI_PROF_GR_ENGINE_ACTIVE", "gauge", "Share of time the engine was active.", active
    )


def _gpu_labels(replica: ReplicaSnapshot, *, style: DcgmLabels, hostname: str) -> Labels:
    node = replica.name.rsplit("-", 1)[-1]
    owner = {"namespace": replica.namespace, "pod": replica.name, "container": "engine"}
    device = {
        "gpu": "0",
        "UUID": f"GPU-{replica.name}",
        "device": "nvidia0",
        "modelName": "NVIDIA H100 80GB HBM3",
        hostname: f"gpu-{node}",
    }
    if style is DcgmLabels.HONORED:
        return {**device, **owner}
    exporter = {
        "namespace": "gpu-operator",
        "pod": f"nvidia-dcgm-exporter-{node}",
        "container": "nvidia-dcgm-exporter",
    }
    exported = {f"exported_{name}": value for name, value in owner.items()}
    return {**device, **exporter, **exported}


def kube_page(fleet: FleetSnapshot) -> str:
    """Return the fleet's part of the page of kube-state-metrics."""
    deployment = {"namespace": fleet.namespace, "deployment": fleet.name}
    replicas = [
        ("kube_deployment_spec_replicas", fleet.wanted),
        ("kube_deployment_status_replicas", sum(map(_is_counted, fleet.replicas))),
        ("kube_deployment_status_replicas_ready", fleet.ready),
    ]
    pods = chain.from_iterable(_pod_samples(replica) for replica in fleet.replicas)
    by_name: dict[str, list[_Sample]] = {
        name: [_Sample(labels=deployment, value=value)] for name, value in replicas
    }
    for name, sample in pods:
        by_name.setdefault(name, []).append(sample)
    return "".join(
        _family(name, _kube_type(name), "From the API server.", samples)
        for name, samples in by_name.items()
    )


def _is_counted(replica: ReplicaSnapshot) -> bool:
    return replica.phase is not Phase.TERMINATING


def _pod_samples(replica: ReplicaSnapshot) -> Iterable[tuple[str, _Sample]]:
    pod = {"namespace": replica.namespace, "pod": replica.name}
    container = {**pod, "container": "engine"}
    yield "kube_pod_created", _Sample(labels=pod, value=replica.created)
    for phase in ("Pending", "Running", "Succeeded", "Failed", "Unknown"):
        is_in = float(phase == _pod_phase(replica))
        yield "kube_pod_status_phase", _Sample(labels={**pod, "phase": phase}, value=is_in)
    ready = "true" if replica.ready_since is not None else "false"
    for condition in ("true", "false", "unknown"):
        sample = _Sample(labels={**pod, "condition": condition}, value=float(condition == ready))
        yield "kube_pod_status_ready", sample
    if replica.ready_since is not None:
        yield "kube_pod_status_ready_time", _Sample(labels=pod, value=replica.ready_since)
    if replica.terminating_since is not None:
        sample = _Sample(labels=pod, value=replica.terminating_since)
        yield "kube_pod_deletion_timestamp", sample
    if replica.stuck == "Unschedulable":
        yield "kube_pod_status_unschedulable", _Sample(labels=pod, value=1)
    elif replica.stuck is not None:
        sample = _Sample(labels={**container, "reason": replica.stuck}, value=1)
        yield "kube_pod_container_status_waiting_reason", sample
    sample = _Sample(labels=container, value=replica.restarts)
    yield "kube_pod_container_status_restarts_total", sample


def _pod_phase(replica: ReplicaSnapshot) -> str:
    """A model that loads is in a running container; what keeps it from one leaves it pending."""
    waits = replica.phase is Phase.PENDING and replica.stuck not in {None, "CrashLoopBackOff"}
    return "Pending" if waits else "Running"


def _kube_type(name: str) -> str:
    return "counter" if name.endswith("_total") else "gauge"


def gateway_page(fleet: FleetSnapshot) -> str:
    """Return the page of the gateway in front of the fleet, which is there at 0 replicas too."""
    labels = {"namespace": fleet.namespace, "model": fleet.model}
    held = [_Sample(labels=labels, value=fleet.held)]
    arrived = [_Sample(labels=labels, value=fleet.arrived)]
    ended = [
        _Sample(labels={**labels, "result": result}, value=value)
        for result, value in fleet.results.items()
    ]
    return (
        _family("gateway_requests_held", "gauge", "Requests held for want of a replica.", held)
        + _family("gateway_requests_total", "counter", "Requests that arrived.", arrived)
        + _family("gateway_responses_total", "counter", "Requests that ended, by result.", ended)
    )


def _histogram(histogram: HistogramSnapshot, *, labels: Labels) -> Iterable[_Sample]:
    edges = [*(repr(edge) for edge in histogram.edges), "+Inf"]
    for edge, below in zip(edges, histogram.cumulative, strict=True):
        yield _Sample(suffix="_bucket", labels={**labels, "le": edge}, value=below)
    yield _Sample(suffix="_count", labels=labels, value=histogram.count)
    yield _Sample(suffix="_sum", labels=labels, value=histogram.total)


def _family(name: str, kind: str, documentation: str, samples: Iterable[_Sample]) -> str:
    lines = [
        f"{name}{sample.suffix}{_braces(sample.labels)} {float(sample.value)!r}\n"
        for sample in samples
    ]
    if not lines:
        return ""
    return f"# HELP {name} {documentation}\n# TYPE {name} {kind}\n{''.join(lines)}"


def _braces(labels: Labels) -> str:
    pairs = (f'{name}="{_escaped(value)}"' for name, value in sorted(labels.items()))
    return f"{{{','.join(pairs)}}}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
