"""What no history foretells, and somebody has declared: replicas are there before the load."""

import asyncio
from datetime import UTC, datetime

import pytest

from scaler.simulation.traffic import Shape, points, step
from tests.scenarios.test_traffic import needed
from tests.scenarios.world import LEAD_TIME, MINUTE, START, World
from tests.simulated import asked

LAUNCH, OVER = 900, 1800
"""Four times the requests, for a quarter of an hour."""
BURST: Shape = points([(0, 4), (LAUNCH, 4), (LAUNCH + 1, 16), (OVER, 16), (OVER + 1, 4)])
KNOWN = {"tokensPerReplica": "1300", "leadTime": f"{LEAD_TIME}s", "forecast": "disabled"}


def declared(says: str, *, start: int = LAUNCH, end: int = OVER) -> str:
    first, last = (datetime.fromtimestamp(START + at, tz=UTC).isoformat() for at in (start, end))
    return f"[{{name: launch, start: '{first}', end: '{last}', {says}}}]"


def lived(**metadata: str) -> World:
    world = World(asked(**KNOWN, **metadata), BURST, ready=3)
    asyncio.run(world.run(OVER + 25 * MINUTE))
    return world


@pytest.fixture(scope="module")
def surprised() -> World:
    return lived()


@pytest.mark.parametrize("says", ["multiplier: 4", "minReplicas: 16"])
def test_a_launch_is_met_by_replicas_that_were_ordered_before(surprised: World, says: str) -> None:
    world = lived(events=declared(says))

    first = next(moment for moment in world.moments if moment.wanted > surprised.most(0, LAUNCH))
    assert first.decision is not None
    assert "event" == first.decision.winner
    assert LEAD_TIME <= LAUNCH - first.at <= LEAD_TIME + 120
    assert world.first(needed(16)) <= LAUNCH
    assert world.score().seconds_over < surprised.score().seconds_over / 4
    assert world.moments[-1].wanted <= surprised.moments[-1].wanted + 1


async def test_a_declared_shift_wakes_a_sleeping_fleet_in_time_and_lets_it_sleep_again() -> None:
    asleep = {**KNOWN, "minReplicas": "0", "idleAfter": "3m"}
    shift = declared("minReplicas: 2")
    world = World(asked(**asleep, events=shift), step(0, after=0, at=LAUNCH), ready=0)
    await world.run(OVER + 30 * MINUTE)

    assert world.first(2) <= LAUNCH
    assert 0 == world.most(0, LAUNCH - LEAD_TIME - 120)
    assert 2 == world.least(LAUNCH, OVER)
    assert 0 == world.moments[-1].wanted
