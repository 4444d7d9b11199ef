"""Half a day with a rise and a fall, and replays of it that are quick."""

import numpy as np

from forecasting.arrays import FloatArray
from forecasting.series import Series
from scaler.studies.executors import Here
from scaler.studies.plan import span
from scaler.studies.replay.course import Course
from scaler.studies.replay.demand import STEP, Demand, Stretch, demand
from scaler.studies.replay.policies import policy
from scaler.studies.replay.scoreboard import Replay, Scoreboard, play
from scaler.studies.traces import Trace

START = 1_700_006_400
CAPACITY = 10.0
LEAD_TIME = 120
STRETCH = Stretch(last=span("90m"), warm_up=1800, peak=6.0, seed=1)


def a_trace(values: FloatArray | None = None, *, hours: int = 4) -> Trace:
    if values is None:
        minutes = np.arange(60 * hours)
        values = 100.0 + 80.0 * np.sin(2 * np.pi * minutes / 120)
    return Trace(name="load", series=Series(start=START, step=60, values=values))


def a_demand(trace: Trace | None = None, *, stretch: Stretch = STRETCH) -> Demand:
    return demand(trace or a_trace(), stretch=stretch, capacity=CAPACITY)


def a_replay(*policies: str, seed: int = 1, **metadata: str) -> Replay:
    return Replay(
        policies=[policy(name) for name in policies],
        stretch=Stretch(last=span("90m"), warm_up=1800, peak=6.0, seed=seed),
        lead_time=LEAD_TIME,
        metadata={"leadTime": f"{LEAD_TIME}s", "maxReplicas": "12", **metadata},
    )


def played(*policies: str, seed: int = 1, hours: int = 4, **metadata: str) -> Scoreboard:
    replay = a_replay(*policies, seed=seed, **metadata)
    (board,) = play([a_trace(hours=hours)], replay=replay, executor=Here())
    return board


def a_course(*, over: FloatArray | None = None, wanted: FloatArray | None = None) -> Course:
    """Two hours that need two replicas, have two, and pay for three."""
    steps = 7200 // STEP
    flat = a_trace(np.full(121, 1.0))
    stretch = Stretch(last=span("90m"), warm_up=1800, peak=2.0, seed=1)
    found = a_demand(flat, stretch=stretch)
    nothing = np.zeros(found.arrivals.size)
    assert steps <= found.arrivals.size <= steps + 12
    return Course(
        name="fixed",
        demand=found,
        capacity=CAPACITY,
        objective=2.0,
        over=nothing if over is None else over,
        unserved=nothing,
        wanted=np.full(nothing.size, 2.0) if wanted is None else wanted,
        ready=np.full(nothing.size, 2.0),
        billed=np.full(nothing.size, 3.0),
    )
