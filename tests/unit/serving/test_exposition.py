from collections import Counter

import attrs
from prometheus_client.parser import text_string_to_metric_families

from scaler.runtime.board import Board, Published
from scaler.serving.exposition import PIECE, SERIES, pieces
from scaler.telemetry import METRICS, WORKLOAD, Telemetry
from tests.unit.serving.published import AT, NOW, published, workload


def telemetry() -> Telemetry:
    told = Telemetry(version="1.2.3")
    told.tick(0.1)
    told.observe("default", 0.2, None)
    told.observe("default", 5.0, "timeout")
    told.rpc("GetMetrics", "OK", 0.001)
    told.decided("models", "llama", winner="tokens")
    told.polled("models", "llama", at=AT)
    return told


def page(*all_published: Published, told: Telemetry | None = None) -> str:
    return "".join(pieces(all_published, telemetry=told or telemetry(), now=NOW))


def values(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(text: str, name: str, **labels: str) -> float | None:
    own = {"namespace": "models", "scaledobject": "llama", **labels}
    return values(text).get((f"forescale_{name}", frozenset(own.items())))


def test_page_says_what_was_published() -> None:
    text = page(published())
    assert 5.0 == value(text, "target_replicas")
    assert 5.0 == value(text, "recommendation_replicas", signal="tokens")
    assert 2000.0 == value(text, "signal_value", signal="tokens")
    assert 15.0 == value(text, "signal_age_seconds", signal="tokens")
    assert 1.0 == value(text, "signal_gap", signal="utilization", reason="absent")
    assert 4.0 == value(text, "wanted_replicas")
    assert 3.0 == value(text, "ready_replicas")
    assert 1.0 == value(text, "stuck_replicas", reason="Unschedulable")
    assert 0.0 == value(text, "stuck_replicas", reason="unknown")
    assert 2.0 == value(text, "unmet_replicas", reason="maxReplicas")
    assert 2.0 == value(text, "latency_objective_seconds")
    assert 500.0 == value(text, "capacity_tokens_per_second")
    assert 240.0 == value(text, "lead_time_seconds")
    assert 2500.0 == value(text, "forecast_demand", quantile="0.9")
    assert 0.25 == value(text, "forecast_skill_ratio")
    assert 0.91 == value(text, "forecast_coverage_ratio")
    assert 1.0 == value(text, "forecast_belief", belief="skill")
    assert 0.75 == value(text, "forecast_weight_ratio", model="ridge_short")
    assert 1.0 == value(text, "declared_event_ratio", event="launch")
    assert 0.5 == value(text, "declared_event_ratio", event="sale")
    assert 'event="batch"' not in text
    assert 1.0 == value(text, "decision_limited", by="maxReplicas")
    assert 1.0 == value(text, "decisions_total", winner="tokens")
    assert float(AT) == value(text, "last_poll_timestamp_seconds")


def test_what_is_not_known_has_no_series() -> None:
    text = page(published())
    assert value(text, "recommendation_replicas", signal="latency") is None
    assert value(text, "signal_value", signal="utilization") is None
    assert value(text, "reporting_replicas") is None
    assert value(text, "capacity_requests_per_second") is None


def test_every_exported_metric_is_declared_and_every_declared_one_is_exported() -> None:
    exported = {
        line.split()[2] for line in page(published()).splitlines() if line.startswith("# TYPE fore")
    }
    assert {metric.name for metric in METRICS} == exported


def test_labels_are_the_declared_ones() -> None:
    declared = {metric.name: set(WORKLOAD * metric.workload + metric.labels) for metric in METRICS}
    for name, labels in values(page(published())):
        base = name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count")
        if base in declared:
            assert declared[base] == {label for label, _ in labels} - {"le"}


def test_every_workload_metric_has_a_source() -> None:
    assert {m for m in METRICS if m.workload} == set(SERIES)


def test_old_target_is_not_exported_because_it_is_not_served() -> None:
    assert value(page(published(at=NOW - 1801)), "target_replicas") is None


def test_changed_metadata_give_no_series_twice() -> None:
    board = Board()
    board.post(published(digest="old", at=AT - 15, target=2))
    board.post(published(digest="new"))
    text = page(*board)
    lines = [line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")]
    assert [] == [line for line, times in Counter(lines).items() if times > 1]
    assert 5.0 == value(text, "target_replicas")


def test_pieces_stay_small() -> None:
    many = [published(f"w{i}") for i in range(3 * PIECE)]
    sizes = [piece.count("\n") for piece in pieces(many, telemetry=telemetry(), now=NOW)]
    assert 3 * PIECE * 2 < sum(sizes)
    assert max(sizes) <= 4 * PIECE


def test_labels_are_escaped() -> None:
    odd = attrs.evolve(published(), workload=workload('a"b\\c\nd'))
    labels = {dict(found).get("scaledobject") for _, found in values(page(odd))}
    assert 'a"b\\c\nd' in labels


def test_forgotten_workload_leaves_nothing_behind() -> None:
    told = telemetry()
    told.forget("models", "llama")
    text = page(published(), told=told)
    assert value(text, "decisions_total", winner="tokens") is None
    assert value(text, "last_poll_timestamp_seconds") is None
