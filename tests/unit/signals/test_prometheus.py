"""Readings of many workloads from one source: groups, failures, bounds."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from scaler.config.sources import Labels, PrometheusSource
from scaler.config.workload import Workload
from scaler.errors import (
    ConfigError,
    ForescaleError,
    SignalMalformed,
    SignalTimeout,
    SignalUnavailable,
)
from scaler.policy.model import Reason, Signal
from scaler.policy.spec import Spec, Vote
from scaler.signals.plan import questions
from scaler.signals.prometheus import PrometheusHistory
from scaler.signals.quantity import windows
from scaler.signals.scope import NAMESPACE, WORKLOAD
from tests.patience import PATIENCE
from tests.unit.signals.engine_cases import summary
from tests.unit.signals.servers import EMPTY, FakePrometheus, hang, matrix, serving, status
from tests.unit.signals.workloads import FakeMeter, good, make_workload

AT = 1_700_000_010
NOW = range(AT, AT + 1)
SOURCE = PrometheusSource(url="http://here")


@asynccontextmanager
async def reading(server: object, **source: object) -> AsyncIterator[PrometheusHistory]:
    async with serving(server) as url:  # type: ignore[arg-type]
        settings = {"url": url, "timeout": PATIENCE, "scrape_interval": 15, **source}
        history = PrometheusHistory("main", PrometheusSource(**settings), meter=FakeMeter())  # type: ignore[arg-type]
        try:
            yield history
        finally:
            await history.close()


def answering(values: Mapping[str, object]) -> object:
    """A server that answers a query by the first key that occurs in its text, else with nothing."""

    async def handle(request: web.Request) -> web.StreamResponse:
        text = str((await request.post())["query"])
        found = next((answer for part, answer in values.items() if part in text), EMPTY)
        if callable(found):
            return await found(request)  # type: ignore[no-any-return]
        return web.json_response(found)

    return handle


def about(
    name: str, value: str, *, at: int = AT, **labels: str
) -> tuple[dict[str, str], dict[int, str]]:
    return {NAMESPACE: "models", WORKLOAD: name, **labels}, {at: value}


def texts(*workloads: Workload, source: PrometheusSource = SOURCE, interval: int = 15) -> list[str]:
    asked = questions(workloads, source=source, windows=windows(interval))
    return [question.text for question in asked]


def test_workloads_of_one_shape_share_every_query() -> None:
    alone = texts(make_workload("a"))
    together = texts(*(make_workload(f"w{index}", namespace=f"n{index}") for index in range(50)))
    assert len(alone) == len(together)


def test_a_quantile_is_asked_for_fifty_workloads_at_a_time() -> None:
    found = texts(*(make_workload(f"w{index}") for index in range(101)))
    assert len([text for text in found if "histogram_quantile" in text]) == 3
    assert len([text for text in found if "num_requests_waiting" in text]) == 1


def test_what_has_no_say_is_not_asked() -> None:
    quiet = make_workload(spec=Spec(latency=Vote.OFF, utilization=Vote.OFF))
    assert not [text for text in texts(quiet) if "DCGM" in text or "time_to_first_token" in text]


def test_an_own_query_replaces_the_generated_one() -> None:
    own = make_workload(queries={Signal.WAITING: "my_queue"}, activation_query="my_gateway")
    found = texts(own)
    assert "my_queue" in found
    assert "my_gateway" in found
    assert not [text for text in found if "num_requests_waiting" in text]


def test_no_query_fills_in_zeros() -> None:
    every = [make_workload(engine=name) for name in ("vllm", "sglang", "triton", "dynamo")]
    assert not [text for text in texts(*every) if "vector(" in text]


def test_windows_follow_the_scrape_interval() -> None:
    def tokens(interval: int) -> str:
        found = texts(make_workload(), interval=interval)
        return next(text for text in found if "prompt" in text)

    assert "[60s]" in tokens(5)
    assert "[60s]" in tokens(15)
    assert "[480s]" in tokens(120)


def test_label_names_and_forced_matchers_are_the_sources() -> None:
    labels = Labels(namespace="ns", pod="pod_name", cluster="region")
    source = PrometheusSource(url="http://here", labels=labels, matchers='tenant="a"')
    found = texts(make_workload(matchers='job="vllm",ns="models"'), source=source)
    waiting = next(text for text in found if "num_requests_waiting" in text)
    assert 'ns="models",pod_name=~"(?:llama)-.+",job="vllm",tenant="a"' in waiting
    assert "region" in waiting
    cluster = next(text for text in found if "kube_deployment_spec_replicas" in text)
    assert 'tenant="a"' in cluster
    assert "job=" not in cluster


async def test_values_reach_their_workload() -> None:
    llama, mistral = make_workload("llama"), make_workload("mistral")
    waiting = matrix(about("llama", "3"), about("mistral", "7"), about("stranger", "9"))
    async with reading(answering({"num_requests_waiting": waiting})) as history:
        found = good(await history.read([llama, mistral], NOW))
    assert {llama: 3.0, mistral: 7.0} == {
        workload: readings[0].value(Signal.WAITING) for workload, readings in found.items()
    }


async def test_an_answer_with_half_the_series_is_an_answer() -> None:
    running = matrix(about("llama", "3"))
    async with reading(answering({"sum by": EMPTY, "num_requests_running": running})) as history:
        found = good(await history.read([make_workload()], NOW))
    [[readings]] = found.values()
    assert Reason.ABSENT == summary(readings)["waiting"]
    assert summary(readings)["reporting"] == 3.0


@pytest.mark.parametrize(("query", "wanted"), [(None, Reason.ABSENT), ("sum(held)", 0.0)])
async def test_nobody_there_is_a_count_of_none_where_something_is_named_that_wakes(
    query: str | None, wanted: float | Reason
) -> None:
    async with reading(answering({})) as history:
        found = good(await history.read([make_workload(activation_query=query)], NOW))
    [[readings]] = found.values()
    assert wanted == summary(readings)["wanted"]
    assert not readings.counted


async def test_two_models_are_ambiguous_and_named() -> None:
    waiting = matrix(about("llama", "3", model_name="a"), about("llama", "4", model_name="b"))
    async with reading(answering({"num_requests_waiting": waiting})) as history:
        found = good(await history.read([make_workload()], NOW))
    [[readings]] = found.values()
    assert "2 answers where one is meant: a, b" in str(readings.signals[Signal.WAITING])


async def test_a_failed_query_costs_its_workloads_only() -> None:
    vllm, sglang = make_workload(engine="vllm"), make_workload(engine="sglang")
    async with reading(answering({"vllm:num_requests_waiting": status(400)})) as history:
        with capture_logs() as logs:
            found = await history.read([vllm, sglang], NOW)
            await history.read([vllm, sglang], NOW)
    assert isinstance(found[vllm], SignalMalformed)
    assert not isinstance(found[sglang], ForescaleError)
    [log] = logs
    assert log["event"] == "workloads_left_out"


async def test_no_answer_at_all_is_an_error() -> None:
    async with reading(status(503)) as history:
        with pytest.raises(SignalUnavailable, match="HTTP 503"):
            await history.read([make_workload()], NOW)


async def test_a_source_that_hangs_costs_one_timeout_however_much_is_asked() -> None:
    server = FakePrometheus([hang])
    workloads = [make_workload(engine=engine) for engine in ("vllm", "sglang", "tgi", "nim")]
    async with reading(server, timeout=0.3) as history:
        with pytest.raises(SignalTimeout):
            await history.read(workloads, NOW)
    assert len(server.asked) == server.most_at_once == 8


async def test_a_source_that_answers_again_is_asked_again() -> None:
    server = FakePrometheus([*[status(503)] * 200, EMPTY])
    workload = make_workload()
    async with reading(server) as history:
        with pytest.raises(SignalUnavailable):
            await history.read([workload], NOW)
        server.answers = [EMPTY]
        assert [workload] == list(await history.read([workload], NOW))


async def test_a_long_range_is_asked_in_pieces() -> None:
    server = FakePrometheus()
    workload = make_workload(spec=Spec(latency=Vote.OFF, utilization=Vote.OFF), engine="custom")
    ticks = range(0, 25_000 * 60, 60)
    async with reading(server) as history:
        found = good(await history.read([workload], ticks))
    assert len(found[workload]) == 25_000
    for question in server.asked:
        points = (int(question.form["end"]) - int(question.form["start"])) // 60 + 1
        assert points <= 11_000


async def test_the_pieces_of_a_range_are_put_together() -> None:
    async def echo(request: web.Request) -> web.StreamResponse:
        form = await request.post()
        ticks = range(int(str(form["start"])), int(str(form["end"])) + 1, int(str(form["step"])))
        series = {NAMESPACE: "models", WORKLOAD: "llama"}, {at: str(at) for at in ticks}
        return web.json_response(matrix(series))

    ticks = range(0, 12_000 * 15, 15)
    workload = make_workload(spec=Spec(latency=Vote.OFF, utilization=Vote.OFF))
    async with reading(echo) as history:
        found = good(await history.read([workload], ticks))
    assert list(ticks) == [readings.value(Signal.TOKENS) for readings in found[workload]]


async def test_a_namespace_that_is_not_allowed_is_not_asked_for() -> None:
    server = FakePrometheus()
    mine, other = make_workload(namespace="mine"), make_workload(namespace="other")
    async with reading(server, namespaces=("mine",)) as history:
        found = await history.read([mine, other], NOW)
    assert "main: not for namespace other" == str(found[other])
    assert not isinstance(found[mine], ForescaleError)
    assert not [question for question in server.asked if "other" in question.form["query"]]


async def test_matchers_that_cannot_be_read_cost_their_workload_only() -> None:
    good, bad = make_workload("good"), make_workload("bad", matchers="x==")
    async with reading(FakePrometheus()) as history:
        with capture_logs():
            found = await history.read([good, bad], NOW)
    assert isinstance(found[bad], ConfigError)
    assert not isinstance(found[good], ForescaleError)


def test_forced_matchers_that_cannot_be_read_are_refused_at_the_start() -> None:
    with pytest.raises(ConfigError):
        PrometheusHistory("main", PrometheusSource(url="http://x", matchers="a"), meter=FakeMeter())


async def test_nothing_to_read_asks_nothing() -> None:
    server = FakePrometheus()
    async with reading(server) as history:
        assert await history.read([], NOW) == {}
    assert server.asked == []


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-1", "1e300"])
async def test_what_can_be_no_measurement_is_malformed(value: str) -> None:
    waiting = matrix(about("llama", value))
    async with reading(answering({"num_requests_waiting": waiting})) as history:
        found = good(await history.read([make_workload()], NOW))
    [[readings]] = found.values()
    assert Reason.MALFORMED == summary(readings)["waiting"]


async def test_the_quantile_of_nothing_is_idle() -> None:
    answers = {
        "histogram_quantile": matrix(about("llama", "NaN")),
        "token_seconds_count": matrix(about("llama", "0")),
    }
    async with reading(answering(answers)) as history:
        found = good(await history.read([make_workload()], NOW))
    [[readings]] = found.values()
    assert Reason.IDLE == summary(readings)["latency"]


async def test_no_number_for_a_latency_of_many_requests_is_malformed() -> None:
    answers = {
        "histogram_quantile": matrix(about("llama", "NaN")),
        "token_seconds_count": matrix(about("llama", "500")),
    }
    async with reading(answering(answers)) as history:
        found = good(await history.read([make_workload()], NOW))
    [[readings]] = found.values()
    assert Reason.MALFORMED == summary(readings)["latency"]


async def test_a_pod_that_was_seen_too_long_ago_is_stale() -> None:
    seen = {"max by": matrix(about("llama", str(AT - 121))), "sum by": matrix(about("llama", "3"))}
    async with reading(answering(seen)) as history:
        found = good(await history.read([make_workload()], NOW))
    [[readings]] = found.values()
    assert Reason.STALE == summary(readings)["running"]


async def test_a_reader_that_gives_up_leaves_nothing_running() -> None:
    server = FakePrometheus([hang])
    async with reading(server, timeout=PATIENCE) as history:
        reader = asyncio.create_task(history.read([make_workload()], NOW))
        await server.first.wait()
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        server.answers = [EMPTY]
        assert len(await history.read([make_workload()], NOW)) == 1
