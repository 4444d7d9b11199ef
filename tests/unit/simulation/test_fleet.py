import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from scaler.simulation.exposition import vllm_page
from scaler.simulation.faults import FAULTS, heal
from scaler.simulation.fleet import Fleet
from scaler.simulation.names import pod_name
from scaler.simulation.request import Outcome, Request, Result
from scaler.simulation.snapshot import Phase
from scaler.simulation.spec import (
    Clients,
    EngineSpec,
    FleetSpec,
    fixed_lead_time,
    varied_lead_time,
)
from scaler.simulation.traffic import Poisson, Trace, constant, step

SMALL = FleetSpec(engine=EngineSpec(max_batch=8, kv_tokens=20_000), grace=30.0, held_max=5)


def fleet(
    requests: Sequence[Request] = (), *, spec: FleetSpec = SMALL, start: float = 0.0, ready: int = 0
) -> Fleet:
    return Fleet(spec=spec, traffic=Trace(requests), start=start, ready=ready)


def load(rate: float, *, seed: int = 1, stop: float = 600.0) -> list[Request]:
    return list(Poisson(constant(rate), seed=seed).between(start=0.0, stop=stop))


def requests_at(*times: float, prompt: int = 100, output: int = 100) -> list[Request]:
    return [Request(at=at, prompt_tokens=prompt, output_tokens=output) for at in times]


def phases(subject: Fleet) -> list[str]:
    return [replica.phase.value for replica in subject.snapshot().replicas]


def results(outcomes: Sequence[Outcome]) -> Counter[Result]:
    return Counter(outcome.result for outcome in outcomes)


def test_ordered_replicas_become_ready_after_their_lead_time() -> None:
    subject = fleet(start=1_000.0)
    subject.scale(2)
    subject.advance(1_059.9)
    assert phases(subject) == ["pending", "pending"]
    subject.advance(1_060.1)
    assert phases(subject) == ["ready", "ready"]
    assert [
        pytest.approx(replica.ready_at - replica.created)
        for replica in subject.snapshot().replicas
        if replica.ready_at is not None
    ] == [60.0, 60.0]


def test_lead_time_is_a_function_of_seed_and_number() -> None:
    lead_time = varied_lead_time(median=100.0, sigma=0.3, seed=5)
    again = varied_lead_time(median=100.0, sigma=0.3, seed=5)
    seconds = sorted(lead_time(index) for index in range(500))
    assert [lead_time(index) for index in range(5)] == [again(index) for index in range(5)]
    assert pytest.approx(seconds[250], rel=0.05) == 100.0
    assert seconds[0] < 60.0
    assert seconds[-1] > 170.0


def test_scale_down_stops_the_newest_pending_then_the_newest() -> None:
    subject = fleet(requests_at(*[59.0] * 20, output=2_000), ready=3)
    subject.advance(50.0)
    subject.scale(5)
    names = [replica.name for replica in subject.snapshot().replicas]
    subject.advance(60.0)
    subject.scale(4)
    assert names[:4] == [replica.name for replica in subject.snapshot().replicas]
    subject.scale(2)
    assert phases(subject) == ["ready", "ready", "terminating"]
    assert subject.wanted == 2


def test_terminating_replica_finishes_what_it_has_and_takes_nothing_new() -> None:
    subject = fleet(requests_at(*[0.0] * 4, 1.0, 1.1, 1.2, output=500), ready=2)
    subject.advance(0.5)
    subject.scale(1)
    leaving = subject.snapshot().replicas[1].name
    outcomes = subject.advance(20.0)
    assert phases(subject) == ["ready"]
    assert results(outcomes) == {Result.COMPLETED: 7}
    assert sum(outcome.replica == leaving for outcome in outcomes) == 2


def test_terminating_replica_fails_what_is_left_after_its_grace() -> None:
    subject = fleet(requests_at(0.0, output=4_000), ready=1)
    subject.advance(1.0)
    subject.scale(0)
    assert subject.advance(30.9) == []
    (outcome,) = subject.advance(31.1)
    assert outcome.result is Result.FAILED
    assert outcome.at == pytest.approx(31.0)
    assert 0 < outcome.generated < 4_000
    assert phases(subject) == []


def test_negative_scale_is_refused() -> None:
    with pytest.raises(ValueError, match="-1 replicas"):
        fleet().scale(-1)


def test_requests_are_spread_over_the_least_loaded_replicas() -> None:
    subject = fleet(requests_at(*[0.0] * 9, output=1_000), ready=3)
    subject.advance(1.0)
    assert [replica.load for replica in subject.replicas] == [3, 3, 3]


def test_gateway_holds_requests_until_a_replica_is_ready_and_rejects_the_rest() -> None:
    subject = fleet(requests_at(*(0.1 * number for number in range(8))))
    outcomes = subject.advance(2.0)
    assert results(outcomes) == {Result.REJECTED: 3}
    assert (subject.snapshot().arrived, subject.snapshot().held) == (8, 5)
    subject.scale(1)
    outcomes = subject.advance(70.0)
    assert results(outcomes) == {Result.COMPLETED: 5}
    assert subject.snapshot().held == 0
    assert all(outcome.ttft is not None and outcome.ttft > 60.0 for outcome in outcomes)


