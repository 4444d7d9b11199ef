from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.simulation.engine import Engine
from scaler.simulation.request import Outcome, Request, Result
from scaler.simulation.spec import EngineSpec

SIMPLE = EngineSpec(
    iteration_base=0.01,
    iteration_per_sequence=0.01,
    prefill_per_token=0.001,
    prefill_chunk=100,
    max_batch=4,
    kv_tokens=1_000,
)


def engine(spec: EngineSpec = SIMPLE) -> Engine:
    return Engine(name="pod", spec=spec, at=0.0)


def request(at: float = 0.0, *, prompt: int = 10, output: int = 5) -> Request:
    return Request(at=at, prompt_tokens=prompt, output_tokens=output)


def run(subject: Engine, *, to: float, step: float = 0.1) -> list[Outcome]:
    steps = range(1, round(to / step) + 1)
    return [outcome for k in steps for outcome in subject.advance(k * step)]


def test_one_request_takes_its_prefill_and_then_an_iteration_for_each_further_token() -> None:
    subject = engine()
    subject.submit(request(prompt=10, output=5))
    (outcome,) = run(subject, to=1.0)
    assert Result.COMPLETED is outcome.result
    assert pytest.approx(outcome.ttft) == 0.02
    assert pytest.approx(outcome.age) == 0.02 + 4 * 0.02
    assert outcome.generated == 5


def test_inter_token_latency_of_the_defaults_is_12_ms_alone_and_45_ms_in_a_batch_of_128() -> None:
    for batch, expected in ((1, 0.012), (128, 0.045)):
        subject = engine(EngineSpec(prefill_per_token=0.0))
        for _ in range(batch):
            subject.submit(request(prompt=1, output=2))
        run(subject, to=1.0)
        itl = subject.snapshot().itl
        assert batch == itl.count
        assert expected == pytest.approx(itl.total / itl.count, rel=0.001)


def test_long_prompt_is_prefilled_in_chunks_while_others_go_on_decoding() -> None:
    subject = engine()
    subject.submit(request(prompt=10, output=50))
    subject.submit(request(at=0.1, prompt=250, output=2))
    run(subject, to=5.0)
    snapshot = subject.snapshot()
    # The long prompt slows three of the other's iterations, by 0.1, 0.1 and 0.05 s.
    slowed = snapshot.itl.count - snapshot.itl.cumulative[snapshot.itl.edges.index(0.05)]
    assert slowed == 3


def test_batch_is_limited_and_the_queue_is_first_in_first_out() -> None:
    subject = engine()
    for number in range(6):
        subject.submit(request(prompt=number, output=5))
    subject.advance(0.05)
    snapshot = subject.snapshot()
    assert (snapshot.running, snapshot.waiting) == (4, 2)
    ended = run(subject, to=2.0)
    assert [outcome.request.prompt_tokens for outcome in ended] == [0, 1, 2, 3, 4, 5]


def test_request_waits_until_prompt_and_output_fit_into_the_kv_cache() -> None:
    subject = engine()
    subject.submit(request(prompt=500, output=100))
    subject.submit(request(prompt=300, output=101))
    subject.submit(request(prompt=1, output=1))
    subject.advance(0.7)
    snapshot = subject.snapshot()
    assert (snapshot.running, snapshot.waiting, snapshot.kv_usage) == (1, 2, 0.6)
    first = run(subject, to=20.0)
    assert len(first) == 3
    second_started = first[1].first_token_at
    assert second_started is not None
    assert second_started > first[0].at
    assert subject.snapshot().kv_usage == 0.0


def test_request_longer_than_the_kv_cache_is_refused() -> None:
    with pytest.raises(ValueError, match="1001 tokens, of 1000 at most"):
        engine().submit(request(prompt=1_000, output=1))


