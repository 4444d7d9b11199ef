"""Who holds requests while nothing runs, and what their waiting requests are called."""

from scaler.signals.catalog.metric import Gauge

HELD = (
    Gauge(names=("inference_extension_flow_control_queue_size",)),
    Gauge(names=("dynamo_frontend_queued_requests",)),
    Gauge(names=("ray_serve_deployment_queued_queries",)),
    Gauge(names=("vllm:num_requests_waiting",)),
)
