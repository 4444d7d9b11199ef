import pytest

from scaler.config.values import Invalid
from scaler.studies.replay.policies import DEFAULT, Policy, policy


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("realtime", Policy(name="realtime")),
        ("rules:reactive", Policy(name="rules", reactive=True)),
        ("hpa-queue", Policy(name="hpa-queue")),
        (" hpa-queue:2.5 ", Policy(name="hpa-queue", value=2.5)),
        ("fixed:12", Policy(name="fixed", value=12.0)),
    ],
)
def test_policy_is_a_name_and_perhaps_a_number(given: str, expected: Policy) -> None:
    assert expected == policy(given)
    assert given.strip() == str(expected)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("realtme", "must be a policy"),
        ("fixed", "needs a number"),
        ("fixed:2.5", "whole number"),
        ("realtime:3", "no number"),
        ("hpa-queue:", "plain decimal"),
        ("hpa-utilization:70", "between"),
        ("hpa-queue:0", "above 0"),
    ],
)
def test_what_is_no_policy_is_refused(given: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        policy(given)


def test_default_policies_are_policies() -> None:
    assert list(DEFAULT) == [str(policy(name)) for name in DEFAULT]
