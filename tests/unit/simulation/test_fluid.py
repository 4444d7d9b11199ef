"""The fluid against the fleet whose every request is played, on the same arrivals."""

import attrs
import pytest

from scaler.simulation.fleet import Fleet
from scaler.simulation.fluid import Flow, FluidFleet
from scaler.simulation.mean_engine import MeanEngine
from scaler.simulation.objective import Ledger, Objective
from scaler.simulation.spec import Clients, FleetSpec, fixed_lead_time
from scaler.simulation.traffic import CHAT, Poisson, constant, ramp

SPEC = FleetSpec(
    step=0.5, lead_time=fixed_lead_time(120.0), clients=Clients(timeout=30.0), grace=60.0
)
FLUID = attrs.evolve(SPEC, step=5.0)
ENGINE = MeanEngine(spec=SPEC.engine, lengths=CHAT)


def a_fleet(*, ready: int, clients: Clients = SPEC.clients) -> FluidFleet:
    fleet = FluidFleet(spec=attrs.evolve(FLUID, clients=clients), objective=2.0, at=0.0)
    fleet.begin(ready)
    return fleet


def steps(fleet: FluidFleet, arrivals: float, *, seconds: float) -> list[Flow]:
    return [fleet.step(arrivals) for _ in range(round(seconds / fleet.spec.step))]


@pytest.mark.parametrize(("replicas", "high"), [(4, 34.0), (4, 41.0)])
def test_fluid_serves_and_costs_what_the_played_fleet_does(replicas: int, high: float) -> None:
    traffic = Poisson(ramp(20.0, after=high, start=60.0, stop=300.0), seed=3)
    played = Fleet(spec=SPEC, traffic=traffic, start=0.0, ready=replicas)
    fluid = a_fleet(ready=replicas)
    ledger, flows = Ledger(Objective(), start=0.0), []
    for second in range(0, 900, 5):
        if second == 360:
            played.scale(replicas + 2)
            fluid.scale(replicas + 2)
        ledger.add(played.advance(second + 5.0))
        flows.append(fluid.step(len(traffic.between(start=second, stop=second + 5))))
    score = ledger.score(played)

    share = sum(flow.over for flow in flows) / sum(flow.arrived for flow in flows)
    assert score.share_of_requests_over == pytest.approx(share, abs=0.05)
    assert sum(flow.unserved for flow in flows) == pytest.approx(score.unserved, abs=200)
    assert fluid.replica_seconds == pytest.approx(score.replica_seconds, rel=0.01)
    assert score.requests_over > 0


def test_fluid_replica_bears_what_the_played_one_does() -> None:
    traffic = Poisson(constant(14.0), seed=1)
    fleet = Fleet(spec=SPEC, traffic=traffic, start=0.0, ready=1)
    fleet.advance(60.0)
    before = fleet.snapshot().results["completed"]
    fleet.advance(240.0)

    served = (fleet.snapshot().results["completed"] - before) / 180.0
    assert ENGINE.capacity == pytest.approx(served, rel=0.05)


@pytest.mark.parametrize("rate", [2.0, 5.0, 7.0])
def test_fluid_runs_as_many_requests_as_the_played_replica(rate: float) -> None:
    fleet = Fleet(spec=SPEC, traffic=Poisson(constant(rate), seed=2), start=0.0, ready=1)
    running = []
    for second in range(60, 300, 5):
        fleet.advance(float(second))
        running.append(fleet.replicas[0].load)

    assert ENGINE.running(rate) == pytest.approx(sum(running) / len(running), rel=0.2)


def test_every_request_is_served_or_lost_or_waits() -> None:
    fleet = a_fleet(ready=2)
    flows = [*steps(fleet, 200.0, seconds=60.0), *steps(fleet, 0.0, seconds=10.0)]
    snapshot = fleet.snapshot()

    arrived = sum(flow.arrived for flow in flows)
    assert arrived == pytest.approx(snapshot.completed + snapshot.aborted + snapshot.waiting)


def test_who_waits_in_vain_leaves_when_patience_is_over() -> None:
    fleet = a_fleet(ready=1, clients=Clients(timeout=20.0))
    flows = steps(fleet, 10 * ENGINE.capacity * 5.0, seconds=10.0)
    told = fleet.snapshot().aborted
    steps(fleet, 0.0, seconds=25.0)

    assert 0.0 == told
    assert sum(flow.unserved for flow in flows) == pytest.approx(fleet.snapshot().aborted)


def test_replica_is_ready_a_lead_time_after_its_order_and_billed_from_it() -> None:
    fleet = a_fleet(ready=1)
    fleet.scale(3)
    steps(fleet, 1.0, seconds=115.0)
    before = fleet.ready
    steps(fleet, 1.0, seconds=5.0)

    assert (1, 3) == (before, fleet.ready)
    assert 3 * 120.0 == fleet.replica_seconds


def test_pending_replicas_are_stopped_first_and_at_once() -> None:
    fleet = a_fleet(ready=2)
    fleet.scale(4)
    fleet.scale(2)
    steps(fleet, 1.0, seconds=300.0)

    assert (2, 2, 600.0) == (fleet.wanted, fleet.ready, fleet.replica_seconds)


def test_stopped_replica_finishes_what_it_has_and_is_billed_meanwhile() -> None:
    fleet = a_fleet(ready=2)
    steps(fleet, 10.0, seconds=5.0)
    fleet.scale(1)
    flows = steps(fleet, 10.0, seconds=60.0)

    assert 0.0 == sum(flow.unserved for flow in flows)
    assert 130.0 - 60.0 < fleet.replica_seconds < 130.0


def test_what_a_stopped_replica_has_no_time_for_is_lost() -> None:
    fleet = a_fleet(ready=2, clients=Clients(timeout=600.0))
    steps(fleet, 2000.0, seconds=5.0)
    fleet.scale(1)
    flows = steps(fleet, 0.0, seconds=65.0)

    lost = sum(flow.unserved for flow in flows)
    assert 1000.0 - 65.0 * ENGINE.capacity == pytest.approx(lost, rel=0.05)


def test_arrivals_go_where_the_queue_is_shortest() -> None:
    fleet = a_fleet(ready=1)
    steps(fleet, 120.0, seconds=5.0)
    fleet.begin(1)
    flow = fleet.step(40.0)

    assert 0.0 == flow.over


def test_with_no_ready_replica_everything_is_lost() -> None:
    assert Flow(arrived=5.0, over=5.0, unserved=5.0) == a_fleet(ready=0).step(5.0)


def test_fewer_than_none_is_refused() -> None:
    with pytest.raises(ValueError, match="need 0 or more"):
        a_fleet(ready=1).scale(-1)
