"""A spec that cannot be meant is refused where it is made."""

from typing import Any

import pytest

from scaler.policy.spec import ScalingPolicy, Spec


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        (
            {"min_replicas": 5, "max_replicas": 4},
            "min_replicas must not exceed max_replicas: 5 > 4",
        ),
        (
            {"utilization_low": 0.9},
            "utilization_low must not exceed utilization_high: 0.9 > 0.7",
        ),
        ({"latency_low": 0.9}, "latency_low must not exceed latency_hold: 0.9 > 0.8"),
        ({"headroom": 0.0}, "headroom"),
        ({"headroom": 1.1}, "headroom"),
        ({"prior": 0.0}, "prior"),
        ({"step": 0}, "step"),
        ({"idle_after": -1}, "idle_after"),
        ({"hold_for": 0}, "hold_for"),
        ({"max_replicas": 0}, "max_replicas"),
    ],
)
def test_a_spec_that_cannot_be_meant_names_its_field(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Spec(**fields)


@pytest.mark.parametrize("fields", [{"amount": 0}, {"amount": 1, "period": 0}])
def test_a_scaling_policy_allows_something_in_some_time(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be > 0"):
        ScalingPolicy(**fields)
