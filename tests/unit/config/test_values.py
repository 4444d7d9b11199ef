import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.config import values
from scaler.config.values import Invalid
from scaler.policy.spec import ScalingPolicy


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", 30.0),
        ("5m", 300.0),
        ("1h30m", 5400.0),
        ("1.5h", 5400.0),
        ("500ms", 0.5),
        ("250us", 0.00025),
        ("250µs", 0.00025),
        ("90", 90.0),
        ("0", 0.0),
        (" 2s ", 2.0),
    ],
)
def test_durations_are_written_as_in_go(text: str, expected: float) -> None:
    assert expected == pytest.approx(values.seconds()(text))


@pytest.mark.parametrize("text", ["", "s", "1d", "-5s", "1.5", "5 m", "1h 30m", "NaN", "5M", "+3s"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(Invalid, match="must be a duration such as 30s"):
        values.seconds()(text)


def test_a_day_is_said_to_be_24_hours() -> None:
    with pytest.raises(Invalid) as refusal:
        values.seconds()("1d")
    assert "a day is 24h" == refusal.value.hint


def test_bounds_are_named_as_a_person_would() -> None:
    with pytest.raises(Invalid, match="must be between 1s and 1h"):
        values.whole_seconds(low=1, high=3600)("2h")


def test_fractions_of_a_second_are_refused_where_whole_ones_count() -> None:
    with pytest.raises(Invalid, match="whole number of seconds"):
        values.whole_seconds()("1500ms")


@pytest.mark.parametrize("text", ["Deployment", " StatefulSet ", "LLMInferenceService", "Fleet2"])
def test_any_kind_may_be_named(text: str) -> None:
    assert text.strip() == values.kind(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("deployment", "Deployment"),
        ("Statefulset", "StatefulSet"),
        ("STATEFULSET", "StatefulSet"),
        ("leader-worker-set", "LeaderWorkerSet"),
        ("rollouts", "Rollout"),
        ("apps/v1 Deployment", "Deployment"),
        ("inferenceservice", "InferenceService"),
    ],
)
def test_a_kind_in_another_spelling_is_refused_and_the_one_that_is_meant_is_named(
    text: str, meant: str
) -> None:
    with pytest.raises(Invalid, match="must be a kind as its API spells it") as refusal:
        values.kind(text)
    assert f"did you mean {meant!r}?" == refusal.value.hint


@pytest.mark.parametrize("text", ["", "sts", "my fleet", "FLEET", "Fleet.v1"])
def test_what_is_no_kind_is_refused_without_a_guess(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        values.kind(text)
    assert "" == refusal.value.hint


@pytest.mark.parametrize("text", ["nan", "inf", "1e400", "0x10", "1_000", "", "--1", "1,5", "٣"])
def test_what_is_not_a_plain_decimal_is_no_number(text: str) -> None:
    with pytest.raises(Invalid):
        values.number()(text)


@given(st.text())
def test_every_number_that_passes_is_finite(text: str) -> None:
    try:
        found = values.number()(text)
    except Invalid:
        return
    assert math.isfinite(found)
    assert found >= 0


def test_policies_are_those_of_the_hpa() -> None:
    expected = (
        ScalingPolicy(amount=100, percent=True, period=15),
        ScalingPolicy(amount=4, percent=False, period=60),
    )
    assert expected == values.policies("100%/15s, 4/1m")


@pytest.mark.parametrize("text", ["", "4", "4/", "/15s", "0/15s", "4/31m", "-4/15s", "4%%/15s"])
def test_policies_outside_of_the_hpas_bounds_are_refused(text: str) -> None:
    with pytest.raises(Invalid):
        values.policies(text)


@pytest.mark.parametrize(
    "text", ['job="vllm"', 'a="b",c=~"d|e",', "a='b'", "a=`b`", r'a="say \"}\""', ""]
)
def test_matchers_are_promql(text: str) -> None:
    assert text.removesuffix(",") == values.matchers(text)


@pytest.mark.parametrize(
    "text", ['a="b"} or vector(1) or x{a="', 'a="b" c="d"', "a=b", '{a="b"}', 'a="b",,c="d"', "a"]
)
def test_matchers_cannot_leave_their_braces(text: str) -> None:
    with pytest.raises(Invalid, match="must be PromQL matchers"):
        values.matchers(text)


@pytest.mark.parametrize("text", ["ftp://x", "http://", "x:9090", "http://a b", "http://x:99999"])
def test_what_is_no_http_address_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        values.url(text)


def test_credentials_in_an_address_are_refused() -> None:
    with pytest.raises(Invalid, match="must not carry credentials"):
        values.url("http://user:secret@prometheus:9090")


@pytest.mark.parametrize("text", ["9090", "host", "host:port", ":99999", "a/b:1"])
def test_what_cannot_be_listened_on_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        values.address(text)


def test_seasons_are_words_or_durations() -> None:
    assert (86400, 604800, 43200) == values.several(values.season)("day,week,12h")


def test_unquoted_yaml_boolean_is_recognized() -> None:
    with pytest.raises(Invalid) as refusal:
        values.one_of({"on": 1, "observe": 2})("true")
    assert 'quote it: "on"' == refusal.value.hint


def test_whatever_counts_as_white_space_around_a_number_is_left_away() -> None:
    assert 4.0 == values.number()("4\x1c")
