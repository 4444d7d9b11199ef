"""Signals that go, lie low or come late, while the traffic goes on."""

from collections.abc import Iterable

import pytest

from scaler.policy.model import Reason, Signal
from scaler.simulation import faults
from scaler.simulation.fleet import Fleet
from scaler.simulation.traffic import constant, step
from tests.scenarios.world import LEAD_TIME, MINUTE, START, World
from tests.simulated import ENGINE, Lost, asked

KNOWN = {"tokensPerReplica": "1300", "leadTime": f"{LEAD_TIME}s"}
HOLD_FOR = 15 * MINUTE
BRIEF = {**KNOWN, "holdFor": f"{HOLD_FOR}s"}
GONE_AT = 900


def lose(world: World, signals: Iterable[Signal], start: int, stop: int) -> None:
    world.history.lost.append(
        Lost(signals=frozenset(signals), ticks=range(START + start, START + stop))
    )


@pytest.mark.parametrize("signal", [Signal.TOKENS, Signal.WAITING, Signal.CACHE, Signal.LATENCY])
async def test_one_signal_gone_holds_scale_in_until_hold_for(signal: Signal) -> None:
    world = World(asked(**BRIEF), step(12, after=2, at=GONE_AT), ready=7)
    lose(world, [signal], GONE_AT, 10**6)
    await world.run(GONE_AT + HOLD_FOR + 25 * MINUTE)
    during = world.between(GONE_AT + 30, GONE_AT + HOLD_FOR - 30)
    assert {7} == {moment.wanted for moment in during}
    assert all(m.decision and signal.value in m.decision.missing for m in during)
    if signal is not Signal.TOKENS:
        assert world.moments[-1].wanted <= 3


async def test_with_one_signal_gone_the_others_still_raise() -> None:
    world = World(asked(**BRIEF), step(4, after=12, at=GONE_AT + 60), ready=3)
    lose(world, [Signal.TOKENS], GONE_AT, 10**6)
    await world.run(GONE_AT + 600)
    assert world.moments[-1].ready >= 5


async def test_all_signals_gone_hold_then_give_no_answer_then_recover() -> None:
    world = World(asked(**BRIEF), step(12, after=6, at=GONE_AT), ready=7)
    back = GONE_AT + HOLD_FOR + 10 * MINUTE
    lose(world, ENGINE, GONE_AT, back)
    await world.run(back + 15 * MINUTE)
    held = world.between(GONE_AT, GONE_AT + HOLD_FOR - 60)
    assert {7} == {moment.target for moment in held}
    silent = world.between(GONE_AT + HOLD_FOR + 60, back - 30)
    assert {None} == {moment.target for moment in silent}
    assert {7} == {moment.wanted for moment in world.between(GONE_AT, back)}
    recovered = world.between(back + 30, 10**6)
    assert all(moment.target is not None for moment in recovered)
    assert 4 == recovered[-1].wanted


async def test_an_outage_of_the_source_is_folded_afterwards_as_if_it_had_not_been() -> None:
    world = World(asked(**KNOWN), step(4, after=12, at=GONE_AT + 60), ready=3)
    twin = World(asked(**KNOWN), step(4, after=12, at=GONE_AT + 60), ready=3)
    world.history.outages.append(range(START + GONE_AT, START + GONE_AT + 180))
    for each in (world, twin):
        await each.run(GONE_AT + 45 * MINUTE)
    assert world.least(GONE_AT, GONE_AT + 180) >= 3
    ticks = [decision.at for decision in world.settled]
    assert list(range(ticks[0], ticks[-1] + 1, 15)) == ticks
    assert [m.wanted for m in twin.moments[-40:]] == [m.wanted for m in world.moments[-40:]]


async def test_a_long_outage_of_the_source_ends_in_no_answer_and_then_in_a_true_one() -> None:
    world = World(asked(**BRIEF), constant(8), ready=4)
    stop = GONE_AT + HOLD_FOR + 300
    world.history.outages.append(range(START + GONE_AT, START + stop))
    await world.run(stop + 120)
    silent = world.between(GONE_AT + HOLD_FOR + 30, stop)
    assert {None} == {moment.target for moment in silent}
    assert all(m.target is not None for m in world.between(stop + 16, stop + 120))
    assert world.least(GONE_AT) >= 4


async def test_half_the_pods_silent_hold_the_fleet_and_are_not_made_up_for() -> None:
    world = World(asked(**KNOWN), constant(12), ready=6)
    await world.run(GONE_AT, then=faults.silent)
    before = world.moments[-1].wanted
    await world.run(GONE_AT + 20 * MINUTE)
    assert world.least(GONE_AT) >= before
    assert world.most(GONE_AT) <= before + 1
    await world.run(GONE_AT + 21 * MINUTE, then=faults.heal)
    await world.run(GONE_AT + 40 * MINUTE)
    assert abs(world.moments[-1].wanted - before) <= 1


async def test_half_the_pods_silent_while_traffic_falls_hold_the_fleet() -> None:
    world = World(asked(**KNOWN), step(12, after=4, at=GONE_AT + 90), ready=7)
    await world.run(GONE_AT, then=faults.silent)
    before = world.moments[-1].wanted
    await world.run(GONE_AT + 20 * MINUTE)
    assert {before} == {moment.wanted for moment in world.between(GONE_AT, 10**6)}
    limits = {limit.detail for limit in world.settled[-1].limits}
    assert "reporting" in limits


async def test_a_counter_reset_is_neither_demand_nor_a_fall() -> None:
    world = World(asked(**KNOWN), constant(8), ready=5)

    def restart_all(fleet: Fleet) -> None:
        for replica in fleet.ready[:2]:
            fleet.restart(replica)

    await world.run(GONE_AT, then=restart_all)
    await world.run(GONE_AT + 15 * MINUTE)
    assert {5} == {moment.wanted for moment in world.between(GONE_AT - 60, 10**6)}
    assert Reason.MALFORMED not in world.settled[-1].missing.values()
