import pytest

from scaler.simulation.fleet import Fleet
from scaler.simulation.objective import Latency, Ledger, Objective, fixed_fleet
from scaler.simulation.request import Outcome, Request, Result
from scaler.simulation.spec import Clients, EngineSpec, FleetSpec
from scaler.simulation.traffic import Poisson, Trace, constant

OBJECTIVE = Objective(seconds=2.0, quantile=0.9, slot=10.0)
SPEC = FleetSpec(engine=EngineSpec(max_batch=8))


def idle_fleet(*, until: float = 100.0) -> Fleet:
    fleet = Fleet(spec=SPEC, traffic=Trace(()), start=0.0, ready=1)
    fleet.advance(until)
    return fleet


def outcome(
    at: float, *, ttft: float | None = 0.1, age: float = 1.0, result: Result = Result.COMPLETED
) -> Outcome:
    return Outcome(
        request=Request(at=at, prompt_tokens=1, output_tokens=1),
        result=result,
        at=at + age,
        first_token_at=None if ttft is None else at + ttft,
    )


@pytest.mark.parametrize(("slow", "seconds_over"), [(0, 0.0), (1, 0.0), (2, 10.0), (10, 10.0)])
def test_slot_is_over_when_more_than_the_quantile_allows_were_slow(
    slow: int, seconds_over: float
) -> None:
    ledger = Ledger(OBJECTIVE, start=0.0)
    ledger.add(outcome(float(n), ttft=2.5 if n < slow else 2.0) for n in range(10))
    ledger.add(outcome(50.0 + n / 10) for n in range(10))
    score = ledger.score(idle_fleet())
    assert score.seconds_over == seconds_over
    assert (score.requests, score.requests_over) == (20, slow)
    assert score.share_of_time_over == pytest.approx(seconds_over / 100.0)
    assert score.share_of_requests_over == slow / 20


@pytest.mark.parametrize("result", [Result.TIMED_OUT, Result.REJECTED, Result.FAILED])
def test_unserved_requests_count_as_over(result: Result) -> None:
    ledger = Ledger(OBJECTIVE, start=0.0)
    ledger.add([outcome(1.0, result=result)])
    score = ledger.score(idle_fleet())
    assert (score.requests, score.requests_over, score.unserved) == (1, 1, 1)


def test_requests_are_judged_by_when_they_arrived_from_the_start_on() -> None:
    ledger = Ledger(OBJECTIVE, start=20.0)
    ledger.add([outcome(19.9, ttft=50.0), outcome(20.0, ttft=50.0)])
    score = ledger.score(idle_fleet())
    assert (score.requests, score.seconds, score.seconds_over) == (1, 80.0, 10.0)


def test_end_to_end_latency_can_be_the_objective() -> None:
    objective = Objective(seconds=2.0, latency=Latency.E2E)
    assert objective.is_missed_by(outcome(0.0, ttft=5.0, age=1.9)) is False
    assert objective.is_missed_by(outcome(0.0, ttft=0.1, age=2.1)) is True


@pytest.mark.parametrize(
    ("ttft", "age", "missed"),
    [(None, 1.0, None), (None, 2.1, True), (0.5, 60.0, False), (2.5, 60.0, True)],
)
def test_unfinished_request_is_judged_as_soon_as_it_can_be(
    ttft: float | None, age: float, missed: bool | None
) -> None:
    unfinished = outcome(0.0, ttft=ttft, age=age, result=Result.UNFINISHED)
    assert OBJECTIVE.is_missed_by(unfinished) is missed


def test_score_includes_the_backlog_and_may_be_asked_again() -> None:
    traffic = Poisson(constant(50.0), seed=1)
    requests = traffic.between(start=0.0, stop=60.0)
    fleet = Fleet(spec=SPEC, traffic=traffic, start=0.0, ready=1)
    ledger = Ledger(OBJECTIVE, start=0.0)
    ledger.add(fleet.advance(60.0))
    score = ledger.score(fleet)
    assert score.requests_over > 0.9 * len(requests)
    assert score.seconds_over == 60.0
    assert score == ledger.score(fleet)


def test_fixed_fleet_trades_replica_hours_for_the_objective() -> None:
    small, large = (
        fixed_fleet(
            SPEC,
            replicas=replicas,
            traffic=Poisson(constant(10.0), seed=1),
            start=0.0,
            stop=360.0,
            objective=Objective(),
        )
        for replicas in (2, 8)
    )
    assert [small.replica_hours, large.replica_hours] == pytest.approx([0.2, 0.8])
    assert small.share_of_requests_over > 0.5
    assert large.share_of_requests_over < 0.01
    assert small.seconds == large.seconds == pytest.approx(360.0)


def test_fleet_without_requests_is_never_over() -> None:
    fleet = Fleet(spec=FleetSpec(clients=Clients()), traffic=Trace(()), start=5.0)
    score = Ledger(OBJECTIVE, start=5.0).score(fleet)
    assert (score.share_of_time_over, score.share_of_requests_over) == (0.0, 0.0)
