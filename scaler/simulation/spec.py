"""How a simulated fleet is built: declared once, immutable."""

import math
from collections.abc import Callable

import numpy as np
from attrs import field, frozen
from attrs.validators import ge, gt

LeadTime = Callable[[int], float]
"""Seconds from creation to ready for a fleet's replica number 0, 1, 2, ..."""


def fixed_lead_time(seconds: float) -> LeadTime:
    """Return a lead time that is the same for every replica."""
    return lambda index: seconds


def varied_lead_time(*, median: float, sigma: float, seed: int) -> LeadTime:
    """Return lognormal lead times; `sigma` is the standard deviation of the logarithm."""

    def seconds(index: int) -> float:
        draw = float(np.random.default_rng((seed, index)).standard_normal())
        return median * math.exp(sigma * draw)

    return seconds


_A_MINUTE = fixed_lead_time(60.0)


@frozen(kw_only=True)
class EngineSpec:
    """How fast one replica is and how much it holds; the defaults are an 8B model on one big GPU.

    An iteration takes `iteration_base + iteration_per_sequence * decoding sequences
    + prefill_per_token * prompt tokens prefilled in it` seconds: inter-token latency is 12 ms
    alone and 45 ms in a batch of 128.
    """

    iteration_base: float = field(default=0.01174, validator=gt(0))
    iteration_per_sequence: float = field(default=0.00026, validator=ge(0))
    prefill_per_token: float = field(default=0.00005, validator=ge(0))
    prefill_chunk: int = field(default=8_192, validator=ge(1))
    """Prompt tokens that one iteration takes at most."""
    max_batch: int = field(default=128, validator=ge(1))
    """Requests running at once."""
    kv_tokens: int = field(default=400_000, validator=ge(1))
    """Tokens in the KV cache; a request waits until its prompt and its whole output fit."""


@frozen(kw_only=True)
class Clients:
    """What clients do when nothing comes."""

    timeout: float = field(default=math.inf, validator=gt(0))
    """Seconds without a first token after which a client that is held or waits gives up."""
    retries: int = field(default=0, validator=ge(0))
    """How often an attempt that timed out, was rejected or failed is made again."""
    backoff: float = field(default=1.0, validator=ge(0))
    """Seconds before the first retry; the second waits twice as long, and so on."""


@frozen(kw_only=True)
class FleetSpec:
    """One model's fleet."""

    name: str = "llama"
    namespace: str = "default"
    model: str = "llama-3-8b"
    engine: EngineSpec = EngineSpec()
    lead_time: LeadTime = _A_MINUTE
    clients: Clients = Clients()
    grace: float = field(default=60.0, validator=ge(0))
    """Seconds that a terminating replica may take to finish what it has."""
    held_max: int = field(default=1_000, validator=ge(0))
    """Requests that the gateway holds while no replica is ready; more are rejected."""
    step: float = field(default=0.1, validator=gt(0))
    """Seconds between two looks at arrivals, timeouts and replicas."""
    gpu_window: float = field(default=5.0, validator=gt(0))
    """Seconds over which GPU utilization is averaged, as a GPU's own counter does."""
