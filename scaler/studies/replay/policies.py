"""Policies by name: `realtime`, `hpa-queue:5`, `fixed:12`; the number after the colon tunes one."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import attrs

from scaler.config.profiles import PROFILES
from scaler.config.values import Invalid, nearest, number
from scaler.config.workload import Workload
from scaler.simulation.behavior import HpaSpec
from scaler.simulation.mean_engine import MeanEngine
from scaler.studies.replay.demand import Demand
from scaler.studies.replay.observed import Observed
from scaler.studies.replay.rivals import (
    Fixed,
    Gauge,
    Latency,
    Oracle,
    Rival,
    concurrency,
    follower,
    queue,
    utilization,
)
from scaler.studies.replay.serving import Serving, asked

_REACTIVE = "reactive"


@attrs.frozen(kw_only=True)
class Policy:
    """A policy as it was asked for; `value` is None for its default."""

    name: str
    value: float | None = None
    reactive: bool = False
    """Without a forecast, to see what that adds."""

    def __str__(self) -> str:
        if self.reactive:
            return f"{self.name}:{_REACTIVE}"
        return self.name if self.value is None else f"{self.name}:{self.value:g}"


@attrs.frozen(kw_only=True)
class Scene:
    """What policies are made for: the demand, the engine, the trigger metadata."""

    demand: Demand
    engine: MeanEngine
    metadata: Mapping[str, str]
    lead_time: int
    folder: Path
    """For what forecasts are made from."""

    @property
    def workload(self) -> Workload:
        """What the metadata ask for, by the profile that is recommended.

        Raises:
            ConfigError: they are wrong.
        """
        return asked("realtime", metadata=self.metadata)

    @property
    def hpa(self) -> HpaSpec:
        """A plain HPA within the same bounds."""
        spec = self.workload.spec
        return HpaSpec(min_replicas=spec.min_replicas, max_replicas=spec.max_replicas)


@attrs.frozen(kw_only=True)
class _Kind:
    make: Callable[[str, float, Scene], Rival]
    value: float | None
    """Where none is given; None must be given."""
    high: float = 1e6


def _tokens(name: str, value: float, scene: Scene) -> Rival:
    engine = scene.engine
    # Completed requests say what tokens say here: all are alike on average.
    return Gauge(
        name=name,
        hpa=scene.hpa,
        total=lambda look: look.rate * engine.tokens,
        target=value * engine.capacity * engine.tokens,
    )


def _oracle(name: str, value: float, scene: Scene) -> Rival:
    spec = scene.workload.spec
    return Oracle(
        name=name,
        hpa=follower(low=spec.min_replicas, high=spec.max_replicas),
        demand=scene.demand,
        ahead=scene.lead_time,
        bears=value * scene.engine.capacity,
    )


def _peak(name: str, value: float, scene: Scene) -> Rival:
    demand = scene.demand
    scored = demand.times() >= demand.start
    highest = float(demand.rate(demand.times()[scored]).max())
    return Fixed(name=name, replicas=_up(highest / (value * scene.engine.capacity)))


def _up(replicas: float) -> int:
    return math.ceil(replicas - 1e-6)


_KINDS: Mapping[str, _Kind] = {
    "hpa-utilization": _Kind(
        make=lambda name, value, scene: Gauge(
            name=name, hpa=scene.hpa, total=utilization, target=value
        ),
        value=0.7,
        high=1.0,
    ),
    "hpa-queue": _Kind(
        make=lambda name, value, scene: Gauge(name=name, hpa=scene.hpa, total=queue, target=value),
        value=5.0,
    ),
    "hpa-concurrency": _Kind(
        make=lambda name, value, scene: Gauge(
            name=name, hpa=scene.hpa, total=concurrency, target=value
        ),
        value=30.0,
    ),
    "keda-p95": _Kind(
        make=lambda name, value, scene: Latency(name=name, hpa=scene.hpa, target=value), value=0.5
    ),
    "keda-tokens": _Kind(make=_tokens, value=0.8, high=1.0),
    "fixed": _Kind(
        make=lambda name, value, scene: Fixed(name=name, replicas=int(value)), value=None
    ),
    "fixed-peak": _Kind(make=_peak, value=0.8, high=1.0),
    "oracle": _Kind(make=_oracle, value=0.9, high=1.0),
}

NAMES = (*PROFILES, *_KINDS)
DEFAULT = (
    *("realtime", f"realtime:{_REACTIVE}", f"rules:{_REACTIVE}", "hpa-utilization", "hpa-queue"),
    *("hpa-concurrency", "keda-p95", "keda-tokens", "fixed-peak", "oracle"),
)
EQUAL = "fixed-equal"
"""A fixed fleet that costs what the first policy costs; it is on every scoreboard."""


def policy(given: str) -> Policy:
    """Return the policy in `hpa-queue:5`.

    Raises:
        Invalid: there is none of that name, or its number cannot be.
    """
    name, colon, text = given.strip().partition(":")
    if name not in NAMES:
        hint = nearest(name, NAMES) or f"there are {', '.join(NAMES)}"
        raise Invalid("must be a policy", hint=hint)
    if name in PROFILES:
        if colon and text != _REACTIVE:
            hint = "metadata tune it: --set headroom=0.7"
            raise Invalid(f"{name} may be followed by :{_REACTIVE}, and no number", hint=hint)
        return Policy(name=name, reactive=bool(colon))
    kind = _KINDS[name]
    if not colon and kind.value is None:
        raise Invalid(f"{name} needs a number, as in {name}:12")
    if not colon:
        return Policy(name=name)
    value = number(above=0.0, high=kind.high)(text)
    if name == "fixed" and not value.is_integer():
        raise Invalid("fixed needs a whole number of replicas")
    return Policy(name=name, value=value)


def rival(asked_for: Policy, *, scene: Scene, history: Observed) -> Rival:
    """Return whoever decides by this policy.

    Raises:
        ConfigError: the trigger metadata are wrong.
    """
    name = str(asked_for)
    if asked_for.name in PROFILES:
        without = {"forecast": "disabled"} if asked_for.reactive else {}
        workload = asked(asked_for.name, metadata={**scene.metadata, **without})
        return Serving(name, workload=workload, history=history, folder=scene.folder / name)
    kind = _KINDS[asked_for.name]
    value = asked_for.value if asked_for.value is not None else kind.value
    return kind.make(name, value or 0.0, scene)
