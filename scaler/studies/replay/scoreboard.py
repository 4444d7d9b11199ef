"""All rivals on the same requests, and what each cost and served."""

import asyncio
import math
from collections.abc import Iterator, Mapping, Sequence
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
        return self.course.rival.name


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


def play(trace: Trace, *, replay: Replay) -> Iterator[Line | Scoreboard]:
    """Yield each line as it is played, and the scoreboard last.

    Raises:
        ConfigError: the metadata are wrong, or the trace cannot be replayed.
    """
    engine = engine_of(replay.lead_time)
    with TemporaryDirectory(prefix="forescale-") as folder:
        scene = Scene(
            demand=demand(trace, stretch=replay.stretch, capacity=engine.capacity),
            engine=engine,
            metadata=replay.metadata,
            lead_time=replay.lead_time,
            folder=Path(folder),
        )
        lines: list[Line] = []
        for line in _lines(replay.policies, scene=scene):
            lines.append(line)
            yield line
    yield Scoreboard(
        demand=scene.demand,
        capacity=engine.capacity,
        tokens=engine.tokens,
        objective=scene.workload.spec.objective,
        lines=lines,
    )


def _lines(policies: Sequence[Policy], *, scene: Scene) -> Iterator[Line]:
    first: Line | None = None
    for policy in policies:
        history = Observed(scene.demand, engine=scene.engine)
        line = _line(rival(policy, scene=scene, history=history), history, scene=scene)
        first = first or line
        yield line
    if first is not None:
        yield _equal(first, scene=scene)


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
