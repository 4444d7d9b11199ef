"""What one look at the signals says, in a sentence that says what to do."""

import attrs
import pytest

from scaler.config.check.finding import Code, Finding, Severity
from scaler.config.check.live import looked, unseen
from scaler.config.check.report import Asked
from scaler.config.settings import Settings
from scaler.errors import SignalMalformed, SignalTimeout, SignalUnavailable
from scaler.policy.model import Gap, Reason
from tests.builders import readings
from tests.unit.check.objects import METADATA, SETTINGS, put, report, right

OPEN = attrs.evolve(SETTINGS, allowed_addresses=("http://here:1",))
SCRAPE = {"source": "scrape", "endpoints": "http://here:1/metrics"}
NO_DEMAND = readings(running=None, waiting=None, tokens=None, requests=None)


def asked(**metadata: str) -> Asked:
    document = right()
    for key, value in metadata.items():
        put(document, f"{METADATA}.{key}", value)
    (found,) = report(document, settings=OPEN).asked
    return found


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_signals_that_are_there_are_clean() -> None:
    assert [] == looked(asked(), readings())


def test_signals_that_are_well_and_idle_are_clean() -> None:
    idle = Gap(reason=Reason.IDLE)
    quiet = readings(running=idle, waiting=idle, tokens=None, requests=None, utilization=None)
    assert [] == looked(asked(), quiet)


@pytest.mark.parametrize(
    ("metadata", "key", "do"),
    [
        ({}, "prometheus", "is the url of source default right, and can it be reached from here?"),
        (SCRAPE, "endpoints", "is http://here:1/metrics right"),
        ({"serverAddress": "http://here:1"}, "serverAddress", "is http://here:1 right"),
    ],
)
def test_wrong_address_is_one_sentence(metadata: dict[str, str], key: str, do: str) -> None:
    finding = only(looked(asked(**metadata), SignalUnavailable("default: refused")))
    assert (Code.NO_ANSWER, key) == (finding.code, finding.key)
    assert "gives no answer: default: refused" == finding.says
    assert finding.do.startswith(do)
    assert "models/llama" == finding.about


def test_query_that_is_no_promql_is_the_one_to_correct() -> None:
    error = SignalMalformed("default: the query was refused")
    finding = only(looked(asked(queueQuery="sum("), error))
    assert "run your own queries by hand" in finding.do


def test_silent_source_is_named() -> None:
    assert "no answer in 5 s" in only(looked(asked(), SignalTimeout("no answer in 5 s"))).says


@pytest.mark.parametrize(
    ("metadata", "do"),
    [
        ({}, 'metrics with namespace "models" and pods of Deployment llama'),
        (SCRAPE, "look at http://here:1/metrics: is it the /metrics page of vllm?"),
    ],
)
def test_metrics_of_another_engine_are_one_sentence(metadata: dict[str, str], do: str) -> None:
    finding = only(looked(asked(**metadata), NO_DEMAND))
    assert (Code.NO_DEMAND, "engine", "vllm") == (finding.code, finding.key, finding.value)
    assert do in finding.do


def test_own_query_that_finds_nothing_is_named() -> None:
    finding = only(looked(asked(queueQuery="sum(nothing)"), readings(waiting=None)))
    assert (Code.EMPTY_QUERY, "queueQuery", "sum(nothing)") == (
        finding.code,
        finding.key,
        finding.value,
    )


@pytest.mark.parametrize(
    ("reason", "code", "key"),
    [
        (Reason.AMBIGUOUS, Code.AMBIGUOUS, "model"),
        (Reason.STALE, Code.BAD_SIGNAL, "queueQuery"),
        (Reason.MALFORMED, Code.BAD_SIGNAL, "queueQuery"),
    ],
)
def test_signals_that_cannot_be_used_are_named(reason: Reason, code: Code, key: str) -> None:
    gap = Gap(reason=reason, detail="a and b")
    finding = only(looked(asked(), readings(waiting=gap)))
    assert (code, key) == (finding.code, finding.key)
    assert f"waiting is {reason} (a and b)" == finding.says
    assert finding.do


def test_source_that_is_not_known_here_is_named() -> None:
    finding = unseen(attrs.evolve(asked(), settings=Settings()))
    assert finding is not None
    assert "FORESCALE_PROMETHEUS_URL" in finding.do
    assert unseen(asked()) is None
    assert unseen(attrs.evolve(asked(**SCRAPE), settings=Settings())) is None


def test_values_that_only_the_container_knows_are_not_guessed() -> None:
    finding = unseen(asked(modelFromEnv="MODEL"))
    assert finding is not None
    assert (Severity.NOTE, "modelFromEnv") == (finding.severity, finding.key)
