"""What two replicas of each engine say, worked out by hand, and how their pages move in time.

Pages are scraped every 15 s; with each scrape all counters grow by a tenth of what the page file
says. So a counter of 1500 grows by 150 in 15 s, which is 10 per second.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from scaler.config.workload import LatencyMetric, Workload
from scaler.policy.model import Gap, Reading, Readings, Reason, Signal, value_of
from tests.unit.signals.workloads import make_workload

PAGES = Path(__file__).parent / "pages"
STEP = 15
SCRAPES = 10
FIRST = 1_700_000_010
LAST = FIRST + (SCRAPES - 1) * STEP
PODS = ("llama-7d9c5bb84f-bcdfg", "llama-7d9c5bb84f-fghjk")

_CUMULATIVE = frozenset({"counter", "histogram"})


@attrs.frozen(kw_only=True)
class Case:
    """One engine's page, on two replicas, and the values that must come out."""

    page: str
    engine: str
    expected: Mapping[Signal, float]
    watch: Mapping[str, Any] = attrs.field(factory=dict)

    def __str__(self) -> str:
        return "-".join([self.page, *(str(value) for value in self.watch.values())])

    @property
    def workload(self) -> Workload:
        return make_workload(engine=self.engine, **self.watch)


def page(name: str, *, scrape: int = 0) -> str:
    """The page file `name` as it stands at the given scrape."""
    lines = (PAGES / f"{name}.txt").read_text().splitlines()
    grown = 1.0 + scrape / 10
    growing = False
    moved = []
    for line in lines:
        if line.startswith("# TYPE"):
            growing = line.split()[-1] in _CUMULATIVE
        if line.startswith("#") or not growing:
            moved.append(line)
        else:
            series, _, value = line.rpartition(" ")
            moved.append(f"{series} {float(value) * grown!r}")
    return "\n".join([*moved, ""])


def summary(readings: Readings) -> dict[str, float | Reason]:
    """Every reading by name: its value, or why there is none."""
    counts: dict[str, Reading] = {
        "wanted": readings.wanted,
        "ready": readings.ready,
        "stuck": readings.stuck,
        "reporting": readings.reporting,
    }
    signals = {str(signal): reading for signal, reading in readings.signals.items()}
    found = {name: _short(each) for name, each in {**signals, **counts}.items()}
    return {**found, **{f"stuck for {why}": count for why, count in readings.stuck_for.items()}}


def _short(reading: Reading) -> float | Reason:
    if isinstance(reading, Gap):
        return reading.reason
    value = value_of(reading)
    assert value is not None
    return round(value, 6)


LLM = {
    Signal.RUNNING: 24.0,
    Signal.WAITING: 6.0,
    Signal.TOKENS: 2 * (150_000 + 45_000) / 150,
    Signal.REQUESTS: 2 * 300 / 150,
    Signal.LATENCY: 0.4375,
}
"""Where every engine's page tells the same story in its own words."""

CASES = (
    Case(
        page="vllm_v1",
        engine="vllm",
        expected={**LLM, Signal.CACHE: 0.25, Signal.REJECTED: 2 * 15 / 150},
    ),
    Case(
        page="vllm_v1",
        engine="vllm",
        watch={"model": "meta/llama-8b", "latency_metric": LatencyMetric.ITL},
        expected={**LLM, Signal.CACHE: 0.25, Signal.REJECTED: 0.2, Signal.LATENCY: 0.02425},
    ),
    Case(
        page="vllm_v0",
        engine="vllm",
        watch={"latency_metric": LatencyMetric.ITL},
        expected={**LLM, Signal.CACHE: 0.25, Signal.LATENCY: 0.02425},
    ),
    Case(
        page="sglang",
        engine="sglang",
        expected={
            Signal.RUNNING: 2 * (7 + 5),
            Signal.WAITING: 2 * (1 + 2),
            Signal.CACHE: 0.5,
            Signal.TOKENS: 2 * 150_000 / 150,
            Signal.REQUESTS: 2 * 300 / 150,
            Signal.REJECTED: 2 * 30 / 150,
            Signal.LATENCY: 0.2 + 0.2 * 45 / 60,
        },
    ),
    Case(
        page="tgi",
        engine="tgi",
        expected={
            Signal.RUNNING: 18.0,
            Signal.WAITING: 8.0,
            Signal.TOKENS: 2 * 150_000 / 150,
            Signal.REQUESTS: 4.0,
            Signal.REJECTED: 0.4,
            Signal.LATENCY: 3.325256730079651 + (4.987885095119476 - 3.325256730079651) * 45 / 60,
        },
    ),
    Case(
        page="tei",
        engine="tei",
        expected={
            Signal.WAITING: 12.0,
            Signal.REQUESTS: 20.0,
            Signal.REJECTED: 0.8,
            Signal.LATENCY: 0.05 + 0.025 * 225 / 300,
        },
    ),
    Case(
        page="triton",
        engine="triton",
        expected={
            Signal.WAITING: 6.0,
            Signal.REQUESTS: 20.0,
            Signal.REJECTED: 0.4,
            Signal.LATENCY: 0.05,
        },
    ),
    Case(
        page="triton",
        engine="triton",
        watch={"latency_metric": LatencyMetric.QUEUE},
        expected={
            Signal.WAITING: 6.0,
            Signal.REQUESTS: 20.0,
            Signal.REJECTED: 0.4,
            Signal.LATENCY: 0.01,
        },
    ),
    Case(page="tensorrt_llm", engine="tensorrt-llm", expected={**LLM, Signal.CACHE: 0.5}),
    Case(
        page="dynamo",
        engine="dynamo",
        watch={"model": "Qwen/Qwen3-32B"},
        expected={**LLM, Signal.REJECTED: 0.2},
    ),
    Case(page="nim", engine="nim", expected={**LLM, Signal.CACHE: 0.25}),
    Case(
        page="ray_serve",
        engine="ray-serve",
        expected={
            Signal.RUNNING: 18.0,
            Signal.WAITING: 4.0,
            Signal.REQUESTS: 4.0,
            Signal.LATENCY: 0.2 + 0.1 * 45 / 60,
        },
    ),
)
