"""Ray Serve: its series come from the cluster's nodes, and say whose they are by `deployment`."""

from scaler.config.workload import LatencyMetric
from scaler.policy.model import Signal
from scaler.signals.catalog.metric import Gauge, Quantile, Rate, Row

RAY_SERVE = Row(
    engine="ray-serve",
    probe=("ray_serve_replica_processing_queries", "ray_serve_num_ongoing_requests_at_replicas"),
    model_label="deployment",
    parts=("application", "replica", "handle", "actor_id"),
    own_pods=False,
    signals={
        Signal.RUNNING: Gauge(
            names=(
                "ray_serve_replica_processing_queries",
                "ray_serve_num_ongoing_requests_at_replicas",
            )
        ),
        Signal.WAITING: Gauge(names=("ray_serve_deployment_queued_queries",)),
        Signal.REQUESTS: Rate(
            counters=(("ray_serve_deployment_processing_latency_ms_count",),), parts=("route",)
        ),
    },
    latencies={
        LatencyMetric.E2E: Quantile(
            names=("ray_serve_deployment_processing_latency_ms",), parts=("route",), scale=1e-3
        ),
    },
)
