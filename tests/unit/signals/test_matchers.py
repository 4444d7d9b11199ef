"""Matchers go in and out of text without changing what they say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.errors import ConfigError
from scaler.signals.matchers import Matcher, literal, one_of, parse, quote

LABELS = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,10}", fullmatch=True)
MATCHERS = st.builds(Matcher, LABELS, st.sampled_from(["=", "!=", "=~", "!~"]), st.text())


@given(st.lists(MATCHERS))
def test_what_is_written_is_read_back(matchers: list[Matcher]) -> None:
    assert tuple(matchers) == parse(",".join(map(str, matchers)))


@pytest.mark.parametrize(
    "text", ['a="b",c!="d"', ' a = "b" , c != "d" ,', "{a='b',c!='d'}", "a=`b`,c!=`d`"]
)
def test_every_way_of_writing_is_read(text: str) -> None:
    assert parse(text) == (Matcher("a", "=", "b"), Matcher("c", "!=", "d"))


def test_escapes_are_resolved() -> None:
    assert parse(r'a="x\"y\\z\n"') == (Matcher("a", "=", 'x"y\\z\n'),)


def test_nothing_is_no_matcher() -> None:
    assert parse("") == parse("{}") == ()


@pytest.mark.parametrize("text", ["a", "a=b", 'a="b"}) or vector(1) #', 'a=="b"', '1a="b"', 'a="b'])
def test_what_is_no_list_of_matchers_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="label matchers"):
        parse(text)


@pytest.mark.parametrize(
    ("matcher", "meets"),
    [
        (Matcher("a", "=", "x"), True),
        (Matcher("a", "!=", "x"), False),
        (Matcher("a", "=~", "x|y"), True),
        (Matcher("a", "=~", "."), True),
        (Matcher("a", "=~", ""), False),
        (Matcher("a", "!~", "x|y"), False),
        (Matcher("b", "=", ""), True),
        (Matcher("b", "!=", ""), False),
    ],
)
def test_a_matcher_applies_as_in_prometheus(matcher: Matcher, meets: bool) -> None:
    assert meets == matcher.matches({"a": "x"})


def test_one_value_needs_no_regular_expression() -> None:
    assert str(one_of("pod", ["a", "a"])) == 'pod="a"'
    assert str(one_of("pod", ["b.c", "a"])) == 'pod=~"a|b\\\\.c"'


@given(st.text(), st.text())
def test_a_literal_matches_itself_only(text: str, other: str) -> None:
    matcher = Matcher("a", "=~", literal(text))
    assert matcher.matches({"a": text})
    assert matcher.matches({"a": other}) == (text == other)


def test_a_quoted_text_cannot_end_early() -> None:
    assert quote('a"b\\') == '"a\\"b\\\\"'