def test_throughput_stops_at_capacity_while_the_queue_grows() -> None:
    subject = engine()
    queues = []
    for second in range(10):
        for number in range(100):
            subject.submit(request(at=second + number / 100, prompt=1, output=10))
        subject.advance(second + 1)
        queues.append(subject.snapshot().waiting)
    # Four sequences, 10 tokens each, in nine iterations of 0.05 s and one of prefill.
    ceiling = 4 / (9 * 0.05)
    assert subject.snapshot().completed <= ceiling * 10
    assert subject.snapshot().completed >= 0.8 * ceiling * 10
    assert queues == sorted(queues)
    assert queues[-1] > 800


def test_slow_engine_takes_as_many_times_as_long() -> None:
    ages = []
    for slowdown in (1.0, 3.0):
        subject = engine()
        subject.slowdown = slowdown
        subject.submit(request())
        ages += [outcome.age for outcome in run(subject, to=2.0)]
    assert pytest.approx(ages[1] / ages[0]) == 3.0


def test_idle_time_is_what_no_request_was_there_for() -> None:
    subject = engine()
    subject.submit(request(at=0.5, prompt=10, output=5))
    run(subject, to=1.0)
    assert pytest.approx(subject.idle_seconds) == 1.0 - 0.1


def test_expired_requests_are_dropped_from_the_queue_and_count_as_aborted() -> None:
    subject = engine()
    for number in range(6):
        subject.submit(request(at=number * 0.001, output=500 // 4))
    subject.advance(0.1)
    expired = subject.expire(before=0.004, at=0.2)
    assert [outcome.result for outcome in expired] == [Result.TIMED_OUT]
    assert expired[0].request.at == 0.004
    assert (subject.snapshot().waiting, subject.snapshot().aborted) == (1, 1)


REQUESTS = st.lists(
    st.builds(
        Request,
        at=st.floats(min_value=0.0, max_value=5.0),
        prompt_tokens=st.integers(min_value=0, max_value=400),
        output_tokens=st.integers(min_value=1, max_value=400),
    ),
    max_size=40,
).map(lambda requests: sorted(requests, key=lambda each: each.at))


@given(requests=REQUESTS, to=st.floats(min_value=0.0, max_value=30.0))
def test_no_request_and_no_token_is_lost_or_counted_twice(
    requests: Sequence[Request], to: float
) -> None:
    subject = engine()
    for each in requests:
        subject.submit(each)
    ended = run(subject, to=to)
    rest = subject.in_flight(at=to)
    snapshot = subject.snapshot()
    assert sorted(map(id, requests)) == sorted(id(each.request) for each in [*ended, *rest])
    assert snapshot.running + snapshot.waiting == len(rest) == subject.load
    assert snapshot.completed == len(ended) == snapshot.e2e.count == snapshot.queue_time.count
    assert snapshot.generation_tokens == sum(each.generated for each in [*ended, *rest])
    started = [each for each in [*ended, *rest] if each.first_token_at is not None]
    assert snapshot.prompt_tokens == sum(each.request.prompt_tokens for each in started)
    assert snapshot.ttft.count == len(started)
    assert snapshot.itl.count == snapshot.generation_tokens - len(started)
    assert 0.0 <= snapshot.kv_usage <= 1.0
    assert all(0 <= each.generated <= each.request.output_tokens for each in rest)


@given(requests=REQUESTS)
def test_everything_ends_and_the_latencies_add_up(requests: Sequence[Request]) -> None:
    subject = engine()
    for each in requests:
        subject.submit(each)
    ended = run(subject, to=2_000.0, step=10.0)
    snapshot = subject.snapshot()
    assert len(requests) == len(ended)
    assert (snapshot.running, snapshot.waiting, snapshot.kv_usage) == (0, 0, 0.0)
    assert sum(each.age for each in ended) == pytest.approx(snapshot.e2e.total)
    ttfts = [each.ttft for each in ended if each.ttft is not None]
    assert sum(ttfts) == pytest.approx(snapshot.ttft.total)
    decoding = sum(each.age for each in ended) - sum(ttfts)
    assert decoding == pytest.approx(snapshot.itl.total, abs=1e-6)
