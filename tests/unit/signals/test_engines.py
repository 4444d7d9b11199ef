"""Every engine's page in its own format, and the readings that come of it."""

import pytest

from scaler.config.engines import ENGINES
from scaler.policy.model import Reason, Signal
from scaler.policy.spec import Spec, Vote
from scaler.signals.catalog import ROWS
from tests.unit.signals.engine_cases import CASES, PODS, Case, page, summary
from tests.unit.signals.scraped import scraped_readings
from tests.unit.signals.workloads import make_workload


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_page_becomes_readings(case: Case) -> None:
    readings = scraped_readings(
        case.workload, lambda scrape: dict.fromkeys(PODS, page(case.page, scrape=scrape))
    )
    found = {signal: readings.value(signal) for signal in case.expected}
    assert pytest.approx(dict(case.expected)) == found


def test_every_engine_that_can_be_named_has_a_row() -> None:
    assert set(ENGINES) == set(ROWS)


def test_every_engine_but_the_custom_one_has_a_page() -> None:
    assert set(ROWS) - {"custom"} == {case.engine for case in CASES}


@pytest.mark.parametrize("name", sorted(set(ENGINES) - {"custom"}))
def test_the_default_latency_of_an_engine_is_one_that_it_exposes(name: str) -> None:
    assert ENGINES[name].latency in ROWS[name].latencies


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_an_engine_counts_tokens_if_it_says_so(name: str) -> None:
    assert ENGINES[name].tokens == (Signal.TOKENS in ROWS[name].signals)


@pytest.mark.parametrize(
    ("name", "mean"),
    [("dcgm_exported", (0.9 + 0.6) / 2), ("dcgm_honored", 0.4), ("dcgm_shared", 0.5)],
)
def test_utilization_is_the_mean_over_the_devices_of_the_workloads_own_pods(
    name: str, mean: float
) -> None:
    readings = scraped_readings(make_workload(), lambda _: {"exporter": page(name)})
    assert pytest.approx(mean) == readings.value(Signal.UTILIZATION)


def test_utilization_without_a_vote_is_not_read() -> None:
    workload = make_workload(spec=Spec(utilization=Vote.OFF))
    readings = scraped_readings(workload, lambda _: {"exporter": page("dcgm_honored")})
    assert Signal.UTILIZATION not in readings.signals


def test_the_cluster_says_what_is_wanted_ready_and_stuck() -> None:
    readings = scraped_readings(make_workload(), lambda _: {"kube": page("kube")})
    expected = {"wanted": 5.0, "ready": 2.0, "stuck": 2.0, "reporting": 0.0}
    found = summary(readings)
    assert expected == {name: found[name] for name in expected}
    assert {"ImagePullBackOff": 1, "Unschedulable": 1} == readings.stuck_for


def test_two_models_where_none_is_named_are_ambiguous() -> None:
    other = page("vllm_v1").replace("llama-8b", "llama-70b")
    readings = scraped_readings(make_workload(), lambda _: {"a": page("vllm_v1"), "b": other})
    assert Reason.AMBIGUOUS == summary(readings)["waiting"]
    assert Reason.AMBIGUOUS == summary(readings)["reporting"]


def test_of_two_models_the_one_that_is_named_counts() -> None:
    other = page("vllm_v1").replace("llama-8b", "llama-70b")
    workload = make_workload(model="meta/llama-8b")
    readings = scraped_readings(workload, lambda _: {"a": page("vllm_v1"), "b": other})
    assert readings.value(Signal.WAITING) == 3.0


def test_a_metric_that_was_renamed_to_something_unknown_is_absent() -> None:
    renamed = page("vllm_v1").replace("num_requests_waiting", "queue_length")
    readings = scraped_readings(make_workload(), lambda _: {"a": renamed})
    assert Reason.ABSENT == summary(readings)["waiting"]
    assert summary(readings)["running"] == 12.0


def test_both_names_of_a_renamed_metric_count_once() -> None:
    both = page("vllm_v1") + page("vllm_v0")
    readings = scraped_readings(make_workload(), lambda _: {"a": both})
    assert summary(readings)["cache"] == 0.25


def test_half_of_the_token_counters_is_no_token_rate() -> None:
    def half(scrape: int) -> dict[str, str]:
        return {"a": page("vllm_v1", scrape=scrape).replace("generation_tokens", "other_tokens")}

    assert Reason.ABSENT == summary(scraped_readings(make_workload(), half))["tokens"]


def test_a_restarted_replica_loses_no_counts() -> None:
    def restarting(scrape: int) -> dict[str, str]:
        return {"a": page("vllm_v1", scrape=scrape if scrape < 8 else scrape - 18)}

    readings = scraped_readings(make_workload(), restarting)
    assert (readings.value(Signal.TOKENS) or 0.0) > 0.0


def test_no_request_in_the_window_is_idle() -> None:
    readings = scraped_readings(make_workload(), lambda _: {"a": page("vllm_v1")})
    assert Reason.IDLE == summary(readings)["latency"]
    assert summary(readings)["tokens"] == 0.0


def test_a_quantile_of_few_requests_is_sparse() -> None:
    def slow(scrape: int) -> dict[str, str]:
        return {"a": page("vllm_v1", scrape=0 if scrape < 9 else 1)}

    assert Reason.SPARSE == summary(scraped_readings(make_workload(), slow))["latency"]


def test_a_latency_that_the_engine_does_not_expose_is_absent() -> None:
    workload = make_workload(engine="tgi", latency_metric="ttft")
    assert Reason.ABSENT == summary(scraped_readings(workload, lambda _: {}))["latency"]


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-1.0", "1e300"])
def test_what_can_be_no_measurement_is_malformed(value: str) -> None:
    broken = page("vllm_v1").replace(
        '_waiting{engine="0",model_name="meta/llama-8b"} 3.0',
        f'_waiting{{engine="0",model_name="meta/llama-8b"}} {value}',
    )
    readings = scraped_readings(make_workload(), lambda _: {"a": broken})
    assert Reason.MALFORMED == summary(readings)["waiting"]


def test_a_share_over_one_is_malformed() -> None:
    broken = page("vllm_v1").replace("} 0.25\n", "} 25.0\n")
    readings = scraped_readings(make_workload(), lambda _: {"a": broken})
    assert Reason.MALFORMED == summary(readings)["cache"]
