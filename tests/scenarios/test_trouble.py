"""Clients that give up and come back, replicas that are slow, stuck or gone."""

from scaler.simulation import faults
from scaler.simulation.spec import Clients
from scaler.simulation.traffic import constant, ramp, step
from tests.scenarios.world import LEAD_TIME, MINUTE, World
from tests.simulated import asked

KNOWN = {"tokensPerReplica": "1300", "leadTime": f"{LEAD_TIME}s"}
IMPATIENT = Clients(timeout=10, retries=3, backoff=1)


async def test_clients_that_retry_do_not_triple_the_order() -> None:
    world = World(asked(**KNOWN), step(4, after=12, at=600), ready=3, clients=IMPATIENT)
    await world.run(2700)
    assert world.most() <= 13
    assert world.least(800, 1000) >= 6
    assert world.moments[-1].wanted <= 7
    assert world.score().seconds_over <= 240


async def test_clients_that_give_up_in_an_outage_do_not_lower_the_target() -> None:
    world = World(asked(maxReplicas="4", **KNOWN), constant(20), ready=4, clients=IMPATIENT)
    await world.run(1800)
    assert {4} == {moment.target for moment in world.moments if moment.target is not None}


async def test_one_slow_replica_costs_a_replica_at_most() -> None:
    world = World(asked(**KNOWN), constant(8), ready=4)
    await world.run(900, then=faults.slow)
    before = world.moments[-1].wanted
    await world.run(5400)
    assert world.most() <= before + 1
    assert 0 == world.reversals()
    assert world.score().share_of_time_over <= 0.02


async def test_one_slow_replica_does_not_teach_a_small_capacity() -> None:
    world = World(asked(), constant(8), ready=4)
    await world.run(900, then=faults.slow)
    await world.run(3 * 3600)
    assert world.most() <= 6


async def test_stuck_replicas_are_not_ordered_again() -> None:
    world = World(asked(**KNOWN), step(4, after=12, at=600), ready=3)
    await world.run(610, then=faults.stuck)
    await world.run(40 * MINUTE)
    assert world.most() <= 10
    assert world.least(900) >= 6
    await world.run(40 * MINUTE + 1, then=faults.heal)
    await world.run(60 * MINUTE)
    assert world.moments[-1].ready >= 6


async def test_replicas_that_crash_come_back_to_the_same_target() -> None:
    world = World(asked(**KNOWN), constant(8), ready=5)
    await world.run(900)
    for _ in range(3):
        await world.run(world.at + 60, then=faults.restart)
    await world.run(2700)
    assert world.most() <= 6
    assert world.least() >= 4


async def test_observe_leaves_the_fleet_alone_and_up_only_never_takes_away() -> None:
    shape = ramp(4, after=16, start=600, stop=1200)
    watched = World(asked(mode="observe", **KNOWN), shape, ready=3)
    await watched.run(1500)
    assert {3} == {moment.wanted for moment in watched.moments}
    added = World(asked(mode="up-only", **KNOWN), step(16, after=2, at=600), ready=9)
    await added.run(2400)
    assert added.least() >= 9
