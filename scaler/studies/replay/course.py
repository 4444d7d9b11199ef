"""One rival's course through a trace: the closed loop, step by step."""

import attrs
import numpy as np

from forecasting.arrays import FloatArray
from scaler.simulation import hpa
from scaler.simulation.fluid import FluidFleet
from scaler.simulation.hpa import HpaState
from scaler.simulation.spec import Clients, FleetSpec, fixed_lead_time
from scaler.studies.replay.demand import STEP, Demand
from scaler.studies.replay.observed import SCRAPE, Observed
from scaler.studies.replay.rivals import Rival

PATIENCE = 30.0
"""Seconds without a first token after which a client gives up."""


def fleet_spec(lead_time: int) -> FleetSpec:
    """Return a fleet of 8B models on big GPUs that are ready so many seconds after the order."""
    return FleetSpec(
        step=STEP, lead_time=fixed_lead_time(lead_time), clients=Clients(timeout=PATIENCE)
    )


@attrs.frozen(kw_only=True, eq=False)
class Course:
    """What happened in each step of the demand, warm-up included."""

    name: str
    """The rival's."""
    demand: Demand
    capacity: float
    """Requests per second of a replica."""
    objective: float
    over: FloatArray
    unserved: FloatArray
    wanted: FloatArray
    ready: FloatArray
    billed: FloatArray
    """Replicas that are paid for: from creation to their end."""


async def course(
    rival: Rival, *, demand: Demand, fleet: FluidFleet, history: Observed, first: int
) -> Course:
    """Play a rival on a fleet that begins with `first` replicas; `history` is what it can see."""
    size = demand.arrivals.size
    over, unserved, wanted, ready, billed = (np.zeros(size) for _ in range(5))
    state = HpaState()
    fleet.begin(first)
    for place, arrivals in enumerate(demand.arrivals.tolist()):
        if fleet.at % SCRAPE == 0:
            state = await _sync(rival, fleet=fleet, history=history, state=state)
        before = fleet.replica_seconds
        flow = fleet.step(arrivals)
        over[place], unserved[place] = flow.over, flow.unserved
        wanted[place], ready[place] = fleet.wanted, fleet.ready
        billed[place] = (fleet.replica_seconds - before) / STEP
    return Course(
        name=rival.name,
        demand=demand,
        capacity=fleet.engine.capacity,
        objective=fleet.objective,
        over=over,
        unserved=unserved,
        wanted=wanted,
        ready=ready,
        billed=billed,
    )


async def _sync(rival: Rival, *, fleet: FluidFleet, history: Observed, state: HpaState) -> HpaState:
    look = fleet.snapshot()
    history.record(look)
    metric = await rival.metric(look)
    scaled, state = hpa.sync(
        [metric],
        spec_replicas=look.wanted,
        status_replicas=look.wanted,
        at=look.at,
        hpa=rival.hpa,
        state=state,
    )
    if scaled.replicas != look.wanted:
        fleet.scale(scaled.replicas)
    return state
