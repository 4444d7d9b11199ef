"""Series out of a real Prometheus, and what it refuses."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from scaler.errors import ConfigError
from scaler.studies.prometheus import keep, queried
from scaler.studies.traces import Columns, traces, traces_of
from tests.integration.prometheus import Scraped, backfill, free_port, prometheus

pytestmark = pytest.mark.integration

START, MINUTE = 1_700_000_000 // 300 * 300, 60
SPAN = range(START, START + 8 * 86_400, MINUTE)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus with eight days of two models, scraped every 5 min."""
    folder = tmp_path_factory.mktemp("prometheus")
    pages = (
        Scraped(at, {"job": "vllm"}, f'load{{model="a"}} {at % 7}\nload{{model="b"}} 1\n')
        for at in SPAN[::5]
    )
    backfill(pages, into=folder / "data")
    with prometheus(folder, data=folder / "data") as url:
        yield url


def test_more_points_than_one_answer_may_have_are_asked_in_pieces(address: str) -> None:
    (trace,) = traces_of(
        queried(address, query='load{model="a"}', span=SPAN), stem="a", columns=Columns()
    )

    assert 11_520 == len(SPAN) == len(trace.series)
    np.testing.assert_array_equal(
        [at // 300 * 300 % 7 for at in SPAN], trace.series.values, strict=False
    )


def test_each_series_of_the_answer_is_one_and_a_snapshot_holds_the_same(
    address: str, tmp_path: Path
) -> None:
    found = queried(address, query="sum by (model) (load)", span=SPAN[:100])
    keep(found, path=tmp_path / "load.csv")

    direct = traces_of(found, stem="load", columns=Columns())
    kept = traces(str(tmp_path / "load.csv"), columns=Columns())

    assert ["load:model=a", "load:model=b"] == [trace.name for trace in direct]
    assert direct == kept


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("sum(load", "--query: is refused: .*parse error"),
        ("nothing", "--query: gives no series in that time, got 'nothing'"),
    ],
)
def test_a_wrong_query_is_refused_in_one_line(address: str, query: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        queried(address, query=query, span=SPAN[:10])


def test_an_address_without_a_prometheus_is_refused() -> None:
    with pytest.raises(ConfigError, match="gives no answer of a Prometheus"):
        queried(f"http://127.0.0.1:{free_port()}", query="up", span=SPAN[:10])
