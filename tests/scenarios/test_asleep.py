"""From zero and back to zero."""

from scaler.simulation.traffic import constant, points, spike
from tests.scenarios.world import LEAD_TIME, MINUTE, World
from tests.simulated import asked

ASLEEP = {
    "tokensPerReplica": "1300",
    "leadTime": f"{LEAD_TIME}s",
    "minReplicas": "0",
    "idleAfter": "3m",
    "activationQuery": "sum(gateway_requests_held)",
}


async def test_an_idle_fleet_goes_to_zero_and_stays_there() -> None:
    world = World(asked(**ASLEEP), points([(0, 2.0), (600, 2.0), (601, 0.0)]), ready=2)
    await world.run(60 * MINUTE)
    assert world.least(0, 600 + 180) >= 1
    asleep = world.between(20 * MINUTE, 60 * MINUTE)
    assert {0} == {moment.wanted for moment in asleep}
    assert {0} == {moment.target for moment in asleep}
    assert all(moment.decision and not moment.decision.active for moment in asleep)


async def test_a_request_wakes_a_sleeping_fleet_at_the_tick_that_sees_it() -> None:
    world = World(asked(**ASLEEP), spike(0, peak=3, at=1800, duration=900), ready=0)
    await world.run(1800)
    assert {0} == {moment.wanted for moment in world.moments}
    await world.run(3600)
    assert world.first(1) <= 1800 + LEAD_TIME + 75
    assert 1 == world.most(0, 1800 + LEAD_TIME)
    assert world.most() <= 5
    assert 0 == world.score().unserved
    assert 0 == world.moments[-1].wanted


async def test_a_fleet_with_little_to_do_is_not_put_to_sleep() -> None:
    world = World(asked(**ASLEEP), constant(0.05), ready=1)
    await world.run(60 * MINUTE)
    assert {1} == {moment.wanted for moment in world.moments}


async def test_unserved_requests_keep_a_fleet_awake_while_its_first_replica_loads() -> None:
    world = World(asked(**ASLEEP), constant(1), ready=0, lead_time=10 * MINUTE)
    await world.run(30 * MINUTE)
    assert world.least(120) >= 1
    assert world.first(1) <= 10 * MINUTE + 120
