"""Replicas scraped directly: real pages over HTTP, and replicas that are gone, silent or mute."""

import re
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import attrs
import pytest
from aiohttp import web

from scaler.config.workload import SourceKind, Workload
from scaler.errors import Defect, ForescaleError, SignalUnavailable
from scaler.policy.model import Gap, Readings, Reason, Sample, Signal
from scaler.policy.spec import Vote
from scaler.signals.resolver import Resolver
from scaler.signals.scrape import ScrapeHistory
from scaler.signals.targets import Targets
from tests.unit.signals.engine_cases import FIRST, STEP, page, summary
from tests.unit.signals.servers import Handler, body, cut_off, drip, hang, serving, status
from tests.unit.signals.workloads import FakeMeter, make_workload

REFUSED = "http://127.0.0.1:1/metrics"
NAMELESS = "http://nobody.test/metrics"
UNKNOWN = "http://unknown.test/metrics"


async def lookup(host: str) -> list[tuple[socket.AddressFamily, str]]:
    """A name server that knows of nobody, and is silent about the rest."""
    code = socket.EAI_NONAME if host == "nobody.test" else socket.EAI_AGAIN
    raise socket.gaierror(code, "in a test")


@attrs.define
class World:
    """Endpoints by path, and the time."""

    pages: dict[str, Handler | str] = attrs.field(factory=dict)
    now: float = FIRST + 1.0
    scraped: list[str] = attrs.field(factory=list)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.scraped.append(request.path)
        answer = self.pages[request.path]
        return web.Response(text=answer) if isinstance(answer, str) else await answer(request)

    def clock(self) -> float:
        return self.now


@attrs.frozen
class Reader:
    """A workload whose endpoints are a world's, and the history that reads it."""

    world: World
    history: ScrapeHistory
    workload: Workload
    meter: FakeMeter

    async def read(self, *, at: int = FIRST) -> dict[str, float | Reason]:
        self.world.now = at + 1.0
        found = await self.readings(range(at, at + 1))
        return summary(found[0])

    async def readings(self, ticks: range) -> Sequence[Readings]:
        answer = (await self.history.read([self.workload], ticks))[self.workload]
        if isinstance(answer, ForescaleError):
            raise answer
        return answer


@asynccontextmanager
async def watching(
    pages: Mapping[str, Handler | str], *others: str, **watch: object
) -> AsyncIterator[Reader]:
    world, meter = World(dict(pages)), FakeMeter()
    async with serving(world) as url:
        endpoints = (*(f"{url}{path}" for path in pages if "gateway" not in path), *others)
        gateways = tuple(f"{url}{path}" for path in pages if "gateway" in path)
        workload = make_workload(
            source=SourceKind.SCRAPE,
            endpoints=endpoints,
            activation_endpoints=gateways,
            **watch,  # type: ignore[arg-type]
        )
        targets = Targets(meter=meter, timeout=1.0, resolver=Resolver(lookup=lookup))
        history = ScrapeHistory(targets, clock=world.clock)
        try:
            yield Reader(world, history, workload, meter)
        finally:
            await history.close()


async def test_replicas_are_summed_and_counted() -> None:
    async with watching({"/a": page("vllm_v1"), "/b": page("vllm_v1")}) as reader:
        found = await reader.read()
    expected = {"running": 24.0, "cache": 0.25, "wanted": 2.0, "ready": 2.0, "reporting": 2.0}
    assert expected == {name: found[name] for name in expected}


async def test_rates_begin_with_the_second_page() -> None:
    async with watching({"/a": page("vllm_v1")}) as reader:
        first = await reader.read()
        reader.world.pages["/a"] = page("vllm_v1", scrape=1)
        second = await reader.read(at=FIRST + STEP)
    assert {Reason.NO_HISTORY} == {first["tokens"], first["requests"], first["latency"]}
    # 15 s of growth, continued by half an interval as Prometheus would, over a window of 60 s.
    assert second["tokens"] == pytest.approx((150_000 + 45_000) / 10 * 1.5 / 60)


async def test_a_replica_that_refuses_is_not_there() -> None:
    async with watching({"/a": page("vllm_v1")}, REFUSED) as reader:
        found = await reader.read()
    assert (1.0, 1.0, 1.0) == (found["wanted"], found["ready"], found["reporting"])


