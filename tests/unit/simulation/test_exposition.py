import math

import pytest
from attrs import evolve
from prometheus_client.parser import text_string_to_metric_families

from scaler.simulation.exposition import (
    DcgmLabels,
    dcgm_page,
    gateway_page,
    kube_page,
    vllm_page,
)
from scaler.simulation.fleet import Fleet
from scaler.simulation.histogram import HistogramSnapshot
from scaler.simulation.snapshot import EngineSnapshot, FleetSnapshot, ReplicaSnapshot
from scaler.simulation.spec import FleetSpec
from scaler.simulation.traffic import Poisson, constant

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def parse(page: str) -> Series:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def key(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


def busy_fleet() -> Fleet:
    spec = FleetSpec(name="llama", namespace="prod", model="m")
    fleet = Fleet(spec=spec, traffic=Poisson(constant(20.0), seed=1), start=0.0, ready=2)
    fleet.advance(30.0)
    fleet.scale(3)
    fleet.advance(60.0)
    return fleet


def first(snapshot: FleetSnapshot) -> tuple[ReplicaSnapshot, EngineSnapshot]:
    replica = snapshot.replicas[0]
    assert replica.engine is not None
    return replica, replica.engine


def parsed_vllm(replica: ReplicaSnapshot) -> Series:
    page = vllm_page(replica)
    assert page is not None
    return parse(page)


def test_vllm_page_round_trips_gauges_and_counters() -> None:
    replica, engine = first(busy_fleet().snapshot())
    series = parsed_vllm(replica)
    assert engine.generation_tokens > 0
    for name, value in (
        ("num_requests_running", engine.running),
        ("num_requests_waiting", engine.waiting),
        ("kv_cache_usage_perc", engine.kv_usage),
        ("prompt_tokens_total", engine.prompt_tokens),
        ("generation_tokens_total", engine.generation_tokens),
    ):
        assert value == series[key(f"vllm:{name}", model_name="m", engine="0")]
    for reason, value in (("stop", engine.completed), ("length", 0), ("abort", engine.aborted)):
        labels = {"model_name": "m", "engine": "0", "finished_reason": reason}
        assert value == series[key("vllm:request_success_total", **labels)]


@pytest.mark.parametrize(
    ("name", "attribute", "edges"),
    [
        ("time_to_first_token_seconds", "ttft", 22),
        ("inter_token_latency_seconds", "itl", 19),
        ("e2e_request_latency_seconds", "e2e", 21),
        ("request_queue_time_seconds", "queue_time", 21),
    ],
)
def test_vllm_page_round_trips_histograms(name: str, attribute: str, edges: int) -> None:
    replica, engine = first(busy_fleet().snapshot())
    histogram: HistogramSnapshot = getattr(engine, attribute)
    series = parsed_vllm(replica)
    buckets = {
        float(dict(labels)["le"]): value
        for (series_name, labels), value in series.items()
        if series_name == f"vllm:{name}_bucket"
    }
    upper = [*histogram.edges, math.inf]
    assert edges + 1 == len(upper)
    assert dict(zip(upper, histogram.cumulative, strict=True)) == buckets
    assert histogram.count == buckets[math.inf] > 0
    assert histogram.count == series[key(f"vllm:{name}_count", model_name="m", engine="0")]
    assert histogram.total == series[key(f"vllm:{name}_sum", model_name="m", engine="0")]


def test_vllm_page_says_types_and_writes_edges_as_the_python_client_does() -> None:
    page = vllm_page(first(busy_fleet().snapshot())[0])
    assert page is not None
    assert "# TYPE vllm:generation_tokens_total counter\n" in page
    assert "# TYPE vllm:time_to_first_token_seconds histogram\n" in page
    edges = 'time_to_first_token_seconds_bucket{engine="0",le="1.0",model_name="m"} '
    assert f"vllm:{edges}" in page


def test_kv_tokens_are_blocks_times_block_size() -> None:
    replica, engine = first(busy_fleet().snapshot())
    (labels,) = [
        dict(labels) for name, labels in parsed_vllm(replica) if name == "vllm:cache_config_info"
    ]
    assert engine.kv_tokens == int(labels["num_gpu_blocks"]) * int(labels["block_size"])


def test_replica_that_is_not_ready_or_silent_serves_no_page() -> None:
    fleet = busy_fleet()
    fleet.replicas[0].silent = True
    pages = [vllm_page(replica) for replica in fleet.snapshot().replicas]
    assert [page is None for page in pages] == [True, False, True]


def test_label_values_are_escaped() -> None:
    replica, _ = first(busy_fleet().snapshot())
    model = 'a "quoted\\" \n model'
    series = parsed_vllm(evolve(replica, model=model))
    assert key("vllm:num_requests_running", model_name=model, engine="0") in series


@pytest.mark.parametrize(
    ("style", "prefix", "hostname"),
    [(DcgmLabels.HONORED, "", "Hostname"), (DcgmLabels.EXPORTED, "exported_", "hostname")],
)
def test_dcgm_page_names_the_pod_in_both_label_styles(
    style: DcgmLabels, prefix: str, hostname: str
) -> None:
    snapshot = busy_fleet().snapshot()
    series = parse(dcgm_page(snapshot, labels=style, hostname_label=hostname))
    for name, highest in (
        ("DCGM_FI_DEV_GPU_UTIL", 100.0),
        ("DCGM_FI_PROF_GR_ENGINE_ACTIVE", 1.0),
    ):
        gpus = {
            dict(labels)[f"{prefix}pod"]: (dict(labels), value)
            for (series_name, labels), value in series.items()
            if series_name == name
        }
        assert {replica.name for replica in snapshot.replicas} == set(gpus)
        labels, value = gpus[snapshot.replicas[0].name]
        assert labels[f"{prefix}namespace"] == "prod"
        assert {"UUID", "gpu", "modelName", hostname, f"{prefix}container"} <= set(labels)
        assert 0.9 * highest < value <= highest
        assert gpus[snapshot.replicas[2].name][1] == 0.0


def test_gpu_keeps_its_labels_when_other_replicas_go() -> None:
    fleet = busy_fleet()
    before = set(parse(dcgm_page(fleet.snapshot())))
    fleet.scale(1)
    fleet.advance(200.0)
    after = set(parse(dcgm_page(fleet.snapshot())))
    assert len(after) == 2
    assert after < before


def test_kube_page_tells_wanted_ready_and_the_pods_conditions() -> None:
    fleet = busy_fleet()
    fleet.scale(4)
    fleet.scale(3)
    fleet.advance(61.0)
    snapshot = fleet.snapshot()
    series = parse(kube_page(snapshot))
    deployment = {"namespace": "prod", "deployment": "llama"}
    assert series[key("kube_deployment_spec_replicas", **deployment)] == 3
    assert series[key("kube_deployment_status_replicas", **deployment)] == 3
    assert series[key("kube_deployment_status_replicas_ready", **deployment)] == 2
    ready, _, loading = snapshot.replicas
    for replica, is_ready in ((ready, 1.0), (loading, 0.0)):
        pod = {"namespace": "prod", "pod": replica.name}
        assert replica.created == series[key("kube_pod_created", **pod)]
        assert is_ready == series[key("kube_pod_status_ready", condition="true", **pod)]
        assert series[key("kube_pod_status_phase", phase="Running", **pod)] == 1.0
        assert bool(is_ready) == (key("kube_pod_status_ready_time", **pod) in series)
    assert not any(name == "kube_pod_deletion_timestamp" for name, _ in series)


def test_kube_page_shows_a_terminating_pod_with_its_deletion() -> None:
    fleet = busy_fleet()
    fleet.scale(1)
    series = parse(kube_page(fleet.snapshot()))
    leaving = {"namespace": "prod", "pod": fleet.snapshot().replicas[1].name}
    assert pytest.approx(series[key("kube_pod_deletion_timestamp", **leaving)]) == 60.0
    deployment = {"namespace": "prod", "deployment": "llama"}
    assert series[key("kube_deployment_status_replicas_ready", **deployment)] == 1


@pytest.mark.parametrize(
    ("reason", "phase", "name", "labels"),
    [
        ("Unschedulable", "Pending", "kube_pod_status_unschedulable", {}),
        (
            "ImagePullBackOff",
            "Pending",
            "kube_pod_container_status_waiting_reason",
            {"container": "engine", "reason": "ImagePullBackOff"},
        ),
        (
            "CrashLoopBackOff",
            "Running",
            "kube_pod_container_status_waiting_reason",
            {"container": "engine", "reason": "CrashLoopBackOff"},
        ),
    ],
)
def test_stuck_pod_says_why(reason: str, phase: str, name: str, labels: dict[str, str]) -> None:
    fleet = busy_fleet()
    fleet.stick(reason)
    fleet.advance(120.0)
    snapshot = fleet.snapshot()
    pod = {"namespace": "prod", "pod": snapshot.replicas[2].name}
    series = parse(kube_page(snapshot))
    assert series[key(name, **pod, **labels)] == 1.0
    assert series[key("kube_pod_status_phase", phase=phase, **pod)] == 1.0
    gpus = {dict(labels)["pod"] for _, labels in parse(dcgm_page(snapshot))}
    assert (phase == "Running") == (snapshot.replicas[2].name in gpus)


def test_nothing_of_the_engines_is_there_at_zero_replicas_but_the_gateway_is() -> None:
    fleet = Fleet(
        spec=FleetSpec(namespace="prod", model="m"),
        traffic=Poisson(constant(5.0), seed=1),
        start=0.0,
    )
    fleet.advance(10.0)
    snapshot = fleet.snapshot()
    assert dcgm_page(snapshot) == ""
    kube = parse(kube_page(snapshot))
    assert {0.0} == set(kube.values())
    assert len(kube) == 3
    gateway = parse(gateway_page(snapshot))
    assert snapshot.held == gateway[key("gateway_requests_held", namespace="prod", model="m")] > 0
    assert snapshot.arrived == gateway[key("gateway_requests_total", namespace="prod", model="m")]


def test_gateway_page_counts_how_requests_ended() -> None:
    snapshot = busy_fleet().snapshot()
    series = parse(gateway_page(snapshot))
    for result, value in snapshot.results.items():
        labels = {"namespace": "prod", "model": "m", "result": result}
        assert value == series[key("gateway_responses_total", **labels)]
