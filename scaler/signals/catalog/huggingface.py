"""Text Generation Inference and Text Embeddings Inference: no cache gauge, no first token."""

from scaler.config.workload import LatencyMetric
from scaler.policy.model import Signal
from scaler.signals.catalog.metric import Gauge, Quantile, Rate, Row, counter

TGI = Row(
    engine="tgi",
    probe=("tgi_queue_size",),
    parts=("method", "err"),
    signals={
        Signal.RUNNING: Gauge(names=("tgi_batch_current_size",)),
        Signal.WAITING: Gauge(names=("tgi_queue_size",)),
        Signal.TOKENS: Rate(
            counters=(("tgi_request_input_length_sum",), ("tgi_request_generated_tokens_sum",))
        ),
        Signal.REQUESTS: Rate(counters=(counter("tgi_request_success"),)),
        Signal.REJECTED: Rate(counters=(counter("tgi_request_failure"),)),
    },
    latencies={
        LatencyMetric.ITL: Quantile(names=("tgi_request_mean_time_per_token_duration",)),
        LatencyMetric.E2E: Quantile(names=("tgi_request_duration",)),
        LatencyMetric.QUEUE: Quantile(names=("tgi_request_queue_duration",)),
    },
)

TEI = Row(
    engine="tei",
    probe=("te_queue_size",),
    parts=("method", "err"),
    signals={
        Signal.WAITING: Gauge(names=("te_queue_size",)),
        Signal.REQUESTS: Rate(counters=(counter("te_request_success"),)),
        Signal.REJECTED: Rate(counters=(counter("te_request_failure"),)),
    },
    latencies={
        LatencyMetric.E2E: Quantile(names=("te_request_duration",)),
        LatencyMetric.QUEUE: Quantile(names=("te_request_queue_duration",)),
    },
)
