"""The engines that Forescale knows by name, and what their nature decides.

How each one's metrics are called is the signal catalog's matter, which has a row for each of these.
"""

from collections.abc import Mapping

import attrs

from scaler.config.workload import LatencyMetric


@attrs.frozen(kw_only=True)
class Engine:
    """What the defaults of a workload follow from.

    `llm`: one busy request keeps the GPU busy, so utilization says little. `tokens`: token counts
    are exported. `latency` is the metric that the objective is about by default: the first of ttft
    and e2e that the engine exports.
    """

    name: str
    llm: bool = False
    tokens: bool = False
    latency: LatencyMetric = LatencyMetric.E2E
    profile: str = "realtime"


_TABLE = (
    Engine(name="vllm", llm=True, tokens=True, latency=LatencyMetric.TTFT),
    Engine(name="sglang", llm=True, tokens=True, latency=LatencyMetric.TTFT),
    Engine(name="tgi", llm=True, tokens=True),
    Engine(name="tei", profile="embedding"),
    Engine(name="triton"),
    Engine(name="tensorrt-llm", llm=True, tokens=True, latency=LatencyMetric.TTFT),
    Engine(name="dynamo", llm=True, tokens=True, latency=LatencyMetric.TTFT),
    Engine(name="nim", llm=True, tokens=True, latency=LatencyMetric.TTFT),
    Engine(name="ray-serve"),
    Engine(name="custom"),
)

ENGINES: Mapping[str, Engine] = {engine.name: engine for engine in _TABLE}
