"""The parts of the simulated world together: traffic, fleet, KEDA, HPA and the books."""

import math

from attrs import evolve, frozen

from scaler.simulation.behavior import HpaSpec
from scaler.simulation.fleet import Fleet
from scaler.simulation.hpa import HpaState, Metric, sync
from scaler.simulation.keda import ActivationSpec, ActivationState, poll
from scaler.simulation.objective import Ledger, Objective, Score, fixed_fleet
from scaler.simulation.spec import FleetSpec, fixed_lead_time
from scaler.simulation.traffic import Poisson, Shape, points, ramp

SPEC = FleetSpec(lead_time=fixed_lead_time(20.0))
ACTIVATION = ActivationSpec(cooldown=60)
HPA = HpaSpec(max_replicas=20, tolerance=0.0)
PER_REPLICA = 4.0


@frozen(kw_only=True)
class Told:
    """What the loop remembers between two polls."""

    hpa: HpaState
    activation: ActivationState


def tick(fleet: Fleet, *, at: int, shape: Shape, told: Told) -> Told:
    """Want one replica for every few requests per second, as KEDA and the HPA then do it."""
    want = math.ceil(shape(at) / PER_REPLICA)
    replicas, activation = poll(
        want > 0, replicas=fleet.wanted, at=at, spec=ACTIVATION, state=told.activation
    )
    fleet.scale(replicas)
    scaled, hpa = sync(
        [Metric(value=want)],
        spec_replicas=fleet.wanted,
        status_replicas=fleet.wanted,
        at=at,
        hpa=HPA,
        state=told.hpa,
    )
    fleet.scale(scaled.replicas)
    return evolve(told, hpa=hpa, activation=activation)


def follow(shape: Shape, *, until: int) -> tuple[list[int], Score]:
    fleet = Fleet(spec=SPEC, traffic=Poisson(shape, seed=1), start=0.0)
    ledger = Ledger(Objective(), start=0.0)
    told = Told(hpa=HpaState(), activation=ActivationState(created=0.0))
    wanted = []
    for at in range(0, until, 15):
        ledger.add(fleet.advance(at))
        told = tick(fleet, at=at, shape=shape, told=told)
        wanted.append(fleet.wanted)
    ledger.add(fleet.advance(until))
    return wanted, ledger.score(fleet)


def test_fleet_follows_a_ramp_up_from_zero_and_back_to_zero() -> None:
    hill = [(60.0, 0.0), (300.0, 40.0), (600.0, 40.0), (700.0, 0.0)]
    wanted, score = follow(points(hill), until=1_500)
    assert wanted[0] == 0
    assert max(wanted) == math.ceil(40.0 / PER_REPLICA)
    assert wanted[-1] == 0
    assert score.share_of_requests_over < 0.1


def test_fleet_that_follows_its_load_is_cheaper_than_one_of_its_peak_size() -> None:
    shape = ramp(8.0, after=40.0, start=300.0, stop=900.0)
    wanted, score = follow(shape, until=1_200)
    fixed = fixed_fleet(
        SPEC,
        replicas=max(wanted),
        traffic=Poisson(shape, seed=1),
        start=0.0,
        stop=1_200.0,
        objective=Objective(),
    )
    assert score.replica_hours < 0.75 * fixed.replica_hours
    assert fixed.share_of_time_over == 0.0
    assert abs(score.requests - fixed.requests) < 50