def test_request_longer_than_the_kv_cache_is_rejected() -> None:
    subject = fleet(requests_at(0.0, prompt=20_000, output=1), ready=1)
    assert results(subject.advance(1.0)) == {Result.REJECTED: 1}


def test_clients_give_up_when_no_first_token_comes_and_try_again() -> None:
    clients = Clients(timeout=10.0, retries=2, backoff=5.0)
    subject = fleet(requests_at(0.0), spec=evolve(SMALL, clients=clients))
    outcomes = subject.advance(100.0)
    assert [outcome.result for outcome in outcomes] == [Result.TIMED_OUT] * 3
    assert [outcome.request.attempt for outcome in outcomes] == [1, 2, 3]
    assert pytest.approx([outcome.request.at for outcome in outcomes]) == [0.0, 15.0, 35.0]
    assert subject.snapshot().arrived == 3


def test_retries_multiply_the_arrivals_of_an_overloaded_fleet() -> None:
    clients = Clients(timeout=5.0, retries=3)
    patient = fleet(load(30.0, stop=120.0), ready=1)
    eager = fleet(load(30.0, stop=120.0), spec=evolve(SMALL, clients=clients), ready=1)
    for subject in (patient, eager):
        subject.advance(120.0)
    assert eager.snapshot().arrived > 1.5 * patient.snapshot().arrived
    waiting = [each.snapshot().replicas[0].engine for each in (patient, eager)]
    assert waiting[0] is not None
    assert waiting[1] is not None
    assert waiting[1].waiting < waiting[0].waiting
    assert waiting[1].aborted == eager.snapshot().results["timed_out"]


def test_throughput_follows_the_number_of_replicas_and_the_queue_grows_without_them() -> None:
    completed = []
    for replicas in (1, 2, 4):
        subject = fleet(load(60.0, stop=120.0), ready=replicas)
        completed.append(results(subject.advance(120.0))[Result.COMPLETED])
        assert sum(replica.load for replica in subject.replicas) > 500
    assert pytest.approx(completed[1] / completed[0], rel=0.05) == 2.0
    assert pytest.approx(completed[2] / completed[0], rel=0.05) == 4.0


def test_gpu_utilization_saturates_with_a_handful_of_requests() -> None:
    idle, some, full = (fleet(load(rate, stop=60.0), ready=1) for rate in (0.0, 1.0, 60.0))
    for subject in (idle, some, full):
        subject.advance(60.0)
    utilization = [each.snapshot().replicas[0].gpu_utilization for each in (idle, some, full)]
    assert (utilization[0], utilization[2]) == (0.0, 1.0)
    assert utilization[1] > 0.8


def test_same_inputs_give_the_same_history_however_time_is_cut() -> None:
    whole, cut = (fleet(load(5.0, seed=9, stop=200.0), ready=1) for _ in range(2))
    expected = whole.advance(200.0)
    outcomes = [cut.advance(second * 0.7) for second in range(286)] + [cut.advance(200.0)]
    assert expected == list(chain.from_iterable(outcomes))
    assert whole.snapshot() == cut.snapshot()


def test_replicas_are_billed_from_creation_until_they_are_gone() -> None:
    subject = fleet(ready=2)
    subject.advance(100.0)
    subject.scale(3)
    subject.advance(110.0)
    subject.scale(1)
    subject.advance(200.0)
    assert pytest.approx(subject.replica_seconds) == 200.0 + 110.0 + 10.0


def test_stuck_replicas_stay_pending_until_they_are_let_go() -> None:
    subject = fleet(ready=1)
    subject.scale(2)
    subject.stick("ImagePullBackOff")
    subject.scale(3)
    subject.advance(500.0)
    assert [replica.stuck for replica in subject.snapshot().replicas] == [
        None,
        "ImagePullBackOff",
        "ImagePullBackOff",
    ]
    subject.unstick()
    subject.advance(559.9)
    assert phases(subject) == ["ready", "pending", "pending"]
    subject.advance(560.1)
    assert phases(subject) == ["ready", "ready", "ready"]


def test_restart_fails_what_runs_and_resets_the_counters_under_the_same_name() -> None:
    subject = fleet(requests_at(*[0.0] * 4, output=10) + requests_at(9.9, output=900), ready=1)
    subject.advance(10.0)
    before = subject.snapshot().replicas[0]
    subject.restart(subject.replicas[0], ready_after=20.0)
    assert phases(subject) == ["pending"]
    assert results(subject.advance(29.0)) == {Result.FAILED: 1}
    subject.advance(31.0)
    after = subject.snapshot().replicas[0]
    assert before.engine is not None
    assert after.engine is not None
    assert (before.name, 0, 1) == (after.name, before.restarts, after.restarts)
    assert (before.engine.completed, after.engine.completed) == (4, 0)
    assert [after.ready_at, after.ready_since] == pytest.approx([0.0, 30.0])


