"""What those who hold requests while nothing runs call the requests that wait."""

HELD = frozenset(
    {
        "inference_extension_flow_control_queue_size",
        "dynamo_frontend_queued_requests",
        "ray_serve_deployment_queued_queries",
        "vllm:num_requests_waiting",
        "gateway_requests_held",  # the demo's
    }
)
