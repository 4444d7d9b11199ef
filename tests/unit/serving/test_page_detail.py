import attrs
import pytest

from scaler.policy.model import Capacity, Decision
from scaler.runtime.board import Published
from scaler.serving.pages.detail import ANSWERS, Detail, Line, detail, serving
from scaler.serving.pages.subject import Subject
from scaler.serving.pages.trails import Trail
from scaler.serving.served import Answer
from tests.unit.serving.published import NOW, published


def shown(each: Published) -> Detail:
    subject = Subject(workload=each.workload, published=each, failure="", asked=NOW, now=NOW)
    return detail(subject, trail=Trail())


def known(**capacity: object) -> str:
    base = published()
    value = Capacity(**{"value": 500.0, **capacity})  # type: ignore[arg-type]
    knowledge = attrs.evolve(base.knowledge, capacity=value)
    return shown(attrs.evolve(base, knowledge=knowledge)).knowledge["capacity of a replica"]


def test_recommendations_are_bars_with_their_sums() -> None:
    tokens, latency = shown(published()).bars
    assert (100.0, True) == (tokens.share, tokens.wins)
    assert "2000 / (0.8 * 500)" == tokens.worked
    assert {} == tokens.beside
    assert (0.0, False) == (latency.share, latency.wins)


def test_bars_are_as_long_as_what_is_asked_for() -> None:
    base = published()
    work, latency = base.decision.recommendations
    less = attrs.evolve(work, signal="queue", replicas=1.25, terms={**work.terms, "waiting": 6.0})
    decision = attrs.evolve(base.decision, recommendations=(work, less, latency))
    bars = shown(attrs.evolve(base, decision=decision)).bars
    assert [100.0, 25.0, 0.0] == [bar.share for bar in bars]
    assert {"waiting": "6"} == bars[1].beside


def test_chain_begins_with_what_the_winner_asks_for() -> None:
    assert "5" == shown(published()).wish


def test_chain_without_a_winner_begins_with_what_was_limited_or_decided() -> None:
    base = published()
    agreed = attrs.evolve(base.decision, winner="agreement")
    assert "7" == shown(attrs.evolve(base, decision=agreed)).wish
    silent = Decision(at=base.decision.at, target=None, active=True)
    assert "nothing" == shown(attrs.evolve(base, decision=silent)).wish


def test_readings_have_units_and_ages_and_gaps_are_loud_or_quiet() -> None:
    lines = {line.name: line for line in shown(published()).readings}
    assert Line(name="tokens", text="2,000 tokens/s", about="", age="15 s") == lines["tokens"]
    absent = Line(name="utilization", text="absent", about="no DCGM", quiet=True)
    assert absent == lines["utilization"]
    assert Line(name="reporting", text="stale", about="", loud=True) == lines["reporting"]


def test_knowledge_says_where_the_capacity_comes_from() -> None:
    assert "500 tokens/s, from 12 samples" == known(samples=12)
    assert "at least 500 tokens/s, the most that one bore so far" == known(lower_bound=True)


def test_knowledge_is_told_with_its_units() -> None:
    knowledge = shown(published()).knowledge
    assert "900 tokens" == knowledge["a request"]
    assert "4m" == knowledge["lead time"]
    assert "2,500 tokens/s within the lead time" == knowledge["forecast"]
    launch = "launch, 2023-11-14 22:12:30 UTC to 2023-11-14 23:13:30 UTC"
    assert launch == knowledge["declared"].partition("; ")[0]
    assert (
        "skill; skill 0.25 over the present; 91% of the bounds held; by ridge_short, ar_short"
        == knowledge["how it is believed"]
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("evaluationInterval", "15s"),
        ("tokensPerReplica", "learned"),
        ("capacity", "learn"),
        ("latencyTarget", "2s"),
        ("mode", "on"),
        ("headroom", "0.8"),
        ("scaleUpPolicies", "100%/15s,4/15s"),
        ("scaleDownWindow", "auto"),
        ("holdFor", "30m"),
    ],
)
def test_settings_are_written_as_their_owner_does(name: str, text: str) -> None:
    assert text == shown(published()).spec[name]


def test_what_was_served_last_comes_first() -> None:
    answers = [
        Answer(at=i, decided=i, target=i, active=True, winner="w", digest="d", build="b")
        for i in range(100)
    ]
    told = serving(shown(published()), answers).answers
    assert list(range(99, 99 - ANSWERS, -1)) == [answer.at for answer in told]


def test_workload_without_a_decision_shows_what_was_asked_for() -> None:
    each = published()
    subject = Subject(workload=each.workload, published=None, failure="why", asked=None, now=NOW)
    bare = detail(subject, trail=Trail())
    assert ((), {}) == (bare.bars, bare.knowledge)
    assert "0.8" == bare.spec["headroom"]
