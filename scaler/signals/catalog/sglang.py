"""SGLang, started with `--enable-metrics`.

Its gauges repeat for each tensor- and pipeline-parallel rank, and newer versions repeat them for
each priority beside the total: the largest per data-parallel rank is the total.
"""

from scaler.config.workload import LatencyMetric
from scaler.policy.model import Signal
from scaler.signals.catalog.metric import Gauge, Over, Quantile, Rate, Row, counter

SGLANG = Row(
    engine="sglang",
    probe=("sglang:num_running_reqs",),
    model_label="model_name",
    parts=("dp_rank", "engine_type"),
    signals={
        Signal.RUNNING: Gauge(names=("sglang:num_running_reqs",)),
        Signal.WAITING: Gauge(names=("sglang:num_queue_reqs",)),
        Signal.CACHE: Gauge(names=("sglang:token_usage",), over=Over.MEAN),
        Signal.TOKENS: Rate(
            counters=(counter("sglang:prompt_tokens"), counter("sglang:generation_tokens"))
        ),
        Signal.REQUESTS: Rate(counters=(counter("sglang:num_requests"),), parts=("is_streaming",)),
        Signal.REJECTED: Rate(counters=(counter("sglang:num_aborted_requests"),)),
    },
    latencies={
        LatencyMetric.TTFT: Quantile(names=("sglang:time_to_first_token_seconds",)),
        LatencyMetric.ITL: Quantile(
            names=("sglang:inter_token_latency_seconds", "sglang:time_per_output_token_seconds")
        ),
        LatencyMetric.E2E: Quantile(names=("sglang:e2e_request_latency_seconds",)),
        LatencyMetric.QUEUE: Quantile(names=("sglang:queue_time_seconds",)),
    },
)
