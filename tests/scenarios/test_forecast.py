"""A day with a shape: replicas are there before the load, and a wrong forecast costs little."""

import math
from pathlib import Path
from typing import Any

import attrs
import pytest

from scaler.policy.model import Recommendation
from scaler.simulation.traffic import daily
from tests.scenarios.foreseen import DAY, ForeseenWorld
from tests.scenarios.world import TOKENS, Moment
from tests.simulated import asked

LEAD_TIME = 300
MORNING = daily(2.0, high=16.0, period=DAY, midnight=-DAY * 4 / 24)
"""From four o'clock on: the rise begins after ten minutes, and lasts for half an hour."""
RISEN = 1500
BROKEN = 600


async def lived(folder: Path, *, use: str = "enabled", **trouble: Any) -> ForeseenWorld:
    workload = asked(
        tokensPerReplica=f"{TOKENS:g}", leadTime=f"{LEAD_TIME}s", season="2h", forecast=use
    )
    world = ForeseenWorld(
        workload, MORNING, ready=2, lead_time=LEAD_TIME, folder=folder, since=BROKEN, **trouble
    )
    await world.run(RISEN)
    return world


@pytest.fixture
async def reactive(tmp_path: Path) -> ForeseenWorld:
    return await lived(tmp_path / "reactive", use="disabled")


def wants(world: ForeseenWorld, replicas: int) -> Moment:
    return next(moment for moment in world.moments if moment.wanted >= replicas)


def said(moment: Moment) -> Recommendation:
    assert moment.decision is not None
    return next(r for r in moment.decision.recommendations if r.signal == "forecast")


async def test_the_ramp_is_met_a_lead_time_ahead_and_explained(
    tmp_path: Path, reactive: ForeseenWorld
) -> None:
    world = await lived(tmp_path)

    first = wants(world, 3)
    assert first.decision is not None
    assert LEAD_TIME / 2 <= wants(reactive, 3).at - first.at <= 2 * LEAD_TIME
    assert "forecast" == first.decision.winner
    assert "skill 0." in said(first).note
    assert {"bound", "usual", "capacity", "max_extra"} <= said(first).terms.keys()
    assert world.score().seconds_over < reactive.score().seconds_over / 2
    assert world.score().replica_seconds < 1.4 * reactive.score().replica_seconds
    assert 0 == world.reversals()


async def test_what_is_only_observed_changes_nothing(
    tmp_path: Path, reactive: ForeseenWorld
) -> None:
    world = await lived(tmp_path, use="observe")

    assert [m.target for m in reactive.moments] == [m.target for m in world.moments]
    assert "observed, not used: would ask for" in said(world.moments[-1]).note


async def test_ten_times_too_much_is_bounded_by_the_usual_peak_and_named(tmp_path: Path) -> None:
    world = await lived(
        tmp_path, poison=lambda told: attrs.evolve(told, bound=10.0 * (told.bound or 0.0))
    )

    poisoned = said(world.moments[-1])
    assert poisoned.note.startswith("limited by forecastMaxExtra; ")
    most = max(1.5 * said(m).terms.get("usual", 0.0) / TOKENS for m in world.moments)
    assert world.most() <= math.ceil(most)
    assert world.most() <= math.ceil(1.5 * wants(world, 4).decision.target)  # type: ignore[union-attr, operator]


@pytest.mark.parametrize(
    ("trouble", "name"),
    [
        pytest.param(
            {"poison": lambda told: attrs.evolve(told, bound=math.nan)},
            "failed: its bound is no number",
            id="NaN",
        ),
        pytest.param({"silent": True}, "failed: no forecast in 60 s", id="late"),
    ],
)
async def test_a_forecast_that_is_gone_leaves_what_is_measured_and_is_named(
    tmp_path: Path, reactive: ForeseenWorld, trouble: dict[str, Any], name: str
) -> None:
    world = await lived(tmp_path, **trouble)

    assert said(world.moments[-1]).note.startswith(name)
    assert world.score().seconds_over <= reactive.score().seconds_over
    assert world.most() <= reactive.most() + 1
