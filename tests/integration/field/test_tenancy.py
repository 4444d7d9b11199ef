"""Who may read what, and what is counted once: a Prometheus that many share."""

from collections.abc import Iterator

import pytest

from scaler.config.sources import Labels, PrometheusSource
from scaler.config.workload import Workload
from scaler.errors import ForescaleError
from scaler.policy.model import Gap, Reason, Signal
from scaler.signals.prometheus import PrometheusHistory
from tests.integration.field.fleets import START, WAITING, FieldFleet
from tests.integration.prometheus import backfill, prometheus
from tests.unit.signals.workloads import FakeMeter, good, make_workload

pytestmark = pytest.mark.integration

OTHERS = ("llama-7d9c5bb84f-rstvw",)
AT = START + 1500
FLEETS = (
    FieldFleet(interval=15, length=1600, namespace="mine", labels={"tenant": "a"}),
    FieldFleet(interval=15, length=1600, namespace="theirs", labels={"tenant": "b"}),
    FieldFleet(interval=15, length=1600, namespace="paired", labels={"prometheus_replica": "0"}),
    FieldFleet(interval=15, length=1600, namespace="paired", labels={"prometheus_replica": "1"}),
    FieldFleet(interval=15, length=1600, namespace="twice", labels={"cluster": "eu"}),
    FieldFleet(interval=15, length=1600, namespace="twice", labels={"cluster": "us"}, pods=OTHERS),
    FieldFleet(interval=15, length=1600, namespace="mixed", pods=OTHERS),
    FieldFleet(interval=15, length=1600, namespace="mixed", model="other"),
    FieldFleet(
        interval=15,
        length=1600,
        namespace="renamed",
        namespace_label="kubernetes_namespace",
        pod_label="kubernetes_pod_name",
    ),
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("prometheus")
    backfill((each for fleet in FLEETS for each in fleet.scraped()), into=folder / "data")
    with prometheus(folder, data=folder / "data") as url:
        yield url


async def ask(url: str, workload: Workload, **source: object) -> object:
    """What is said about the queue: the number, the reason why there is none, or the error."""
    history = PrometheusHistory("main", PrometheusSource(url=url, **source), meter=FakeMeter())  # type: ignore[arg-type]
    try:
        answer = (await history.read([workload], range(AT, AT + 1)))[workload]
    finally:
        await history.close()
    if isinstance(answer, ForescaleError):
        return str(answer)
    waiting = answer[0].signals[Signal.WAITING]
    return waiting.reason if isinstance(waiting, Gap) else waiting.value


ESCAPES = (
    'namespace=~".*"',
    'namespace="theirs"',
    'tenant=~".*"',
    'tenant="b"',
    'tenant!="a"',
    'pod=~".*",tenant=`b`',
    'job="x\\"} or vllm:num_requests_waiting{tenant=\\"b"',
)


@pytest.mark.parametrize("matchers", ["", *ESCAPES])
async def test_matchers_of_metadata_never_widen_what_is_forced(address: str, matchers: str) -> None:
    forced = {"matchers": 'tenant="a"'}
    mine = await ask(address, make_workload(namespace="mine", matchers=matchers), **forced)
    assert mine in {2 * WAITING, Reason.ABSENT}
    theirs = make_workload(namespace="theirs", matchers=matchers)
    assert Reason.ABSENT == await ask(address, theirs, **forced)


async def test_a_source_answers_for_the_namespaces_that_it_is_for(address: str) -> None:
    for_mine = {"namespaces": ("mine",)}
    assert 2 * WAITING == await ask(address, make_workload(namespace="mine"), **for_mine)
    refused = await ask(address, make_workload(namespace="theirs"), **for_mine)
    assert "main: not for namespace theirs" == refused


async def test_a_pair_behind_one_address_counts_once(address: str) -> None:
    assert 2 * WAITING == await ask(address, make_workload(namespace="paired"))


async def test_two_clusters_with_one_namespace_are_ambiguous_until_one_is_named(
    address: str,
) -> None:
    both = make_workload(namespace="twice")
    assert Reason.AMBIGUOUS == await ask(address, both)
    assert WAITING == await ask(address, both, matchers='cluster="us"')
    one = make_workload(namespace="twice", matchers='cluster="eu"')
    assert 2 * WAITING == await ask(address, one)


async def test_two_models_are_ambiguous_until_one_is_named(address: str) -> None:
    assert Reason.AMBIGUOUS == await ask(address, make_workload(namespace="mixed"))
    assert WAITING == await ask(address, make_workload(namespace="mixed", model="m"))


async def test_labels_may_have_other_names(address: str) -> None:
    workload = make_workload(namespace="renamed")
    labels = Labels(namespace="kubernetes_namespace", pod="kubernetes_pod_name")
    assert Reason.ABSENT == await ask(address, workload)
    assert 2 * WAITING == await ask(address, workload, labels=labels)


async def test_an_own_query_that_is_refused_says_which_key_and_why(address: str) -> None:
    workload = make_workload(
        namespace="mine", engine="custom", queries={Signal.WAITING: "sum(up"}, activation_query="up"
    )
    said = str(await ask(address, workload))
    assert said.startswith("queueQuery: main: the query was refused, HTTP 400: bad_data:")


async def test_an_own_query_that_was_refused_is_not_run_every_tick(address: str) -> None:
    meter = FakeMeter()
    workload = make_workload(engine="custom", queries={Signal.WAITING: "sum(up"})
    sound = make_workload("sound", engine="custom", queries={Signal.WAITING: "vector(1)"})
    history = PrometheusHistory("main", PrometheusSource(url=address), meter=meter)
    for tick in range(AT, AT + 60, 15):
        await history.read([workload, sound], range(tick, tick + 1))
    await history.close()
    assert 1 == [error for _, error in meter.observed].count("malformed")


async def test_answers_about_thousands_of_workloads_come_in_bounded_pieces(address: str) -> None:
    meter = FakeMeter()
    history = PrometheusHistory("main", PrometheusSource(url=address), meter=meter)
    crowd = [make_workload(f"w-{index}", namespace="mine") for index in range(1500)]
    found = good(await history.read([*crowd, make_workload(namespace="mine")], range(AT, AT + 1)))
    await history.close()
    assert 1501 == len(found)
    assert 2 * WAITING == found[make_workload(namespace="mine")][0].value(Signal.WAITING)
    # Four groups of 400 for what is summed, thirty-one of fifty for the quantile.
    assert len(meter.observed) < 150
