"""Capacity, request cost and lead time from a day of history."""

from typing import Any

import pytest

from scaler.policy.learn import learn
from scaler.policy.model import Capacity, Gap, Readings, Reason
from scaler.policy.spec import Spec, Unit, Vote
from tests.builders import EPOCH
from tests.unit.policy.situations import lasting

FULL: dict[str, Any] = {"waiting": 9.0, "latency": 1.5}
SLOW: dict[str, Any] = {"waiting": 9.0, "latency": 5.0}


def capacity(history: list[Readings], **spec: Any) -> Capacity | None:
    return learn(history, spec=Spec(**spec), at=EPOCH).capacity


def test_nothing_seen_is_nothing_known() -> None:
    assert capacity([]) is None
    assert Capacity(value=800.0) == capacity([], prior=800.0)


def test_at_the_boundary_a_high_quantile_of_the_work_of_a_replica() -> None:
    history = [one for t in (3000, 4000, 5000, 6000) for one in lasting(1, tokens=float(t), **FULL)]
    assert Capacity(value=1462.5, samples=4) == capacity(history)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"waiting": 3.0}, id="fewer requests wait than there are replicas"),
        pytest.param({"waiting": 9.0, "latency": 5.0}, id="outside of the objective"),
        pytest.param({"waiting": 9.0, "reporting": 3}, id="a quarter of the pods silent"),
        pytest.param({"waiting": 9.0, "tokens": Gap(reason=Reason.STALE)}, id="no throughput"),
        pytest.param({"waiting": 9.0, "ready": 0}, id="nobody ready"),
    ],
)
def test_what_is_no_boundary_teaches_none(fields: dict[str, Any]) -> None:
    found = capacity(lasting(20, **{"tokens": 4000.0, **fields}))
    assert found is None or found.lower_bound


def test_a_full_cache_is_a_boundary_too() -> None:
    found = capacity(lasting(5, tokens=4000.0, cache=0.8))
    assert Capacity(value=1000.0, samples=5) == found


def test_a_fleet_never_at_its_boundary_knows_the_best_load_it_bore() -> None:
    history = [one for t in range(100) for one in lasting(1, tokens=40.0 * t)]
    found = capacity(history)
    assert found is not None
    assert found.lower_bound
    assert pytest.approx(941.0, abs=1.0) == found.value


def test_two_boundary_samples_are_not_enough_without_a_prior() -> None:
    found = capacity([*lasting(2, tokens=4000.0, **FULL), *lasting(40, tokens=2000.0)])
    assert found is not None
    assert found.lower_bound


def test_a_prior_is_drawn_towards_what_was_seen_by_their_number() -> None:
    few = capacity(lasting(10, tokens=4800.0, **FULL), prior=800.0)
    assert Capacity(value=1200.0, samples=10) == few
    many = capacity(lasting(90, tokens=4800.0, **FULL), prior=800.0)
    assert Capacity(value=1200.0, samples=90) == many
    above = capacity(lasting(30, tokens=2400.0, **FULL), prior=1000.0)
    assert Capacity(value=700.0, samples=30) == above


def test_a_prior_that_breaks_the_objective_is_lowered_to_half_at_the_most() -> None:
    lowered = capacity(lasting(30, tokens=2400.0, **SLOW), prior=1000.0)
    assert Capacity(value=700.0, samples=30) == lowered
    half = capacity(lasting(280, tokens=200.0, **SLOW), prior=1000.0)
    assert Capacity(value=500.0, samples=280) == half


def test_a_fixed_prior_is_never_corrected() -> None:
    fixed = capacity(lasting(90, tokens=400.0, **SLOW), prior=1000.0, fixed_capacity=True)
    assert Capacity(value=1000.0) == fixed


def test_latency_that_is_off_or_silent_does_not_forbid_learning() -> None:
    off = capacity(lasting(5, tokens=4000.0, **SLOW), latency=Vote.OFF)
    sparse = capacity(lasting(5, tokens=4000.0, waiting=9.0, latency=Gap(reason=Reason.SPARSE)))
    assert Capacity(value=1000.0, samples=5) == off == sparse


def test_work_in_requests_is_learned_in_requests() -> None:
    found = capacity(lasting(5, requests=8.0, **FULL), unit=Unit.REQUESTS)
    assert Capacity(value=2.0, samples=5) == found


def test_a_request_costs_all_tokens_by_all_requests() -> None:
    history = [*lasting(3, tokens=1000.0, requests=1.0), *lasting(1, tokens=9000.0, requests=3.0)]
    assert 2000.0 == learn(history, spec=Spec(), at=EPOCH).tokens_per_request
    nothing = lasting(3, tokens=0.0, requests=0.0)
    assert learn(nothing, spec=Spec(), at=EPOCH).tokens_per_request is None


@pytest.mark.parametrize(
    ("spec", "expected"),
    [(Spec(), 300), (Spec(lead_time=90), 90), (Spec(lead_time=4000, lead_time_max=1800), 1800)],
)
def test_a_lead_time_is_given_or_assumed_and_capped(spec: Spec, expected: int) -> None:
    assert expected == learn([], spec=spec, at=EPOCH).lead_time


def test_order_and_spacing_teach_nothing() -> None:
    history = [one for t in (3000, 4000, 5000) for one in lasting(2, tokens=float(t), **FULL)]
    assert learn(history, spec=Spec(), at=EPOCH) == learn(history[::-1], spec=Spec(), at=EPOCH)
