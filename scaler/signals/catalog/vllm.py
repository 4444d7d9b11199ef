"""vLLM: the V1 engine, and the names that V0 and older clients used."""

from scaler.config.workload import LatencyMetric
from scaler.policy.model import Signal
from scaler.signals.catalog.metric import Gauge, Over, Quantile, Rate, Row, counter
from scaler.signals.matchers import Matcher

VLLM = Row(
    engine="vllm",
    probe=("vllm:num_requests_running",),
    model_label="model_name",
    parts=("engine",),
    signals={
        Signal.RUNNING: Gauge(names=("vllm:num_requests_running",)),
        Signal.WAITING: Gauge(names=("vllm:num_requests_waiting",)),
        Signal.CACHE: Gauge(
            names=("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"), over=Over.MEAN
        ),
        Signal.TOKENS: Rate(
            counters=(counter("vllm:prompt_tokens"), counter("vllm:generation_tokens"))
        ),
        Signal.REQUESTS: Rate(
            counters=(counter("vllm:request_success"),),
            parts=("finished_reason",),
            where=(Matcher("finished_reason", "!=", "abort"),),
        ),
        Signal.REJECTED: Rate(
            counters=(counter("vllm:request_success"),),
            where=(Matcher("finished_reason", "=", "abort"),),
        ),
    },
    latencies={
        LatencyMetric.TTFT: Quantile(names=("vllm:time_to_first_token_seconds",)),
        LatencyMetric.ITL: Quantile(
            names=("vllm:inter_token_latency_seconds", "vllm:time_per_output_token_seconds")
        ),
        LatencyMetric.E2E: Quantile(names=("vllm:e2e_request_latency_seconds",)),
        LatencyMetric.QUEUE: Quantile(
            names=("vllm:request_queue_time_seconds", "vllm:time_in_queue_requests")
        ),
    },
)