def test_only_a_ready_replica_restarts() -> None:
    subject = fleet()
    subject.scale(1)
    with pytest.raises(ValueError, match="need a ready replica"):
        subject.restart(subject.replicas[0])


def test_pending_replica_takes_no_request() -> None:
    subject = fleet()
    subject.scale(1)
    with pytest.raises(ValueError, match="need a ready replica"):
        subject.replicas[0].submit(*requests_at(0.0))


def test_slow_replica_keeps_its_requests_longer_than_the_others() -> None:
    subject = fleet(load(6.0, stop=120.0), ready=3)
    FAULTS["slow"](subject)
    slow = subject.replicas[0].name
    ages: dict[bool, list[float]] = {True: [], False: []}
    for outcome in subject.advance(120.0):
        ages[outcome.replica == slow].append(outcome.age)
    assert sum(ages[True]) / len(ages[True]) > 2 * sum(ages[False]) / len(ages[False])


@pytest.mark.parametrize("name", FAULTS)
def test_fault_can_be_switched_on_and_healed_at_any_size(name: str) -> None:
    for ready in (0, 4):
        subject = fleet(load(2.0, stop=300.0), ready=ready)
        FAULTS[name](subject)
        subject.scale(ready + 1)
        subject.advance(100.0)
        heal(subject)
        subject.advance(300.0)
        snapshot = subject.snapshot()
        assert ready + 1 == snapshot.ready
        assert not any(
            replica.silent or replica.garbled or replica.stuck for replica in snapshot.replicas
        )


def test_half_of_the_replicas_can_fall_silent() -> None:
    subject = fleet(ready=4)
    FAULTS["silent"](subject)
    assert [replica.silent for replica in subject.snapshot().replicas] == [True, False, True, False]


def test_all_replicas_can_fall_silent_or_report_a_queue_that_is_no_number() -> None:
    subject = fleet(ready=2)
    FAULTS["mute"](subject)
    assert [None, None] == [vllm_page(replica) for replica in subject.snapshot().replicas]
    heal(subject)
    FAULTS["garbled"](subject)
    for replica in subject.snapshot().replicas:
        page = vllm_page(replica)
        assert page is not None
        waiting = next(
            line for line in page.splitlines() if line.startswith("vllm:num_requests_wa")
        )
        assert waiting.endswith(" nan")


def test_pod_names_are_those_of_a_deployment_and_never_repeat() -> None:
    names = [pod_name("llama", namespace="default", index=index) for index in range(5_000)]
    form = re.compile(r"llama-[bcdfghjklmnpqrstvwxz2456789]{10}-[bcdfghjklmnpqrstvwxz2456789]{5}")
    assert all(form.fullmatch(name) for name in names)
    assert len(set(names)) == 5_000
    assert len({name.rsplit("-", 1)[0] for name in names}) == 1
    assert names[0] != pod_name("llama", namespace="other", index=0)


Act = Callable[[Fleet], None]
ACTS = st.one_of(
    st.integers(min_value=0, max_value=6).map(lambda n: lambda fleet: fleet.scale(n)),
    st.sampled_from([*FAULTS.values(), heal]),
    st.just(lambda fleet: None),
)
CLIENTS = st.builds(
    Clients,
    timeout=st.sampled_from([2.0, 20.0, math.inf]),
    retries=st.integers(min_value=0, max_value=2),
)


@settings(max_examples=40)
@given(acts=st.lists(ACTS, max_size=12), clients=CLIENTS, rate=st.floats(0.0, 20.0))
def test_no_request_is_lost_or_counted_twice_whatever_is_done(
    acts: list[Act], clients: Clients, rate: float
) -> None:
    spec = evolve(SMALL, clients=clients, lead_time=fixed_lead_time(7.0), grace=3.0, step=0.5)
    traffic = Poisson(step(rate, after=0.0, at=90.0), seed=1)
    subject = Fleet(spec=spec, traffic=traffic, start=0.0, ready=1)
    ended: list[Outcome] = []
    for number, act in enumerate(acts, start=1):
        act(subject)
        ended += subject.advance(number * 10.0)
    ended += subject.advance(130.0)
    snapshot = subject.snapshot()
    rest = subject.unfinished()
    assert snapshot.arrived == len(ended) + len(rest)
    assert snapshot.results == {result.value: results(ended)[result] for result in Result}
    in_engines = [replica.engine for replica in snapshot.replicas if replica.engine]
    assert len(rest) == snapshot.held + sum(each.running + each.waiting for each in in_engines)
    attempts = [outcome.request for outcome in [*ended, *rest]]
    assert len(attempts) == len(set(map(id, attempts)))
    assert all(outcome.age >= 0.0 for outcome in ended)
    assert snapshot.wanted == sum(
        replica.phase is not Phase.TERMINATING for replica in snapshot.replicas
    )
