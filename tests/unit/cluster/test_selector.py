"""Label selectors as the API server understands them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.cluster.selector import parse

LABELS = {
    "app": "llama",
    "tier": "gpu",
    "forescale.io/workload": "llama",
    "slots": "8",
    "empty": "",
}


@pytest.mark.parametrize(
    ("selector", "chosen"),
    [
        ("", True),
        ("  ", True),
        ("app=llama", True),
        ("app = llama , tier == gpu", True),
        ("app==llama,tier=gpu", True),
        ("app=other", False),
        ("app!=other", True),
        ("app!=llama", False),
        ("missing!=llama", True),
        ("app in (mistral, llama),tier", True),
        ("app in (mistral)", False),
        ("app notin (mistral)", True),
        ("missing notin (mistral)", True),
        ("!missing", True),
        ("!app", False),
        ("missing", False),
        ("forescale.io/workload in(llama)", True),
        ("empty=", True),
        ("empty in (,llama)", True),
        ("app=", False),
        ("slots > 7", True),
        ("slots<8", False),
        ("tier > 1", False),
        ("missing < 1", False),
        ("in in (in)", False),
    ],
)
def test_every_form_is_understood(selector: str, chosen: bool) -> None:
    assert chosen is parse(selector).selects(LABELS)


@pytest.mark.parametrize(
    ("selector", "says"),
    [
        ("app like llama", "'like' is no operator"),
        ("app in llama", r"'\(' was expected"),
        ("app in (llama", r"'\)' was expected"),
        ("app in ()", "must not be empty"),
        ("app,", "'' is no name of a label"),
        (",app", "',' is no name of a label"),
        ("app=llama tier=gpu", "',' was expected"),
        ("slots > many", "whole number"),
        ("-app=llama", "'-app' is no name"),
        ("UPPER/app=llama", "no name of a label"),
        ("app=llama!", "',' was expected"),
        ("app=" + "x" * 64, "no value of a label"),
        ("app=_", "no value of a label"),
    ],
)
def test_what_is_no_selector_is_refused_with_the_reason(selector: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse(selector)


@pytest.mark.parametrize(
    ("selector", "only"),
    [
        ("app=llama", "llama"),
        ("tier,app in (llama)", "llama"),
        ("app in (llama, mistral)", None),
        ("app!=llama", None),
        ("", None),
    ],
)
def test_a_selector_tells_whether_a_label_has_only_one_value(
    selector: str, only: str | None
) -> None:
    assert only == parse(selector).only("app")


@given(
    st.lists(
        st.sampled_from(["a", "in", "notin", "!", "=", "!=", ",", "(", ")", ">", "1", " ", "é"])
    )
)
def test_whatever_is_written_is_a_selector_or_refused_as_none(words: list[str]) -> None:
    with suppress(ValueError):
        assert parse("".join(words)).selects(LABELS) in {True, False}
