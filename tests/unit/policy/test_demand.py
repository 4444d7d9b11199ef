"""Readings to demand and supply."""

import pytest

from scaler.policy.model import Gap, Readings, Reason
from scaler.policy.spec import Spec, Unit
from tests.builders import knowledge
from tests.unit.policy.situations import lasting, situation, then

GAP = Gap(reason=Reason.STALE)
MINUTE = 4
"""Ticks."""


@pytest.mark.parametrize(
    ("before", "now", "rejected", "expected"),
    [
        pytest.param(0, 0, 0, 4000.0, id="throughput"),
        pytest.param(0, 60, 0, 5000.0, id="a queue growing by 1 request/s of 1000 tokens"),
        pytest.param(60, 0, 0, 3000.0, id="a queue worked off is throughput without arrivals"),
        pytest.param(60, 0, None, 4000.0, id="unless nobody sees whether clients gave up"),
        pytest.param(60, 0, 1, 5000.0, id="or some did: refused requests are demand"),
        pytest.param(0, 60, 1, 6000.0, id="both"),
        pytest.param(0, 0, 50, 8000.0, id="of retries no more than is served is believed"),
        pytest.param(1000, 0, 0, 0.0, id="never less than none"),
    ],
)
def test_arrivals_are_what_is_served_plus_growth_plus_refusals(
    before: float, now: float, rejected: float | None, expected: float
) -> None:
    served = {"tokens": 4000.0, "requests": 4.0, "rejected": rejected}
    history = then(lasting(MINUTE, waiting=before, **served), 1, waiting=now, **served)
    assert expected == situation(history).demand.rate


def test_without_throughput_there_is_no_rate() -> None:
    assert situation(lasting(1, tokens=GAP)).demand.rate is None


def test_in_requests_a_request_is_one_unit() -> None:
    served = situation(lasting(1, requests=3.0), spec=Spec(unit=Unit.REQUESTS)).demand
    assert (3.0, 1.0) == (served.rate, served.per_request)


def test_a_request_costs_what_was_learned_else_what_is_read_now() -> None:
    history = lasting(1, tokens=2000.0, requests=4.0)
    assert 1000.0 == situation(history).demand.per_request
    unknown = knowledge(tokens_per_request=None)
    assert 500.0 == situation(history, known=unknown).demand.per_request


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param((4, 4, 0), (4, 0), id="all ready"),
        pytest.param((7, 4, 0), (4, 3), id="three on their way"),
        pytest.param((7, 4, 2), (4, 1), id="two of them stuck: neither supply nor pending"),
        pytest.param((4, 6, 0), (4, 0), id="surge pods of a rollout are no supply"),
        pytest.param((4, 2, 5), (2, 0), id="never negative"),
    ],
)
def test_supply_is_ready_and_pending(
    counts: tuple[int, int, int], expected: tuple[int, int]
) -> None:
    wanted, ready, stuck = counts
    supply = situation(lasting(1, wanted=wanted, ready=ready, stuck=stuck)).supply
    assert expected == (supply.ready, supply.pending)


def test_without_the_cluster_the_pods_that_report_are_the_supply() -> None:
    supply = situation(lasting(1, wanted=None, ready=None, stuck=None, reporting=3)).supply
    assert (3, 3) == (supply.ready, supply.base)


def test_what_a_hold_keeps_is_without_the_standby() -> None:
    supply = situation(lasting(1, wanted=6), spec=Spec(standby=2)).supply
    assert (6, 4) == (supply.present, supply.base)


def silent(ticks: int) -> list[Readings]:
    """Half of eight pods, for so long."""
    return then(lasting(8, ready=8, wanted=8, reporting=8), ticks, ready=8, wanted=8, reporting=4)


def test_pods_silent_for_a_minute_are_made_up_for() -> None:
    supply = situation(silent(MINUTE + 1)).supply
    assert (False, 2.0) == (supply.complete, supply.extrapolate)


def test_pods_silent_for_less_still_count_in_rates_of_a_minute() -> None:
    supply = situation(silent(MINUTE)).supply
    assert (True, False, 1.0) == (supply.complete, supply.settled, supply.extrapolate)


def test_one_pod_is_no_sample_of_ten() -> None:
    supply = situation(lasting(8, ready=10, wanted=10, reporting=1)).supply
    assert 2.0 == supply.extrapolate


def test_pods_that_have_just_come_up_are_not_silent() -> None:
    history = then(lasting(8), 1, wanted=8, ready=8, reporting=4)
    supply = situation(history).supply
    assert (True, 1.0, 4, 8) == (supply.complete, supply.extrapolate, supply.steady, supply.ready)


def test_pods_that_were_just_scaled_in_are_not_silent() -> None:
    history = then(lasting(8, wanted=8, ready=8, reporting=8), 1, wanted=8, ready=8, reporting=6)
    assert situation(history).supply.complete
