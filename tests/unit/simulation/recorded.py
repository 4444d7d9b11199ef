"""What a real HPA did, step by step, and what the model would have done in its place."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import attrs

from scaler.simulation.behavior import (
    Behavior,
    HpaSpec,
    PolicyKind,
    ScalingPolicy,
    ScalingRules,
    SelectPolicy,
)
from scaler.simulation.hpa import HpaState, Metric, sync


@attrs.frozen
class Step:
    """One look of the HPA: when, at which metric (None: no answer), and what it found running."""

    at: float
    value: float | None
    spec: int
    status: int


def real(steps: Sequence[Step]) -> list[int]:
    """The replicas that the controller asked for at each step: what the next one found."""
    return [after.spec for _, after in pairwise(steps)]


def modeled(steps: Sequence[Step], *, spec: Mapping[str, Any]) -> list[int]:
    """The replicas that the model asks for at each step, each from what was really found."""
    hpa, state, asked = understood(spec), HpaState(), []
    for step in steps[:-1]:
        scaled, state = sync(
            [Metric(value=step.value)],
            spec_replicas=step.spec,
            status_replicas=step.status,
            at=step.at,
            hpa=hpa,
            state=state,
        )
        asked.append(scaled.replicas)
    return asked


def understood(spec: Mapping[str, Any]) -> HpaSpec:
    """A HorizontalPodAutoscaler's `spec` in the model's words."""
    behavior = spec.get("behavior")
    return HpaSpec(
        min_replicas=spec["minReplicas"],
        max_replicas=spec["maxReplicas"],
        behavior=behavior
        and Behavior(up=_rules(behavior["scaleUp"]), down=_rules(behavior["scaleDown"])),
    )


def _rules(rules: Mapping[str, Any]) -> ScalingRules:
    tolerance = rules.get("tolerance")
    return ScalingRules(
        window=rules["stabilizationWindowSeconds"],
        select=SelectPolicy(rules.get("selectPolicy", "Max")),
        tolerance=None if tolerance is None else float(tolerance),
        policies=tuple(
            ScalingPolicy(
                kind=PolicyKind(policy["type"]),
                value=policy["value"],
                period=policy["periodSeconds"],
            )
            for policy in rules["policies"]
        ),
    )
