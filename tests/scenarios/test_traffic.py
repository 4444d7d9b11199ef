"""Traffic that changes: how fast the fleet follows, how far it overshoots, whether it flaps."""

import math

import pytest

from scaler.simulation.traffic import constant, noisy, ramp, spike, step
from tests.scenarios.world import LEAD_TIME, MINUTE, REQUESTS, World
from tests.simulated import asked

KNOWN = {"tokensPerReplica": "1300", "leadTime": f"{LEAD_TIME}s"}
BEHIND = LEAD_TIME + 90
"""A lead time, and the minute that rates look back with the polls on the way."""


def needed(rate: float) -> int:
    """Replicas for `rate` requests per second at the headroom of 0.8."""
    return math.ceil(rate / REQUESTS / 0.8)


async def test_a_step_is_served_a_lead_time_later_without_doubling_the_order() -> None:
    world = World(asked(**KNOWN), step(4, after=16, at=600), ready=3)
    await world.run(3000)
    assert world.first(needed(16)) <= 600 + BEHIND
    assert world.most() <= 14
    assert world.least(600 + BEHIND) >= needed(16)
    assert world.most(2400) <= needed(16) + 1
    assert world.reversals() <= 1
    assert world.score().seconds_over <= 240


async def test_a_long_lead_time_does_not_multiply_the_order() -> None:
    known = {**KNOWN, "leadTime": "5m"}
    world = World(asked(**known), step(4, after=16, at=600), ready=3, lead_time=300)
    await world.run(2700)
    assert world.first(needed(16)) <= 1000
    assert world.most() <= 19
    assert world.most(1700) <= needed(16) + 2
    assert 0 == world.reversals()


async def test_an_unknown_capacity_is_found_by_the_queue_without_a_cascade() -> None:
    world = World(asked(), step(4, after=12, at=600), ready=2)
    await world.run(2700)
    assert world.first(needed(12)) <= 600 + BEHIND
    assert world.most() <= 12
    assert 0 == world.reversals()
    assert world.score().seconds_over <= 210


async def test_a_ramp_is_followed_without_overshoot() -> None:
    world = World(asked(**KNOWN), ramp(4, after=24, start=600, stop=2400), ready=3)
    await world.run(3000)
    slope = (24 - 4) / 1800
    for moment in world.between(600, 2400):
        assert moment.wanted >= math.floor((4 + slope * (moment.at - 600 - 90)) / REQUESTS / 0.8)
    assert world.most() <= needed(24) + 2
    assert 0 == world.reversals()
    assert world.score().share_of_time_over <= 0.02


async def test_a_fall_is_followed_in_steps_that_do_not_wait_for_each_other() -> None:
    world = World(asked(**KNOWN), step(24, after=4, at=600), ready=13)
    await world.run(2700)
    assert world.least(0, 600 + 300) >= needed(24)
    assert world.most(600 + 25 * MINUTE) <= needed(4) + 1
    assert 0 == world.reversals()
    assert 0.0 == world.score().seconds_over


async def test_a_spike_shorter_than_the_lead_time_leaves_no_oscillation() -> None:
    world = World(asked(**KNOWN), spike(6, peak=24, at=600, duration=60), ready=4)
    await world.run(3000)
    assert world.most() <= 18
    assert world.reversals() <= 1
    assert world.most(2400) <= needed(6) + 1


@pytest.mark.parametrize("rate", [7.4, 10.4])
async def test_steady_traffic_keeps_the_fleet_still(rate: float) -> None:
    world = World(asked(**KNOWN), constant(rate), ready=needed(rate))
    await world.run(3600)
    settled = world.between(900, 3600)
    assert max(m.wanted for m in settled) - min(m.wanted for m in settled) <= 1
    assert 0 == world.reversals()
    assert world.least() >= needed(rate) - 1
    assert world.score().share_of_time_over <= 0.01


async def test_noisy_traffic_does_not_make_the_target_flap() -> None:
    world = World(asked(**KNOWN), noisy(constant(10), seed=5), ready=5)
    await world.run(3600)
    assert world.most() <= needed(10) + 2
    assert world.reversals() <= 2


async def test_standby_replicas_are_added_once() -> None:
    world = World(asked(standby="2", **KNOWN), constant(8), ready=4)
    await world.run(2400)
    assert world.most() <= needed(8) + 1 + 2
    assert world.least(600) >= needed(8) + 2


async def test_a_fleet_too_large_for_its_traffic_shrinks_without_a_known_capacity() -> None:
    world = World(asked(), constant(4), ready=10)
    await world.run(4 * 3600)
    assert world.most(3 * 3600 + 1800) <= 6
    assert world.least() >= needed(4)
    assert 0 == world.reversals()
    assert world.score().share_of_time_over <= 0.001


async def test_a_learned_capacity_does_not_spiral_to_the_maximum() -> None:
    world = World(asked(), ramp(8, after=20, start=1800, stop=9000), ready=4)
    await world.run(3 * 3600)
    assert world.most() <= needed(20) + 4
    assert world.reversals() <= 1
    assert world.score().share_of_time_over <= 0.03
