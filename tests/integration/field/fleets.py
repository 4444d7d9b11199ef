"""A vLLM fleet's series as a Prometheus holds them, at any scrape interval."""

from collections.abc import Iterator, Mapping

import attrs

from tests.integration.prometheus import Scraped

START = 1_700_002_800 - 1_700_002_800 % 3600
"""A full hour."""
HOUR = 3600

PROMPT, GENERATED = 300.0, 100.0
"""Tokens per second and pod."""
REQUESTS = 2.0
"""Per second and pod; each has its first token within 0.25 to 0.5 s."""
WAITING = 3.0


@attrs.frozen(kw_only=True)
class FieldFleet:
    """Pods that work evenly from `first` on for `length` seconds, scraped every `interval`."""

    interval: int
    namespace: str = "models"
    pods: tuple[str, ...] = ("llama-7d9c5bb84f-bcdfg", "llama-7d9c5bb84f-fghjk")
    model: str = "m"
    first: int = START
    length: int = 2 * HOUR
    labels: Mapping[str, str] = attrs.field(factory=dict)
    namespace_label: str = "namespace"
    pod_label: str = "pod"

    def scraped(self) -> Iterator[Scraped]:
        for index, pod in enumerate(self.pods):
            target = {self.namespace_label: self.namespace, self.pod_label: pod, **self.labels}
            # Scrapes of different targets are never in step.
            offset = (index * 7 + 3) % self.interval
            for at in range(self.first + offset, self.first + self.length, self.interval):
                yield Scraped(at, target, self._page(float(at - self.first)))

    def _page(self, age: float) -> str:
        count = REQUESTS * age
        values = {
            "vllm:num_requests_running{%s}": 5.0,
            "vllm:num_requests_waiting{%s}": WAITING,
            "vllm:kv_cache_usage_perc{%s}": 0.25,
            "vllm:prompt_tokens_total{%s}": PROMPT * age,
            "vllm:generation_tokens_total{%s}": GENERATED * age,
            'vllm:request_success_total{%s,finished_reason="stop"}': count,
            'vllm:time_to_first_token_seconds_bucket{%s,le="0.25"}': 0.0,
            'vllm:time_to_first_token_seconds_bucket{%s,le="0.5"}': count,
            'vllm:time_to_first_token_seconds_bucket{%s,le="+Inf"}': count,
            "vllm:time_to_first_token_seconds_count{%s}": count,
        }
        labels = f'model_name="{self.model}",engine="0"'
        return "".join(f"{name % labels} {value!r}\n" for name, value in values.items())