@pytest.mark.parametrize(
    "answer",
    [
        hang,
        drip,
        cut_off,
        status(503),
        status(302, Location="/b"),
        status(404),
        body(b" " * (9 * 1024 * 1024)),
    ],
)
async def test_a_replica_that_is_silent_is_there_and_does_not_report(answer: Handler) -> None:
    async with watching({"/a": page("vllm_v1"), "/b": answer}) as reader:
        found = await reader.read()
    assert (2.0, 2.0, 1.0) == (found["wanted"], found["ready"], found["reporting"])
    assert found["running"] == 12.0


async def test_a_replica_that_talks_garbage_after_it_has_reported_is_there() -> None:
    async with watching({"/a": page("vllm_v1"), "/b": page("vllm_v1")}) as reader:
        await reader.read()
        reader.world.pages["/b"] = "<html>upgrading</html>"
        found = await reader.read(at=FIRST + STEP)
    assert (2.0, 1.0) == (found["ready"], found["reporting"])


async def test_a_fleet_that_crashed_is_not_a_fleet_that_sleeps() -> None:
    async with watching({}, REFUSED) as reader:
        found = await reader.read()
    assert (Reason.ABSENT, Reason.ABSENT) == (found["wanted"], found["ready"])
    assert (Reason.ABSENT, 0.0) == (found["waiting"], found["reporting"])


@pytest.mark.parametrize("nobody", [REFUSED, NAMELESS])
async def test_nobody_there_is_a_count_of_none_where_something_is_named_that_wakes(
    nobody: str,
) -> None:
    async with watching({}, nobody, activation_query="sum(held)") as reader:
        found = await reader.read()
    assert (0.0, 0.0, 0.0) == (found["wanted"], found["ready"], found["reporting"])
    assert Reason.ABSENT == found["waiting"]


async def test_the_cluster_knows_how_many_are_wanted_of_a_fleet_that_crashed() -> None:
    async with watching({"/kube": page("kube")}, REFUSED) as reader:
        found = await reader.read()
    assert (5.0, 2.0) == (found["wanted"], found["ready"])


@pytest.mark.parametrize(
    ("url", "trouble"),
    [
        (NAMELESS, "nobody.test:80 has no address"),
        (UNKNOWN, "unknown.test:80 could not be resolved"),
        ("", r"http://127\.0\.0\.1:[0-9]+/a gave no answer in 1 s"),
    ],
)
async def test_silence_from_all_is_no_answer(url: str, trouble: str) -> None:
    async with watching({} if url else {"/a": hang}, *([url] if url else [])) as reader:
        with pytest.raises(SignalUnavailable, match=f"none of 1 endpoints gave a page: {trouble}"):
            await reader.read()


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (status(404), "answered 404: is the path right?"),
        (status(302, Location="/b?token=s3cret"), "answered 302: name where it leads"),
        (status(401), "answered 401: no credentials are sent"),
        (status(500), "answered 500: look at its log"),
        (cut_off, "broke off in the middle of its page"),
        (body(b" " * (9 * 1024 * 1024)), "sent more than 8 MiB: is this its /metrics?"),
    ],
)
async def test_a_page_that_is_none_is_told_with_its_url_and_what_to_do(
    answer: Handler, trouble: str
) -> None:
    async with watching({"/a/metrics": answer}) as reader:
        with pytest.raises(SignalUnavailable) as failed:
            await reader.read()
    assert re.search(
        rf": http://127\.0\.0\.1:\d+/a/metrics {re.escape(trouble)}", str(failed.value)
    )


async def test_a_page_of_something_else_is_told_with_what_to_do() -> None:
    async with watching({"/a": "process_cpu_seconds_total 1.5\n"}) as reader:
        [found] = await reader.readings(range(FIRST, FIRST + 1))
    told = "without a metric of vllm: is engine right, and is this its /metrics?"
    assert isinstance(found.wanted, Gap)
    assert f"1 of 1 endpoints answered, {told}" == found.wanted.detail


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_no_secret_of_an_address_is_told(scheme: str) -> None:
    async with serving(status(404)) as url:
        address = url.removeprefix("http://")
        told = f"{scheme}://user:s3cret@{address}/metrics?token=s3cret#s3cret"
        async with watching({}, told) as reader:
            with pytest.raises(SignalUnavailable) as failed:
                await reader.read()
    why = {"http": "answered 404: is the path right?", "https": "speaks no TLS: write http://"}
    assert str(failed.value).endswith(f"a page: {scheme}://{address}/metrics {why[scheme]}")


