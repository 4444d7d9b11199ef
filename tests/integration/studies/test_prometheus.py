"""Series out of a real Prometheus, and what it refuses."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from scaler.config.values import Invalid
from scaler.errors import ConfigError
from scaler.studies.prometheus import Access, header, keep, queried
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


@pytest.fixture
def guarded() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Somebody who answers as a Prometheus does, and remembers the headers."""
    seen: list[dict[str, str]] = []

    class Guard(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(dict(self.headers))
            values = [[START, "1"], [START + MINUTE, "2"]]
            result = [{"metric": {}, "values": values}]
            body = json.dumps({"status": "success", "data": {"result": result}}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's word
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Guard)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    thread.join()
    server.server_close()


def test_token_and_headers_are_presented(
    guarded: tuple[str, list[dict[str, str]]], tmp_path: Path
) -> None:
    url, seen = guarded
    token = tmp_path / "token"
    token.write_text("secret\n")
    access = Access(headers=dict([header("X-Scope-OrgID=team=a")]), token_file=token)

    found = queried(url, query="load", span=SPAN[:2], access=access)

    assert 2 == len(found.rows)
    assert ("Bearer secret", "team=a") == (seen[0]["Authorization"], seen[0]["X-Scope-OrgID"])
    assert "secret" not in repr(access)


@pytest.mark.parametrize("given", ["", "=x", "a b=c", "a=\n"])
def test_what_is_no_header_is_refused(given: str) -> None:
    with pytest.raises(Invalid):
        header(given)


def test_an_address_without_a_prometheus_is_refused() -> None:
    with pytest.raises(ConfigError, match="gives no answer of a Prometheus"):
        queried(f"http://127.0.0.1:{free_port()}", query="up", span=SPAN[:10])
