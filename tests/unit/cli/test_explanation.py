from typing import Any

import orjson
import pytest

from scaler.cli.explanation import explained, served
from scaler.cluster.facts import Facts
from scaler.cluster.mile import LastMile
from scaler.cluster.objects import Hpa
from scaler.serving.documents import explanation
from scaler.serving.formula import by_hand
from tests.unit.serving.published import NOW, published


def document(**changed: Any) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(orjson.dumps(explanation(published(), now=NOW)))
    return {**found, **changed}


def test_formula_is_written_out_with_its_numbers() -> None:
    terms = {"demand": 2000.0, "headroom": 0.8, "capacity": 512.25}
    written = by_hand("demand / (headroom * capacity)", terms)
    assert "2000 / (0.8 * 512.25)" == written


def test_words_that_are_no_terms_stay() -> None:
    assert "max(2, unknown)" == by_hand("max(a, unknown)", {"a": 2.0, "b": 3.0})


def test_whole_explanation() -> None:
    assert [
        "models/llama (vllm, model llama-3)",
        "  target 5, active, by tokens",
        "  decided 10 s ago, at 2023-11-14T22:13:30Z",
        "  asks for",
        "    tokens        5 replicas = demand / (headroom * capacity) = 2000 / (0.8 * 500)",
        "    latency       no say [forbids fewer] (near its objective)",
        "  then",
        "    maxReplicas: 7 became 5 (asked for 7)",
        "  missing",
        "    utilization   absent",
        "  read",
        "    wanted        4, 10 s old",
        "    ready         3, 10 s old",
        "    stuck         1, 10 s old, 1 Unschedulable",
        "    reporting     - stale",
        "    tokens        2000, 15 s old",
        "    utilization   - absent (no DCGM)",
        "  known",
        "    capacity      500 tokens/s a replica, from 12 samples",
        "    a request     900 tokens",
        "    lead time     240 s",
        "    forecast      2500 tokens/s within the lead time",
        f"{'':<18}skill; skill 0.25; 91% of the bounds held, 90% promised; "
        "by ridge_short 75%, ar_short 25%",
        "    declared      launch: 2023-11-14T22:12:30Z to 2023-11-14T23:13:30Z, "
        "4 replicas at least",
        f"{'':<18}sale: 2023-11-14T23:13:30Z to 2023-11-15T00:13:30Z, "
        "2.5 times the usual, builds up and fades over 6600 s",
        f"{'':<18}batch: 2023-11-15T22:13:30Z to 2023-11-15T23:13:30Z, 800 tokens/s at least",
    ] == explained(document())


def test_the_last_mile_is_what_the_hpa_and_the_pods_made_of_it() -> None:
    hpa = Hpa(
        tolerance_up=0.0,
        tolerance_down=0.0,
        desired=5,
        conditions={"ScalingLimited": "TooManyReplicas: at most 5"},
    )
    facts = Facts(
        at=NOW - 3, wanted=5, present=5, ready=2, pending=(8, 34), stuck={"Unschedulable": 1}
    )
    mile = LastMile(hpa=hpa, facts=facts, trouble="the API server: 503")
    told = explanation(published(), now=NOW, asked=NOW - 12, mile=mile)
    lines = explained(orjson.loads(orjson.dumps(told)))
    assert [
        "  last mile",
        "    KEDA          last asked at 2023-11-14T22:13:28Z",
        "    HPA           asks for 5",
        "                  ScalingLimited: TooManyReplicas: at most 5",
        "    pods          5 created, 2 ready, 2 pending for up to 34 s, 0 terminating, "
        "1 stuck: Unschedulable, 3 s ago",
        "                  not seen since: the API server: 503",
    ] == lines[lines.index("  last mile") :]


def test_no_target_says_why() -> None:
    lines = explained(document(target=None, note="no demand signal for 1800 s (holdFor)"))
    assert "  no target: no demand signal for 1800 s (holdFor)" == lines[1]


def test_capacity_that_was_never_met_is_a_least() -> None:
    knowledge = {
        **document()["knowledge"],
        "capacity": {"value": 300.0, "samples": 4, "lower_bound": True},
    }
    lines = explained(document(knowledge=knowledge))
    assert "    capacity      at least 300 tokens/s a replica, from 4 samples" in lines


@pytest.mark.parametrize(
    ("value", "samples", "origin"),
    [
        (300.0, 0, "as given"),
        (340.0, 0, "the most that one bore so far"),
        (280.0, 1, "from 1 sample"),
    ],
)
def test_capacity_says_where_it_comes_from(value: float, samples: int, origin: str) -> None:
    capacity = {"value": value, "samples": samples, "lower_bound": False}
    spec = {**document()["spec"], "prior": 300.0}
    lines = explained(
        document(knowledge={**document()["knowledge"], "capacity": capacity}, spec=spec)
    )
    assert f"    capacity      {value:g} tokens/s a replica, {origin}" in lines


def test_a_forecast_says_how_far_it_is_believed_and_why() -> None:
    forecast = {
        "belief": "no_skill",
        "note": "",
        "skill": -0.02,
        "coverage": 0.9,
        "quantile": 0.9,
        "chosen": [["reactive", 1.0]],
    }
    lines = explained(document(knowledge={**document()["knowledge"], "forecast": forecast}))
    said = "no skill; skill -0.02; 90% of the bounds held, 90% promised; by reactive 100%"
    assert f"{'':<18}{said}" in lines


def test_what_was_served() -> None:
    answer = {
        "at": NOW,
        "decided": NOW - 10,
        "target": 3,
        "active": True,
        "winner": "queue",
        "digest": "abc",
        "build": "1.2.3",
    }
    past = {"namespace": "models", "name": "llama", "to": NOW, "decisions": [answer]}
    assert [
        "models/llama: 3, active since 2023-11-14T22:13:40Z, by queue, "
        "decided at 2023-11-14T22:13:30Z by version 1.2.3"
    ] == served(past)


def test_nothing_served_is_said_so() -> None:
    past = {"namespace": "models", "name": "llama", "to": NOW, "lasting": True, "decisions": []}
    nothing = "models/llama: nothing was served at 2023-11-14T22:13:40Z, as far as"
    assert [f"{nothing} is remembered"] == served(past)
    (line,) = served({**past, "lasting": False})
    assert f"{nothing} this process knows: `state` is not set, so that no history is kept" == line


def test_of_many_declared_events_the_next_ones_are_listed() -> None:
    knowledge = document()["knowledge"]
    many = {**knowledge, "declared": knowledge["declared"] * 3}
    lines = explained(document(knowledge=many))

    assert "and 4 more in the next two days" == lines[-1].strip()
    assert 5 == sum(" 2023-11-1" in line and " to " in line for line in lines)