async def test_a_name_that_nobody_resolves_leaves_the_total_untold() -> None:
    async with watching({"/a": page("vllm_v1")}, UNKNOWN) as reader:
        with pytest.raises(SignalUnavailable, match=r"unknown.test:80 could not be resolved"):
            await reader.read()


async def test_history_is_that_of_what_is_watched_however_it_is_decided_on() -> None:
    async with watching({"/a": page("vllm_v1")}) as reader:
        await reader.read()
        spec = attrs.evolve(reader.workload.spec, queue_limit=7.0)
        key = attrs.evolve(reader.workload.key, digest="other")
        changed = attrs.evolve(reader.workload, key=key, spec=spec)
        [found] = (await reader.history.read([changed], range(FIRST, FIRST + 1))).values()
    assert not isinstance(found, ForescaleError)
    assert 12.0 == found[0].value(Signal.RUNNING)
    assert ["/a"] == reader.world.scraped


async def test_a_vote_that_is_given_later_has_its_history() -> None:
    async with watching({"/a": page("vllm_v1"), "/dcgm": page("dcgm_exported")}) as reader:
        off = attrs.evolve(reader.workload.spec, utilization=Vote.OFF)
        key = attrs.evolve(reader.workload.key, digest="off")
        without = attrs.evolve(reader.workload, key=key, spec=off)
        await reader.history.read([without], range(FIRST, FIRST + 1))
        found = await reader.read()
    assert 0.75 == found["utilization"]
    assert 2 == len(reader.world.scraped)


async def test_no_endpoints_are_no_answer() -> None:
    async with watching({}) as reader:
        with pytest.raises(SignalUnavailable, match="none of 0 endpoints"):
            await reader.read()


async def test_an_answer_after_silence_is_an_answer_again() -> None:
    async with watching({"/a": hang}) as reader:
        with pytest.raises(SignalUnavailable):
            await reader.read()
        reader.world.pages["/a"] = page("vllm_v1")
        assert (await reader.read(at=FIRST + STEP))["running"] == 12.0


async def test_exporters_beside_the_replicas_speak_for_the_cluster() -> None:
    pages = {"/a": page("vllm_v1"), "/kube": page("kube"), "/dcgm": page("dcgm_exported")}
    async with watching(pages) as reader:
        found = await reader.read()
    expected = {"wanted": 5.0, "ready": 2.0, "stuck": 2.0, "reporting": 1.0, "utilization": 0.75}
    assert expected == {name: found[name] for name in expected}


async def test_an_exporter_that_falls_silent_is_no_replica() -> None:
    async with watching({"/a": page("vllm_v1"), "/dcgm": page("dcgm_exported")}) as reader:
        await reader.read()
        reader.world.pages["/dcgm"] = hang
        found = await reader.read(at=FIRST + STEP)
    assert (1.0, 1.0) == (found["wanted"], found["reporting"])
    assert Reason.ABSENT == found["utilization"]


async def test_a_tick_is_scraped_once() -> None:
    async with watching({"/a": page("vllm_v1")}) as reader:
        assert await reader.read() == await reader.read()
    assert reader.world.scraped == ["/a"]


async def test_ticks_that_nobody_watched_are_gaps() -> None:
    async with watching({"/a": page("vllm_v1")}) as reader:
        ticks = range(FIRST - 2 * STEP, FIRST + 1, STEP)
        found = await reader.readings(ticks)
    assert list(ticks) == [readings.at for readings in found]
    assert {Reason.NO_HISTORY} == set(summary(found[0]).values())
    assert summary(found[-1]).keys() == summary(found[0]).keys()
    assert found[-1].value(Signal.RUNNING) == 12.0


async def test_what_was_read_before_comes_from_memory() -> None:
    async with watching({"/a": page("vllm_v1")}) as reader:
        await reader.read()
        reader.world.pages["/a"] = page("vllm_v1").replace("} 12.0", "} 20.0")
        await reader.read(at=FIRST + STEP)
        ticks = range(FIRST, FIRST + STEP + 1, STEP)
        found = await reader.readings(ticks)
    assert [12.0, 20.0] == [readings.value(Signal.RUNNING) for readings in found]


