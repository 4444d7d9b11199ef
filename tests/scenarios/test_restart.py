"""A scaler that starts anew decides as one that never stopped."""

import pytest

from scaler.simulation.traffic import Shape, constant, ramp, step
from tests.scenarios.world import LEAD_TIME, World
from tests.simulated import asked

KNOWN = {"tokensPerReplica": "1300", "leadTime": f"{LEAD_TIME}s"}


async def follow(world: World, *, restarts: list[int], until: int) -> None:
    """Restart at each of these seconds, and compare every settled decision from there on."""
    twins = []
    for at in restarts:
        await world.run(at)
        twins.append(world.restarted())
    await world.run(until)
    for settled in twins:
        theirs = {decision.at: decision for decision in settled}
        first = max(min(theirs), world.settled[0].at)
        ours = {d.at: d for d in world.settled if d.at >= first}
        later = {at: d for at, d in theirs.items() if at >= world.moments[0].at}
        newest = sorted(later)[-(until - max(restarts)) // 15 :]
        assert [ours[at] for at in newest] == [theirs[at] for at in newest]


async def test_hours_inside_the_hysteresis_band_leave_nothing_to_remember() -> None:
    world = World(asked(**KNOWN), step(11.2, after=9.4, at=1200), ready=6)
    await world.run(2 * 3600)
    held = world.between(3600, 2 * 3600)
    assert 6 == held[-1].wanted
    await follow(world, restarts=[7200, 7230, 7290], until=7200 + 1800)


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param(ramp(4, after=24, start=600, stop=2400), id="ramp"),
        pytest.param(step(4, after=16, at=1500), id="step"),
        pytest.param(step(24, after=4, at=1200), id="fall"),
    ],
)
async def test_a_restart_in_the_middle_changes_no_settled_decision(shape: Shape) -> None:
    world = World(asked(**KNOWN), shape, ready=5)
    await follow(world, restarts=[1560, 1600, 1815], until=2700)


async def test_knowledge_learned_between_is_the_same_after_a_restart() -> None:
    world = World(asked(), ramp(6, after=16, start=600, stop=5400), ready=3)
    await follow(world, restarts=[4500, 5000], until=6600)


async def test_attached_to_ten_running_replicas_nothing_is_taken_for_a_window() -> None:
    world = World(asked(**KNOWN), constant(4), ready=10)
    await world.run(1800)
    assert 10 == world.least(0, 300)
    assert world.moments[-1].wanted <= 4
    assert 0 == world.reversals()


async def test_started_again_in_the_middle_of_a_fall_nothing_is_taken_back() -> None:
    world = World(asked(**KNOWN), step(24, after=4, at=600), ready=13)
    await world.run(1300)
    twin = world.restarted()
    await world.run(2400)
    assert [d.target for d in world.settled if d.at >= twin[-1].at] == [twin[-1].target]
    assert 0 == world.reversals()
