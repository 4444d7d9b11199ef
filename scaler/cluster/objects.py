"""ScaledObjects and HPAs as the API server writes them, in our own words. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from scaler.errors import Problem

Object = Mapping[str, Any]

PREFIX = "forescale.io/"
FREEZE = f"{PREFIX}freeze-until"
FLOOR = f"{PREFIX}floor"
KEDA_MAX = 100
"""KEDA's default; its default minimum is 0."""
TOLERANCE = 0.1
"""What an HPA tolerates where nobody says otherwise."""

_PAUSED = ("autoscaling.keda.sh/paused", "autoscaling.keda.sh/paused-replicas")
_TIME = "in RFC 3339 with its zone, such as 2026-12-24T18:00:00Z"
_FLOOR = re.compile(r"\s*(\d+)\s+until\s+(\S+)\s*")


@attrs.frozen(kw_only=True)
class Target:
    """What a ScaledObject scales: any kind with a `/scale`."""

    api_version: str
    kind: str
    name: str


@attrs.frozen(kw_only=True)
class Floor:
    """At least so many replicas until then."""

    replicas: int
    until: int


@attrs.frozen(kw_only=True)
class Brakes:
    """What a ScaledObject's annotations ask for, and which of them cannot be read."""

    freeze_until: int | None = None
    floor: Floor | None = None
    mistakes: tuple[Problem, ...] = ()


@attrs.frozen(kw_only=True)
class ScaledObject:
    """One ScaledObject. `freeze_until` and `until` are Unix seconds.

    What cannot be read of its annotations brakes nothing.
    """

    namespace: str
    name: str
    target: Target
    min_replicas: int = 0
    max_replicas: int = KEDA_MAX
    paused: bool = False
    hpa: str = ""
    triggers: tuple[str, ...] = ()
    freeze_until: int | None = None
    floor: Floor | None = None

    @property
    def alone(self) -> bool:
        """Whether no other trigger has a say in the HPA."""
        return len(self.triggers) == 1


@attrs.frozen(kw_only=True)
class Hpa:
    """What an HPA is told and says: its tolerances as shares, what it asks for, what limits it.

    `target` is what it scales.
    """

    tolerance_up: float
    tolerance_down: float
    desired: int | None
    conditions: Mapping[str, str]
    """Reason and message by type, for the conditions that are not as they should be."""
    target: Target | None = None


def seconds(text: str) -> int:
    """Unix seconds of an RFC 3339 time.

    Raises:
        ValueError: it is none, or has no time zone.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return int(moment.timestamp())


def scaled_object(item: Object) -> ScaledObject:
    """Understand a ScaledObject."""
    meta, spec = item["metadata"], item["spec"]
    notes = meta.get("annotations") or {}
    reference = spec["scaleTargetRef"]
    asked = brakes(notes)
    config = (spec.get("advanced") or {}).get("horizontalPodAutoscalerConfig") or {}
    return ScaledObject(
        namespace=meta["namespace"],
        name=meta["name"],
        target=_target(reference),
        min_replicas=spec.get("minReplicaCount") or 0,
        max_replicas=KEDA_MAX if spec.get("maxReplicaCount") is None else spec["maxReplicaCount"],
        paused=any(notes.get(each, "false") != "false" for each in _PAUSED),
        hpa=config.get("name") or f"keda-hpa-{meta['name']}",
        triggers=tuple(trigger["type"] for trigger in spec.get("triggers") or ()),
        freeze_until=asked.freeze_until,
        floor=asked.floor,
    )


def _target(reference: Object) -> Target:
    """What is scaled; KEDA's defaults are an HPA's only choice."""
    return Target(
        api_version=reference.get("apiVersion") or "apps/v1",
        kind=reference.get("kind") or "Deployment",
        name=reference["name"],
    )


def brakes(notes: Mapping[str, str]) -> Brakes:
    """Understand the annotations that are ours."""
    mistakes: list[Problem] = []
    freeze, floor = _freeze(notes, mistakes), _floor(notes, mistakes)
    return Brakes(freeze_until=freeze, floor=floor, mistakes=tuple(mistakes))


def _freeze(notes: Mapping[str, str], mistakes: list[Problem]) -> int | None:
    if FREEZE not in notes:
        return None
    try:
        return seconds(notes[FREEZE].strip())
    except ValueError:
        mistakes.append(Problem(path=FREEZE, rule=f"must be {_TIME}", value=notes[FREEZE]))
        return None


def _floor(notes: Mapping[str, str], mistakes: list[Problem]) -> Floor | None:
    if FLOOR not in notes:
        return None
    match = _FLOOR.fullmatch(notes[FLOOR])
    try:
        if match is not None:
            return Floor(replicas=int(match[1]), until=seconds(match[2]))
    except ValueError:
        pass
    rule = f"must be `REPLICAS until TIME`, the time {_TIME}"
    mistakes.append(Problem(path=FLOOR, rule=rule, value=notes[FLOOR]))
    return None


def hpa(item: Object) -> Hpa:
    """Understand an HPA.

    A tolerance that the server does not know is dropped when it is written: what is read back
    counts.
    """
    behavior, status = item["spec"].get("behavior") or {}, item.get("status") or {}
    reference = item["spec"].get("scaleTargetRef")
    return Hpa(
        tolerance_up=_tolerance(behavior.get("scaleUp")),
        tolerance_down=_tolerance(behavior.get("scaleDown")),
        desired=status.get("desiredReplicas"),
        conditions={
            each["type"]: ": ".join(
                told for told in (each.get("reason"), each.get("message")) if told
            )
            for each in status.get("conditions") or ()
            if each["status"] != _well(each["type"])
        },
        target=_target(reference) if reference else None,
    )


def _well(condition: str) -> str:
    """The status of a condition that worries nobody."""
    return "False" if condition == "ScalingLimited" else "True"


def _tolerance(rules: Mapping[str, Any] | None) -> float:
    given = (rules or {}).get("tolerance")
    return TOLERANCE if given is None else quantity(str(given))


_SUFFIXES = {"m": 1e-3, "u": 1e-6, "n": 1e-9, "": 1.0}


def quantity(text: str) -> float:
    """The value of a small Kubernetes quantity, such as `50m`.

    Raises:
        ValueError: it is none.
    """
    suffix = text[-1:] if text[-1:] in _SUFFIXES else ""
    return float(text.removesuffix(suffix)) * _SUFFIXES[suffix]