async def test_a_workload_that_is_met_a_moment_before_its_next_tick_is_seen() -> None:
    async with watching({"/a": page("vllm_v1")}) as reader:
        reader.world.now = FIRST + STEP + 0.9
        found = await reader.readings(range(FIRST, FIRST + 1))
    assert 12.0 == found[0].value(Signal.RUNNING)


async def test_what_is_seen_now_does_not_stand_for_long_ago() -> None:
    async with watching({"/a": page("vllm_v1")}) as reader:
        reader.world.now = FIRST + 600.0
        found = await reader.readings(range(FIRST, FIRST + 1))
    assert reader.world.scraped == []
    assert {Reason.NO_HISTORY} == set(summary(found[0]).values())


async def test_a_clock_that_is_set_back_scrapes_on_and_mixes_no_times() -> None:
    async with watching({"/a": page("vllm_v1", scrape=1)}) as reader:
        await reader.read(at=FIRST + 3600)
        await reader.read(at=FIRST + 3600 + STEP)
        first = await reader.read()
        second = await reader.read(at=FIRST + STEP)
    assert 4 == len(reader.world.scraped)
    assert (12.0, Reason.NO_HISTORY) == (first["running"], first["tokens"])
    assert 0.0 == second["tokens"]


async def test_samples_are_of_their_tick() -> None:
    async with watching({"/a": page("vllm_v1")}) as reader:
        found = await reader.readings(range(FIRST, FIRST + 1))
    assert Sample(value=12.0, at=FIRST) == found[0].signals[Signal.RUNNING]


async def test_a_gateway_says_what_waits_while_nothing_runs() -> None:
    gateway = 'inference_extension_flow_control_queue_size{model_name="x"} 3\n'
    async with watching({"/gateway": gateway}, REFUSED) as reader:
        found = await reader.read()
    assert (3.0, 0.0) == (found["activation"], found["ready"])


async def test_a_gateway_that_gives_no_page_is_no_quiet_one() -> None:
    async with watching({"/a": page("vllm_v1"), "/gateway": hang}) as reader:
        found = await reader.read()
    assert (Reason.STALE, 12.0) == (found["activation"], found["running"])


async def test_a_gateway_that_does_not_say_is_absent() -> None:
    async with watching({"/gateway": "up 1\n"}, REFUSED) as reader:
        assert Reason.ABSENT == (await reader.read())["activation"]


async def test_every_scrape_is_metered() -> None:
    async with watching({"/a": page("vllm_v1"), "/b": status(503)}, REFUSED) as reader:
        await reader.read()
    errors = sorted(str(error) for _, error in reader.meter.observed)
    assert ["None", "unavailable", "unavailable"] == errors


async def test_one_workloads_silence_is_not_anothers() -> None:
    async with watching({"/a": page("vllm_v1")}) as reader:
        silent = make_workload("silent", source=SourceKind.SCRAPE, endpoints=(NAMELESS,))
        found = await reader.history.read([silent, reader.workload], range(FIRST, FIRST + 1))
    assert isinstance(found[silent], SignalUnavailable)
    assert not isinstance(found[reader.workload], ForescaleError)


@pytest.mark.parametrize("labels", ['le="foo"', 'le=""', 'le="NaN"', 'other="x"'])
async def test_a_bucket_without_a_bound_is_passed_over(labels: str) -> None:
    name = "vllm:time_to_first_token_seconds_bucket"
    bad = f'{name}{{model_name="meta-llama/Llama-3.1-8B-Instruct",{labels}}} 5\n'

    async def latency(extra: str) -> float | Reason:
        async with watching({"/a": page("vllm_v1") + extra}) as reader:
            await reader.read()
            reader.world.pages["/a"] = page("vllm_v1", scrape=1) + extra
            return (await reader.read(at=FIRST + STEP))["latency"]

    assert await latency("") == await latency(bad)


async def test_a_fault_about_one_workload_is_not_anothers() -> None:
    async with watching({"/a": page("vllm_v1")}) as reader:
        # No such engine: what refuses it in metadata was not asked.
        wrong = attrs.evolve(
            reader.workload,
            key=attrs.evolve(reader.workload.key, name="wrong"),
            watch=attrs.evolve(reader.workload.watch, engine="none"),
        )
        found = await reader.history.read([wrong, reader.workload], range(FIRST, FIRST + 1))
    defect = found[wrong]
    assert isinstance(defect, Defect)
    assert isinstance(defect.__cause__, KeyError)
    assert not isinstance(found[reader.workload], ForescaleError)
