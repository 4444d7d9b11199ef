"""What the demo plays: a fleet, a day's traffic squeezed into two hours, and what is asked for it.

The numbers are chosen so that one replica is busy at night and a dozen in the evening, and so that
traffic rises no faster than replicas come up; a real day is kinder still.
"""

from collections.abc import Mapping, Sequence

import attrs

from scaler.config.settings import Declared, Grpc, Ops, Settings
from scaler.runtime.forecasts.refreshing import Refreshing
from scaler.runtime.knowledge import Learning
from scaler.simulation.behavior import (
    Behavior,
    HpaSpec,
    PolicyKind,
    ScalingPolicy,
    ScalingRules,
)
from scaler.simulation.faults import FAULTS
from scaler.simulation.keda import ActivationSpec
from scaler.simulation.objective import Objective
from scaler.simulation.spec import Clients, EngineSpec, FleetSpec, varied_lead_time
from scaler.simulation.traffic import Lengths, Poisson, Shape, Traffic, daily, noisy

NAMESPACE = "demo"
NAME = "llama"
DAY = 7200.0
"""Seconds that a day lasts here."""
OPENING_HOUR = 5.0
"""Where the demo comes in: just before the morning's rise."""
FIRST_REPLICAS = 2
MIN_REPLICAS = 1
MAX_REPLICAS = 16
SPARE_ADDRESSES = 8
"""Replicas that terminate keep their address until they are gone."""
FAULT_NAMES = tuple(FAULTS)
OBJECTIVE = Objective(seconds=2.0)
POLLING_INTERVAL = 15

LENGTHS = Lengths(prompt_mean=1000.0, output_mean=400.0)
TOKENS_PER_REQUEST = 1350.0
"""Their mean; the longest are cut."""

# A day is two hours here, so what is learned from a day is learned from two hours.
LEARNING = Learning(
    every=60,
    lookback=int(DAY),
    step=15,
    grace=0,
    refreshing=Refreshing(
        every=300, grace=60, step=30, memory=4 * int(DAY), refit=1800, record_every=120
    ),
)

ACTIVATION = ActivationSpec(min_replicas=MIN_REPLICAS)
HPA = HpaSpec(
    min_replicas=ACTIVATION.hpa_min_replicas,
    max_replicas=MAX_REPLICAS,
    tolerance=0.0,
    behavior=Behavior(
        up=ScalingRules(
            window=0, policies=(ScalingPolicy(kind=PolicyKind.PERCENT, value=900, period=15),)
        ),
        down=ScalingRules(
            window=120, policies=(ScalingPolicy(kind=PolicyKind.PERCENT, value=100, period=15),)
        ),
    ),
)
"""The behavior that the documentation's ScaledObject asks for."""


def fleet_spec(seed: int) -> FleetSpec:
    """Return the fleet: a replica bears about 3,400 tokens, or 2.4 requests, a second."""
    return FleetSpec(
        name=NAME,
        namespace=NAMESPACE,
        engine=EngineSpec(iteration_base=0.02, iteration_per_sequence=0.0006, max_batch=64),
        lead_time=varied_lead_time(median=75.0, sigma=0.15, seed=seed),
        clients=Clients(timeout=30.0, retries=1),
        grace=30.0,
        step=0.5,
    )


def shape(seed: int, *, start: float) -> Shape:
    """Return how many requests a second come: two peaks a day, seen from `start` on."""
    midnight = start - DAY * OPENING_HOUR / 24
    return noisy(daily(2.0, high=22.0, period=DAY, midnight=midnight), seed=seed, sigma=0.08)


def traffic(seed: int, *, start: float) -> Traffic:
    """Return chat traffic of that shape."""
    return Poisson(shape(seed, start=start), seed=seed, lengths=LENGTHS)


@attrs.frozen(kw_only=True)
class Addresses:
    """Where the pages are: one for each replica that may exist, DCGM, kube-state-metrics, gateway.

    All are URLs.
    """

    replicas: Sequence[str]
    dcgm: str
    kube: str
    gateway: str


def trigger(addresses: Addresses) -> Mapping[str, str]:
    """Return the trigger metadata of the ScaledObject. The capacity is a guess on purpose."""
    return {
        "engine": "vllm",
        "source": "scrape",
        "endpoints": ",".join([*addresses.replicas, addresses.dcgm, addresses.kube]),
        "activationEndpoints": addresses.gateway,
        "latencyTarget": f"{OBJECTIVE.seconds:g}s",
        "tokensPerReplica": "3000",
        "leadTime": "90s",
        "season": f"{DAY:g}s",
        "minReplicas": str(MIN_REPLICAS),
        "maxReplicas": str(MAX_REPLICAS),
    }


def settings(addresses: Addresses, *, state: str) -> Settings:
    """Return the service's settings: free ports of loopback, and the one workload."""
    metadata = trigger(addresses)
    return Settings(
        grpc=Grpc(address="127.0.0.1:0"),
        ops=Ops(address="127.0.0.1:0"),
        allowed_addresses=(*addresses.replicas, addresses.dcgm, addresses.kube, addresses.gateway),
        evaluation_interval=POLLING_INTERVAL,
        state=state,
        workloads=(Declared(namespace=NAMESPACE, name=NAME, metadata=metadata),),
    )
