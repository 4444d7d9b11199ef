"""Profiles: named sets of defaults, as data.

A value given in the metadata wins over the profile, whatever the profile says.
"""

from collections.abc import Mapping

import attrs

from scaler.policy.spec import MINUTE, Vote

Overrides = Mapping[str, object]
"""Field of `Spec` to value."""


@attrs.frozen(kw_only=True)
class Profile:
    """Defaults that suit one kind of service.

    `llm` and `other` are added to `spec` by the nature of the engine.
    """

    name: str
    doc: str
    spec: Overrides = attrs.field(factory=dict)
    llm: Overrides = attrs.field(factory=dict)
    other: Overrides = attrs.field(factory=dict)

    def overrides(self, *, llm: bool) -> dict[str, object]:
        """What this profile says for an engine that is an LLM engine, or not."""
        return {**self.spec, **(self.llm if llm else self.other)}


_LLM: Overrides = {"objective": 2.0}
_OTHER: Overrides = {"objective": 0.5}

_TABLE = (
    Profile(
        name="realtime",
        doc="People wait for the answer.",
        llm={
            **_LLM,
            "latency": Vote.CONFIRM,
            "latency_hold": 0.8,
            "utilization": Vote.CONFIRM,
        },
        other={
            **_OTHER,
            "latency": Vote.RAISE,
            "latency_hold": 1.0,
            "utilization": Vote.RAISE,
        },
    ),
    Profile(
        name="batch",
        doc="Nobody waits: keep the GPUs busy, work the queue off.",
        spec={
            "latency": Vote.OFF,
            "utilization": Vote.CONFIRM,
            "utilization_low": 0.8,
            "utilization_high": 0.95,
            "headroom": 0.95,
            "drain_within": 10 * MINUTE,
        },
    ),
    Profile(
        name="embedding",
        doc="Many short requests: a queue says it first.",
        spec={
            "objective": 0.2,
            "latency": Vote.RAISE,
            "latency_hold": 1.0,
            "utilization": Vote.RAISE,
            "utilization_low": 0.6,
            "utilization_high": 0.85,
            "queue_limit": 20.0,
            "drain_within": 15,
        },
    ),
    Profile(
        name="worker",
        doc="Takes work from a queue: only its length counts.",
        spec={"latency": Vote.OFF, "utilization": Vote.OFF, "drain_within": 10 * MINUTE},
    ),
    Profile(
        name="rules",
        doc="The textbook rule set: each rule alone may raise.",
        spec={
            "latency": Vote.RAISE,
            "latency_low": 0.5,
            "latency_hold": 0.5,
            "utilization": Vote.RAISE,
            "utilization_high": 0.7,
            "utilization_high_for": 5 * MINUTE,
            "utilization_low": 0.3,
            "utilization_low_for": 15 * MINUTE,
            "queue_limit": 100.0,
        },
        llm=_LLM,
        other=_OTHER,
    ),
)

PROFILES: Mapping[str, Profile] = {profile.name: profile for profile in _TABLE}
