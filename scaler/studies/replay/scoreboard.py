"""All rivals on the same requests, and what each cost and served."""

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs

from scaler.simulation.fluid import FluidFleet
from scaler.simulation.mean_engine import MeanEngine
from scaler.simulation.traffic import CHAT
from scaler.studies.replay.course import Course, course, fleet_spec
from scaler.studies.replay.demand import Demand, Stretch, demand
from scaler.studies.replay.observed import Observed, fitting
from scaler.studies.replay.policies import EQUAL, Policy, Scene, rival
from scaler.studies.replay.rivals import Fixed, Rival
from scaler.studies.replay.score import HOUR, Score, score
from scaler.studies.traces import Trace


@attrs.frozen(kw_only=True)
class Replay:
    """What is asked: the same for every trace."""

    policies: Sequence[Policy]
    stretch: Stretch
    lead_time: int
    metadata: Mapping[str, str]
    """Trigger metadata of the policies that serve KEDA; bounds and objective hold for all."""


@attrs.frozen(kw_only=True, eq=False)
class Line:
    """One rival's line on the scoreboard."""

    course: Course
    score: Score

    @property
    def name(self) -> str:
        """The rival's."""
        return self.course.name


@attrs.frozen(kw_only=True, eq=False)
class Scoreboard:
    """One trace."""

    demand: Demand
    capacity: float
    """Requests per second that a replica bears."""
    tokens: float
    """Of a request."""
    objective: float
    lines: Sequence[Line]
    """In the order that was asked for, the fixed fleet of equal cost last."""


def engine_of(lead_time: int) -> MeanEngine:
    """Return the engine of the fleets that are played."""
    return MeanEngine(spec=fleet_spec(lead_time).engine, lengths=CHAT)


def play(
    found: Sequence[Trace],
    *,
    replay: Replay,
    executor: Executor,
    done: Callable[[], None] = lambda: None,
) -> list[Scoreboard]:
    """Return the scoreboard of each trace; `done` is called after each policy of each.

    Raises:
        ConfigError: the metadata are wrong, or a trace cannot be replayed.
    """

    def begun(trace: Trace, policy: Policy) -> Future[Line]:
        future = executor.submit(line, trace, policy=policy, replay=replay)
        future.add_done_callback(lambda _: done())
        return future

    futures = [[begun(trace, policy) for policy in replay.policies] for trace in found]
    try:
        return [
            _board(trace, lines=[each.result() for each in row], replay=replay)
            for trace, row in zip(found, futures, strict=True)
        ]
    finally:
        for future in (each for row in futures for each in row):
            future.cancel()


def line(trace: Trace, *, policy: Policy, replay: Replay) -> Line:
    """Play one policy.

    Raises:
        ConfigError: the metadata are wrong, or the trace cannot be replayed.
    """
    with TemporaryDirectory(prefix="forescale-") as folder:
        scene = _scene(trace, replay=replay, folder=Path(folder))
        history = Observed(scene.demand, engine=scene.engine)
        return _line(rival(policy, scene=scene, history=history), history, scene=scene)


def _scene(trace: Trace, *, replay: Replay, folder: Path) -> Scene:
    engine = engine_of(replay.lead_time)
    return Scene(
        demand=demand(trace, stretch=replay.stretch, capacity=engine.capacity),
        engine=engine,
        metadata=replay.metadata,
        lead_time=replay.lead_time,
        folder=folder,
    )


def _board(trace: Trace, *, lines: list[Line], replay: Replay) -> Scoreboard:
    scene = _scene(trace, replay=replay, folder=Path())
    return Scoreboard(
        demand=scene.demand,
        capacity=scene.engine.capacity,
        tokens=scene.engine.tokens,
        objective=scene.workload.spec.objective,
        lines=[*lines, _equal(lines[0], scene=scene)],
    )


def _line(rival: Rival, history: Observed, *, scene: Scene) -> Line:
    spec = scene.workload.spec
    begins = float(scene.demand.first)
    fleet = FluidFleet(
        spec=fleet_spec(scene.lead_time), objective=spec.objective, at=begins, lengths=CHAT
    )
    first = rival.first or fitting(scene.demand.rate_at(begins), engine=scene.engine, spec=spec)
    played = asyncio.run(
        course(rival, demand=scene.demand, fleet=fleet, history=history, first=first)
    )
    return Line(course=played, score=score(played))


def _equal(line: Line, *, scene: Scene) -> Line:
    """Return the fixed fleet that costs at least as much: a part of a replica cannot be bought."""
    hours = (scene.demand.stop - scene.demand.start) / HOUR
    size = max(1, math.ceil(line.score.replica_hours / hours - 1e-6))
    history = Observed(scene.demand, engine=scene.engine)
    return _line(Fixed(name=f"{EQUAL}:{size}", replicas=size), history, scene=scene)
