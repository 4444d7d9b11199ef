from urllib.parse import parse_qsl

import pytest

from scaler.runtime.board import Published
from scaler.serving.pages.overview import ROWS, Overview, Query, assess, overview, query
from scaler.serving.pages.subject import Level, Subject
from scaler.serving.pages.trails import Trails
from tests.unit.serving.published import NOW, published


def shown(*all_published: Published, asked: Query | None = None, now: int = NOW) -> Overview:
    assessed = [
        assess(Subject(workload=each.workload, published=each, failure="", asked=NOW, now=now))
        for each in all_published
    ]
    return overview(assessed, query=asked or Query(), trails=Trails(), now=now)


def names(page: Overview) -> list[str]:
    return [row.assessed.subject.workload.key.name for row in page.rows]


def test_trouble_comes_first_then_the_name() -> None:
    page = shown(published("b"), published("a"), published("z", target=None))
    assert ["z", "a", "b"] == names(page)
    assert {Level.TROUBLE: 1, Level.WARNING: 2} == page.levels


def test_order_by_name() -> None:
    three = (published("b"), published("a"), published("z", target=None))
    assert ["a", "b", "z"] == names(shown(*three, asked=Query(sort="name")))


@pytest.mark.parametrize("search", ["mistral", "MODELS/MISTRAL", "stral"])
def test_search_finds_part_of_a_name(search: str) -> None:
    page = shown(published("llama"), published("mistral"), asked=Query(search=search))
    assert (["mistral"], 1, 2) == (names(page), page.found, page.total)


def test_search_finds_models_and_engines() -> None:
    assert ["a"] == names(shown(published("a"), asked=Query(search="llama-3")))
    assert ["a"] == names(shown(published("a"), asked=Query(search="vllm")))
    assert [] == names(shown(published("a"), asked=Query(search="sglang")))


def test_pages_hold_so_many_rows_and_the_last_the_rest() -> None:
    many = [published(f"w{i:03}") for i in range(2 * ROWS + 3)]
    last = shown(*many, asked=Query(page=3))
    assert (3, 3, 2 * ROWS + 1) == (last.shown, last.pages, last.first)
    assert ["w100", "w101", "w102"] == names(last)
    assert 3 == shown(*many, asked=Query(page=99)).query.page


def test_row_says_what_was_decided() -> None:
    (row,) = shown(published()).rows
    assert (5, 4.0, 3.0) == (row.target, row.wanted, row.ready)
    assert ("tokens", ["maxReplicas"], ["utilization"]) == (row.winner, row.limits, row.absent)


def test_an_expired_target_is_not_stated() -> None:
    assert [5] == [row.target for row in shown(published()).rows]
    assert [None] == [row.target for row in shown(published(), now=NOW + 1801).rows]


def test_lines_have_one_span() -> None:
    trails = Trails()
    old, young = published("old", at=NOW - 5000), published("young")
    trails.add(old)
    trails.add(young)
    assessed = [
        assess(Subject(workload=each.workload, published=each, failure="", asked=NOW, now=NOW))
        for each in (old, young)
    ]
    page = overview(assessed, query=Query(), trails=trails, now=NOW)
    assert 3 * 3600 == page.seconds
    assert {3 * 3600} == {row.chart.frame.stop - row.chart.frame.start for row in page.rows}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, Query()),
        ({"q": " llama ", "sort": "name"}, Query(search="llama", sort="name")),
        ({"page": "4", "refresh": "off"}, Query(page=4, refresh=False)),
        ({"page": "0", "sort": "size"}, Query()),
        ({"page": "-1"}, Query()),
        ({"page": "9" * 5000}, Query()),
        ({"page": "²"}, Query()),
    ],
)
def test_address_is_read_and_nonsense_is_ignored(given: dict[str, str], expected: Query) -> None:
    assert expected == query(given)


def test_link_says_only_what_is_asked_for() -> None:
    assert "/" == Query().link()
    assert "?q=a%26b&page=2" == Query(search="a&b").link(page=2)
    assert "?sort=name&refresh=off" == Query(sort="name").link(refresh=False)


def test_link_reads_back() -> None:
    asked = Query(search="ü x", sort="name", page=3, refresh=False)
    assert asked == query(dict(parse_qsl(asked.link().removeprefix("?"))))
