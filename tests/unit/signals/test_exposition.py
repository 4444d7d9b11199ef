"""Pages are read for the lines that matter, whatever else is in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.signals.exposition import read_page

NAMES = frozenset({"vllm:num_requests_waiting", "up"})


def test_only_the_names_asked_for_are_read() -> None:
    body = b"# TYPE up gauge\nup 1\nupper 2\nup_total 3\nother 4\n"
    assert read_page(body, names=NAMES) == {"up": {(): 1.0}}


def test_labels_are_read_in_one_order() -> None:
    body = b'up{b="2",a="x \\"y\\" \\\\ {z}"} 1\n'
    assert read_page(body, names=NAMES) == {"up": {(("a", 'x "y" \\ {z}'), ("b", "2")): 1.0}}


@pytest.mark.parametrize("garbage", [b"up{a=", b"up{} x", b'up{a="1} 2', b"up", b"up{a=1} \xff"])
def test_a_line_that_cannot_be_read_costs_that_line(garbage: bytes) -> None:
    body = b"vllm:num_requests_waiting 3\n" + garbage + b'\nup{a="b"} 1\n'
    page = read_page(body, names=NAMES)
    assert page["vllm:num_requests_waiting"] == {(): 3.0}
    assert page["up"] == {(("a", "b"),): 1.0}


def test_a_series_that_comes_twice_is_the_larger() -> None:
    assert read_page(b"up 2\nup 1\n", names=NAMES) == {"up": {(): 2.0}}


def test_time_stamps_and_line_ends_of_any_kind_are_read() -> None:
    assert read_page(b"up 2 1700000000000\r\n", names=NAMES) == {"up": {(): 2.0}}


def test_an_empty_page_has_nothing() -> None:
    assert read_page(b"", names=NAMES) == {}


@given(st.binary(max_size=300))
def test_any_bytes_are_a_page(body: bytes) -> None:
    read_page(b"up{" + body + b"\nup " + body + b"\n", names=NAMES)


@given(st.text(max_size=100))
def test_any_text_after_a_name_is_a_page(text: str) -> None:
    read_page(f"up{{{text}}} 1\nup {text}\n".encode(), names=NAMES)


def test_exemplars_and_the_other_unit_of_time_are_read_over() -> None:
    body = b'up{a="b"} 5 1700000000.123 # {trace_id="x y"} 0.43 1700000000\nup 7 # {} 1\n# EOF\n'
    assert {"up": {(("a", "b"),): 5.0, (): 7.0}} == read_page(body, names=NAMES)


def test_a_last_line_without_an_end_may_be_half_a_number() -> None:
    assert {"up": {(("a", "b"),): 1.0}} == read_page(b'up{a="b"} 1\nup 12', names=NAMES)


@pytest.mark.parametrize("value", [b"1_000", b"0x10", "٣".encode(), b"1,5", b"--1", b"e", b"1 2 3"])
def test_what_python_alone_would_take_for_a_number_is_none(value: bytes) -> None:
    assert {} == read_page(b"up " + value + b"\n", names=NAMES)


def test_a_page_of_thousands_of_series_has_none_at_all() -> None:
    body = b"".join(b'up{a="%d"} 1\n' % index for index in range(5001))
    assert {} == read_page(body, names=NAMES)


def test_a_line_longer_than_any_series_is_passed_over() -> None:
    body = b"up 1\nup{" + b"a" * 200_000 + b"} 2\n" + b'up{b="c"} 3\n'
    assert {"up": {(): 1.0, (("b", "c"),): 3.0}} == read_page(body, names=NAMES)
