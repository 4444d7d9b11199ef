"""A Prometheus with the past of 1,000 workloads: made once, kept, and looked at as if it were now.

As much as a fold remembers is scraped every 15 s. Before that, a day long, there are two scrapes
wherever knowledge is learned from, which is what its queries touch.
"""

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from scaler.simulation.histogram import TTFT_EDGES
from scaler.simulation.names import pod_name
from tests.bench.subjects import NAMESPACE, scaled
from tests.tools.servers import cache_folder, need

WORKLOADS = 1_000
PODS = 2
NOW = 1_700_001_000
"""The moment at which the scaler starts, a quarter of an hour into an epoch of knowledge."""
LATER = 90
"""Seconds that are there beyond it: the scaler's time goes on while it starts."""
SCRAPE = 15
DENSE = 36 * 60
DAY = 24 * 3600
LESSON = 300
BUCKETS = (*TTFT_EDGES[8:14],)


def blocks() -> Path:
    """The folder of the finished blocks, made if it is not there."""
    promtool = need("prometheus")["promtool"]
    digest = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]
    folder = cache_folder() / f"bench-{digest}"
    if not folder.exists():
        text, half = folder.with_suffix(".om"), folder.with_suffix(".half")
        shutil.rmtree(half, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with text.open("w") as file:
            file.writelines(lines())
        command = [str(promtool), "tsdb", "create-blocks-from", "openmetrics"]
        flag = "--max-block-duration=744h"
        subprocess.run([*command, flag, str(text), str(half)], check=True, capture_output=True)  # noqa: S603
        text.unlink()
        half.rename(folder)
    return folder


def times() -> list[int]:
    lessons = range((NOW - DENSE - DAY) // LESSON * LESSON, NOW - DENSE, LESSON)
    sparse = [lesson - ago for lesson in lessons for ago in (2 * SCRAPE, 0)]
    return [*sparse, *range(NOW - DENSE, NOW + LATER, SCRAPE)]


def lines() -> Iterator[str]:
    series = [each for index in range(WORKLOADS) for each in _series(index)]
    began = times()[0]
    for at in times():
        since = at - began
        yield "\n".join(f"{name} {base + rate * since} {at}" for name, base, rate in series)
        yield "\n"
    yield "# EOF\n"


def _series(index: int) -> Iterator[tuple[str, float, float]]:
    """Name with labels, first value, and what it grows by in a second."""
    workload = scaled(index).name
    for number in range(PODS):
        pod = pod_name(workload, namespace=NAMESPACE, index=number)
        owner = f'namespace="{NAMESPACE}",pod="{pod}"'
        engine = f'{owner},model_name="llama-3-8b",engine="0"'
        yield f"vllm:num_requests_running{{{engine}}}", 4 + index % 5, 0
        yield f"vllm:num_requests_waiting{{{engine}}}", index % 3, 0
        yield f"vllm:kv_cache_usage_perc{{{engine}}}", 0.3, 0
        yield f"vllm:prompt_tokens_total{{{engine}}}", 0, 700 + index % 50
        yield f"vllm:generation_tokens_total{{{engine}}}", 0, 200
        for reason, rate in (("stop", 1), ("abort", 0)):
            yield f'vllm:request_success_total{{{engine},finished_reason="{reason}"}}', 0, rate
        for place, edge in enumerate(BUCKETS):
            share = (place + 1) / len(BUCKETS)
            yield f'vllm:time_to_first_token_seconds_bucket{{{engine},le="{edge}"}}', 0, share
        yield f'vllm:time_to_first_token_seconds_bucket{{{engine},le="+Inf"}}', 0, 1
        yield f"vllm:time_to_first_token_seconds_count{{{engine}}}", 0, 1
        yield f'DCGM_FI_DEV_GPU_UTIL{{{owner},UUID="GPU-{pod}"}}', 60 + index % 30, 0
    scale = f'namespace="{NAMESPACE}",deployment="{workload}"'
    yield f"kube_deployment_spec_replicas{{{scale}}}", PODS, 0
    yield f"kube_deployment_status_replicas_ready{{{scale}}}", PODS, 0
