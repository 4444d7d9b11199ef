"""From the fold's target to the number that is served."""

import pytest

from scaler.policy.bounds import serve
from scaler.policy.model import Limit
from scaler.policy.spec import Mode, Spec
from tests.unit.policy.situations import fold, lasting, situation


@pytest.mark.parametrize(
    ("target", "spec", "expected"),
    [
        pytest.param(5, Spec(), 5, id="as it is"),
        pytest.param(0, Spec(min_replicas=2), 2, id="minimum"),
        pytest.param(50, Spec(max_replicas=9), 9, id="maximum"),
        pytest.param(5, Spec(standby=2), 7, id="standby"),
        pytest.param(8, Spec(standby=2, max_replicas=9), 9, id="standby within the maximum"),
        pytest.param(9, Spec(mode=Mode.OBSERVE), 4, id="observe serves what is wanted"),
        pytest.param(9, Spec(mode=Mode.OBSERVE, standby=2), 4, id="without standby"),
        pytest.param(2, Spec(mode=Mode.UP_ONLY), 4, id="up-only never takes away"),
        pytest.param(9, Spec(mode=Mode.UP_ONLY), 9, id="up-only adds"),
    ],
)
def test_a_target_is_served_within_what_was_asked_for(
    target: int, spec: Spec, expected: int
) -> None:
    supply = situation(lasting(1, wanted=4), spec=spec).supply
    assert expected == serve(target, supply=supply, spec=spec)[0]


def test_every_limit_that_moves_it_is_named() -> None:
    spec = Spec(standby=3, max_replicas=6)
    _, limits = serve(5, supply=situation(lasting(1)).supply, spec=spec)
    assert (
        Limit(by="standby", before=5, after=8),
        Limit(by="maxReplicas", before=8, after=6),
    ) == limits


def test_standby_does_not_feed_back_into_what_a_hold_keeps() -> None:
    spec, wanted = Spec(standby=2), 4
    for _ in range(5):
        history = lasting(
            4, wanted=wanted, ready=wanted, reporting=wanted, tokens=100.0, latency=1.9
        )
        wanted = fold(history, spec=spec)[0][-1].target or 0
    assert 4 == wanted
