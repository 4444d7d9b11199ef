"""The same pages, scraped by us and through a real Prometheus, are the same readings."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import attrs
import pytest

from scaler.config.sources import Labels, PrometheusSource
from scaler.config.workload import Workload
from scaler.errors import ForescaleError, SignalMalformed
from scaler.policy.model import Gap, Reason, Signal
from scaler.signals.prometheus import PrometheusHistory
from tests.integration.prometheus import Scraped, backfill, prometheus
from tests.unit.signals.engine_cases import (
    CASES,
    FIRST,
    LAST,
    PODS,
    SCRAPES,
    STEP,
    Case,
    page,
    summary,
)
from tests.unit.signals.scraped import scraped_readings
from tests.unit.signals.workloads import FakeMeter, good, make_workload

pytestmark = pytest.mark.integration

PagesAt = Callable[[int], Mapping[str, str]]
"""Pages by pod at a scrape."""


def steady(name: str, **exporters: str) -> PagesAt:
    """Both pods serve this page, and exporters theirs."""
    return lambda scrape: {
        **dict.fromkeys(PODS, page(name, scrape=scrape)),
        **{exporter: page(about, scrape=scrape) for exporter, about in exporters.items()},
    }


def target(endpoint: str, *, namespace: str) -> Mapping[str, str]:
    """What Prometheus puts on the series of an endpoint."""
    match endpoint:
        case "honored":
            return {"instance": endpoint}
        case "plain":
            return {"namespace": "monitoring", "pod": "exporter-0", "instance": endpoint}
        case pod:
            return {"namespace": namespace, "pod": pod}


def with_both_names(scrape: int) -> Mapping[str, str]:
    return dict.fromkeys(PODS, page("vllm_v1", scrape=scrape) + page("vllm_v0", scrape=scrape))


def restarting(scrape: int) -> Mapping[str, str]:
    young = max(0, scrape - 6) if scrape > 6 else scrape
    return {PODS[0]: page("vllm_v1", scrape=scrape), PODS[1]: page("vllm_v1", scrape=young - 5)}


def appearing(scrape: int) -> Mapping[str, str]:
    pages = {PODS[0]: page("vllm_v1", scrape=scrape)}
    return {**pages, PODS[1]: page("vllm_v1", scrape=scrape - 5)} if scrape > 6 else pages


def of_two_models(scrape: int) -> Mapping[str, str]:
    text = page("vllm_v1", scrape=scrape)
    return {PODS[0]: text, PODS[1]: text.replace("llama-8b", "llama-70b")}


def broken(scrape: int) -> Mapping[str, str]:
    return {PODS[0]: page("vllm_v1", scrape=scrape).replace("} 3.0\n", "} NaN\n")}


@attrs.frozen(kw_only=True)
class Situation:
    """A world of its own, in a namespace of its own."""

    name: str
    workload: Workload
    pages: PagesAt

    def __str__(self) -> str:
        return self.name


def _situations() -> Iterator[Situation]:
    for index, case in enumerate(CASES):
        yield _of_case(case, namespace=f"case-{index}")
    for name, pages in (
        ("gpus-exported", steady("vllm_v1", honored="dcgm_exported")),
        ("gpus-honored", steady("vllm_v1", honored="dcgm_honored")),
        ("gpus-plain", steady("vllm_v1", plain="dcgm_honored")),
        ("gpus-shared", steady("vllm_v1", honored="dcgm_shared")),
        ("cluster", steady("vllm_v1", honored="kube")),
        ("cluster-plain", steady("vllm_v1", plain="kube")),
        ("both-names", with_both_names),
        ("restarting", restarting),
        ("appearing", appearing),
        ("two-models", of_two_models),
        ("broken", broken),
        ("idle", lambda _: dict.fromkeys(PODS, page("vllm_v1"))),
        ("gone", lambda _: {}),
    ):
        yield Situation(name=name, workload=make_workload(namespace=name), pages=_in(name, pages))
    named = make_workload(namespace="named", model="meta/llama-8b")
    yield Situation(name="named", workload=named, pages=_in("named", of_two_models))


def _of_case(case: Case, *, namespace: str) -> Situation:
    workload = make_workload(engine=case.engine, namespace=namespace, **case.watch)
    return Situation(name=f"{case}", workload=workload, pages=_in(namespace, steady(case.page)))


def _in(namespace: str, pages: PagesAt) -> PagesAt:
    """The pages, with what they say about the namespace `models` said about another."""
    return lambda scrape: {
        pod: text.replace('namespace="models"', f'namespace="{namespace}"')
        for pod, text in pages(scrape).items()
    }


SITUATIONS = tuple(_situations())


def _samples(*, servers: tuple[str, ...] = ("",)) -> Iterator[Scraped]:
    for situation in SITUATIONS:
        namespace = situation.workload.watch.namespace
        for scrape in range(SCRAPES):
            for endpoint, text in situation.pages(scrape).items():
                labels = target(endpoint, namespace=namespace)
                for server in servers:
                    replica = {"prometheus_replica": server} if server else {}
                    yield Scraped(FIRST + scrape * STEP, {**labels, **replica}, text)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("prometheus")
    backfill(_samples(), into=folder / "data")
    with prometheus(folder, data=folder / "data") as url:
        yield url


async def read(url: str, *workloads: Workload, **source: object) -> list[dict[str, float | Reason]]:
    history = PrometheusHistory(
        "default",
        PrometheusSource(url=url, **source),  # type: ignore[arg-type]
        meter=FakeMeter(),
    )
    try:
        found = good(await history.read(workloads, range(LAST, LAST + 1)))
    finally:
        await history.close()
    return [summary(found[workload][0]) for workload in workloads]


def assert_same(
    expected: Mapping[str, float | Reason], found: Mapping[str, float | Reason]
) -> None:
    reasons = {name: value for name, value in expected.items() if isinstance(value, Reason)}
    values = {name: value for name, value in expected.items() if name not in reasons}
    assert expected.keys() == found.keys()
    assert reasons == {name: found[name] for name in reasons}
    assert pytest.approx(values, rel=1e-6) == {name: found[name] for name in values}


@pytest.mark.parametrize("situation", SITUATIONS, ids=str)
async def test_both_sources_give_the_same_readings(address: str, situation: Situation) -> None:
    [found] = await read(address, situation.workload)
    scraped = summary(scraped_readings(situation.workload, situation.pages))
    assert_same(scraped, found)


async def test_all_at_once_are_read_as_each_alone(address: str) -> None:
    workloads = [situation.workload for situation in SITUATIONS]
    together = await read(address, *workloads)
    alone = [(await read(address, workload))[0] for workload in workloads]
    assert alone == together


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_values_through_prometheus_are_those_worked_out_by_hand(
    address: str, case: Case
) -> None:
    index = CASES.index(case)
    [found] = await read(address, SITUATIONS[index].workload)
    expected = {str(signal): value for signal, value in case.expected.items()}
    assert pytest.approx(expected) == {name: found[name] for name in expected}


async def test_a_pair_of_servers_behind_one_address_counts_once(tmp_path: Path) -> None:
    backfill(_samples(servers=("a", "b")), into=tmp_path / "data")
    workloads = [situation.workload for situation in SITUATIONS]
    with prometheus(tmp_path, data=tmp_path / "data") as url:
        found = await read(url, *workloads)
    scraped = [summary(scraped_readings(each.workload, each.pages)) for each in SITUATIONS]
    for expected, readings in zip(scraped, found, strict=True):
        assert_same(expected, readings)


async def test_a_range_is_what_its_ticks_are_one_by_one(address: str) -> None:
    workload = SITUATIONS[0].workload
    history = PrometheusHistory("default", PrometheusSource(url=address), meter=FakeMeter())
    ticks = range(FIRST - 60, LAST + 600, STEP)
    together = good(await history.read([workload], ticks))[workload]
    alone = [good(await history.read([workload], range(at, at + 1)))[workload][0] for at in ticks]
    await history.close()
    assert alone == together
    assert list(ticks) == [readings.at for readings in together]


async def test_samples_that_are_too_old_are_stale_and_then_absent(address: str) -> None:
    workload = SITUATIONS[0].workload
    history = PrometheusHistory("default", PrometheusSource(url=address), meter=FakeMeter())
    stale_after = workload.spec.stale_after
    fresh, stale, absent = [
        good(await history.read([workload], range(at, at + 1)))[workload][0]
        for at in (LAST + stale_after, LAST + stale_after + 1, LAST + 301)
    ]
    await history.close()
    assert fresh.value(Signal.WAITING) == 6.0
    waiting = stale.signals[Signal.WAITING]
    assert isinstance(waiting, Gap)
    assert (Reason.STALE, "the newest sample is 121 s old") == (waiting.reason, waiting.detail)
    assert summary(stale)["reporting"] == 0.0
    assert Reason.ABSENT == summary(absent)["waiting"]


async def test_own_queries_run_as_they_are(address: str) -> None:
    workload = make_workload(
        engine="custom",
        queries={
            Signal.WAITING: 'sum(vllm:num_requests_waiting{namespace="case-0"})',
            Signal.TOKENS: 'vllm:generation_tokens_total{namespace="case-0"}',
            Signal.LATENCY: "scalar(vector(NaN))",
            Signal.UTILIZATION: "vector(0.5)",
            Signal.REQUESTS: "nothing_of_that_name",
        },
        activation_query='max(vllm:num_requests_running{namespace="case-0"})',
    )
    [found] = await read(address, workload)
    expected = {
        "waiting": 6.0,
        "tokens": Reason.AMBIGUOUS,
        "latency": Reason.IDLE,
        "utilization": 0.5,
        "requests": Reason.ABSENT,
        "activation": 12.0,
    }
    assert expected == {name: found[name] for name in expected}


async def test_a_refused_query_costs_its_own_workload_only(address: str) -> None:
    broken_one = make_workload(engine="custom", queries={Signal.WAITING: "sum(("})
    sound = SITUATIONS[0].workload
    history = PrometheusHistory("default", PrometheusSource(url=address), meter=FakeMeter())
    found = await history.read([broken_one, sound], range(LAST, LAST + 1))
    await history.close()
    refusal = found[broken_one]
    assert isinstance(refusal, SignalMalformed)
    assert str(refusal).startswith("queueQuery: default: the query was refused, HTTP 400")
    assert not isinstance(found[sound], ForescaleError)


async def test_matchers_narrow_what_is_read(address: str) -> None:
    only_one = make_workload(namespace="case-0", matchers=f'pod="{PODS[0]}"')
    nobody = make_workload(namespace="case-0", matchers='cluster="elsewhere"')
    assert [3.0] == [found["waiting"] for found in await read(address, only_one)]
    assert [Reason.ABSENT] == [found["waiting"] for found in await read(address, nobody)]
    forced = await read(address, SITUATIONS[0].workload, matchers='cluster!=""')
    assert [Reason.ABSENT] == [found["waiting"] for found in forced]


async def test_two_clusters_in_one_answer_are_ambiguous(address: str) -> None:
    # Nothing else tells the pods apart here, so the pod's own label plays the cluster's part.
    [found] = await read(address, SITUATIONS[0].workload, labels=Labels(cluster="pod"))
    assert Reason.AMBIGUOUS == found["waiting"]


async def test_a_workload_does_not_take_in_another_whose_name_it_begins(address: str) -> None:
    shorter = make_workload(name="lla", namespace="case-0")
    [found] = await read(address, shorter)
    assert Reason.ABSENT == found["waiting"]


async def test_a_hostile_name_reads_nothing_of_others(address: str) -> None:
    hostile = make_workload(name='llama|.*"}) or vector(1) #', namespace="case-0")
    [found] = await read(address, hostile)
    assert {Reason.ABSENT} == {found["waiting"], found["tokens"], found["cache"]}
