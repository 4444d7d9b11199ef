"""NVIDIA's servers: Triton, TensorRT-LLM, Dynamo's frontend, and NIM."""

from scaler.config.workload import LatencyMetric
from scaler.policy.model import Signal
from scaler.signals.catalog.metric import Gauge, Mean, Over, Quantile, Rate, Row, counter
from scaler.signals.matchers import Matcher

_MICROSECONDS = 1e-6
_MILLISECONDS = 1e-3

TRITON = Row(
    engine="triton",
    probe=("nv_inference_pending_request_count", "nv_inference_request_success"),
    model_label="model",
    parts=("version", "gpu_uuid"),
    signals={
        Signal.RUNNING: Gauge(
            names=("nv_trt_llm_request_metrics",),
            where=(Matcher("request_type", "=", "scheduled"),),
        ),
        Signal.WAITING: Gauge(names=("nv_inference_pending_request_count",)),
        Signal.CACHE: Gauge(
            names=("nv_trt_llm_kv_cache_block_metrics",),
            over=Over.MEAN,
            where=(Matcher("kv_cache_block_type", "=", "fraction"),),
        ),
        Signal.REQUESTS: Rate(counters=(("nv_inference_request_success",),)),
        Signal.REJECTED: Rate(counters=(("nv_inference_request_failure",),), parts=("reason",)),
    },
    latencies={
        # Cumulative microseconds are all there is for models that answer once: a mean, no quantile.
        LatencyMetric.E2E: Mean(
            total=("nv_inference_request_duration_us",),
            count=("nv_inference_request_success",),
            scale=_MICROSECONDS,
        ),
        LatencyMetric.QUEUE: Mean(
            total=("nv_inference_queue_duration_us",),
            count=("nv_inference_request_success",),
            scale=_MICROSECONDS,
        ),
        LatencyMetric.TTFT: Quantile(
            names=("nv_inference_first_response_histogram_ms",), scale=_MILLISECONDS
        ),
    },
)

TENSORRT_LLM = Row(
    engine="tensorrt-llm",
    probe=("trtllm_num_requests_running",),
    model_label="model_name",
    parts=("engine_type",),
    signals={
        Signal.RUNNING: Gauge(names=("trtllm_num_requests_running",)),
        Signal.WAITING: Gauge(names=("trtllm_num_requests_waiting",)),
        Signal.CACHE: Gauge(names=("trtllm_kv_cache_utilization",), over=Over.MEAN),
        Signal.TOKENS: Rate(
            counters=(counter("trtllm_prompt_tokens"), counter("trtllm_generation_tokens"))
        ),
        Signal.REQUESTS: Rate(counters=(("trtllm_e2e_request_latency_seconds_count",),)),
    },
    latencies={
        LatencyMetric.TTFT: Quantile(names=("trtllm_time_to_first_token_seconds",)),
        LatencyMetric.ITL: Quantile(names=("trtllm_time_per_output_token_seconds",)),
        LatencyMetric.E2E: Quantile(names=("trtllm_e2e_request_latency_seconds",)),
        LatencyMetric.QUEUE: Quantile(names=("trtllm_request_queue_time_seconds",)),
    },
)

DYNAMO = Row(
    engine="dynamo",
    probe=("dynamo_frontend_inflight_requests",),
    model_label="model",
    lower_case_models=True,
    parts=("dynamo_namespace",),
    own_pods=False,
    signals={
        Signal.RUNNING: Gauge(names=("dynamo_frontend_inflight_requests",)),
        Signal.WAITING: Gauge(names=("dynamo_frontend_queued_requests",)),
        Signal.TOKENS: Rate(
            counters=(
                ("dynamo_frontend_input_sequence_tokens_sum",),
                (
                    "dynamo_frontend_output_tokens_total",
                    "dynamo_frontend_output_sequence_tokens_sum",
                ),
            )
        ),
        Signal.REQUESTS: Rate(
            counters=(("dynamo_frontend_requests_total",),),
            parts=("endpoint", "request_type"),
            where=(Matcher("status", "=", "success"),),
        ),
        Signal.REJECTED: Rate(
            counters=(("dynamo_frontend_requests_total",),),
            parts=("endpoint", "request_type", "error_type"),
            where=(Matcher("status", "=", "error"),),
        ),
    },
    latencies={
        LatencyMetric.TTFT: Quantile(names=("dynamo_frontend_time_to_first_token_seconds",)),
        LatencyMetric.ITL: Quantile(names=("dynamo_frontend_inter_token_latency_seconds",)),
        LatencyMetric.E2E: Quantile(names=("dynamo_frontend_request_duration_seconds",)),
    },
)

NIM = Row(
    engine="nim",
    probe=("num_requests_running",),
    model_label="model_name",
    parts=("engine",),
    signals={
        Signal.RUNNING: Gauge(names=("num_requests_running",)),
        Signal.WAITING: Gauge(names=("num_requests_waiting",)),
        Signal.CACHE: Gauge(names=("kv_cache_usage_perc", "gpu_cache_usage_perc"), over=Over.MEAN),
        Signal.TOKENS: Rate(counters=(counter("prompt_tokens"), counter("generation_tokens"))),
        Signal.REQUESTS: Rate(counters=(("e2e_request_latency_seconds_count",),)),
    },
    latencies={
        LatencyMetric.TTFT: Quantile(names=("time_to_first_token_seconds",)),
        LatencyMetric.ITL: Quantile(
            names=("inter_token_latency_seconds", "time_per_output_token_seconds")
        ),
        LatencyMetric.E2E: Quantile(names=("e2e_request_latency_seconds",)),
    },
)
