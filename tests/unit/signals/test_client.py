"""One query to a real HTTP server, and everything that can go wrong with it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from scaler.config.sources import BasicAuth, Credential, PrometheusSource
from scaler.errors import SignalError, SignalMalformed, SignalTimeout, SignalUnavailable
from scaler.signals.client import Client
from scaler.signals.reply import Series
from tests.patience import PATIENCE
from tests.unit.signals.servers import (
    EMPTY,
    FakePrometheus,
    body,
    cut_off,
    drip,
    hang,
    matrix,
    serving,
    status,
)
from tests.unit.signals.workloads import FakeMeter

TICKS = range(1_700_000_010, 1_700_000_071, 15)
GOOD = matrix(({"pod": "a"}, {1_700_000_010: "1.5", 1_700_000_025: "NaN"}))


@asynccontextmanager
async def asking(
    server: FakePrometheus, **source: object
) -> AsyncIterator[tuple[Client, FakeMeter]]:
    meter = FakeMeter()
    async with serving(server) as url:
        settings = {"url": url, "timeout": 2.0, **source}
        client = Client("main", PrometheusSource(**settings), meter=meter)  # type: ignore[arg-type]
        try:
            yield client, meter
        finally:
            await client.close()


async def test_a_range_is_asked_for_and_read() -> None:
    server = FakePrometheus([GOOD])
    async with asking(server) as (client, meter):
        [series] = await client.query("up", TICKS)
    assert series.labels == {"pod": "a"}
    assert list(series.values) == [1_700_000_010, 1_700_000_025]
    assert series.values[1_700_000_010] == 1.5
    [question] = server.asked
    assert question.path == "/api/v1/query_range"
    assert question.form == {
        "query": "up",
        "start": "1700000010",
        "end": "1700000070",
        "step": "15",
        "timeout": "2",
        "partial_response": "false",
    }
    assert meter.observed == [("main", None)]


async def test_no_series_is_a_good_answer() -> None:
    async with asking(FakePrometheus([EMPTY])) as (client, _):
        assert await client.query("up", TICKS) == []


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (status(400, '{"errorType":"bad_data","error":"no"}'), SignalMalformed, "bad_data: no"),
        (status(422, "{}"), SignalMalformed, "refused"),
        (status(401), SignalUnavailable, "not authorized"),
        (status(403), SignalUnavailable, "not authorized"),
        (status(404, "nothing here"), SignalUnavailable, "HTTP 404: nothing here"),
        (status(500), SignalUnavailable, "HTTP 500"),
        (status(503, "starting"), SignalUnavailable, "HTTP 503: starting"),
        (status(302, Location="http://elsewhere/"), SignalUnavailable, "redirects to http://else"),
        (status(308, Location="http://elsewhere/"), SignalUnavailable, "redirects"),
        (body(b"<html>login</html>"), SignalMalformed, "not an answer of Prometheus"),
        (body(b""), SignalMalformed, "not an answer"),
        (body(b"[]"), SignalMalformed, "not an answer"),
        (body(b"null"), SignalMalformed, "not an answer"),
        (body(b'{"status":"error","errorType":"x","error":"y"}'), SignalMalformed, "x: y"),
        (body(b'{"status":"success","data":{"result":[{"values":[]}]}}'), SignalMalformed, "not"),
        (body(b'{"status":"success","data":{"result":7}}'), SignalMalformed, "not an answer"),
        (matrix(({}, {0: "many"})), SignalMalformed, "not an answer"),
        (cut_off, SignalUnavailable, "main: "),
        (hang, SignalTimeout, "no answer in 0.3 s"),
        (drip, SignalTimeout, "no answer in 0.3 s"),
    ],
)
async def test_what_is_no_answer_is_an_error_with_the_sources_name(
    answer: object, error: type[SignalError], says: str
) -> None:
    timeout = 0.3 if error is SignalTimeout else PATIENCE
    async with asking(FakePrometheus([answer]), timeout=timeout) as (client, meter):
        with pytest.raises(error, match=says) as caught:
            await client.query("up", TICKS)
    assert str(caught.value).startswith("main: ")
    assert meter.observed == [("main", error.reason)]


async def test_a_source_that_is_not_there_is_unavailable() -> None:
    async with serving(FakePrometheus()) as url:
        pass
    client = Client("main", PrometheusSource(url=url), meter=FakeMeter())
    with pytest.raises(SignalUnavailable, match="main: "):
        await client.query("up", TICKS)
    await client.close()


@pytest.mark.parametrize("first", [status(503), status(429), status(500), cut_off])
async def test_a_failure_that_may_pass_is_tried_once_more(first: object) -> None:
    server = FakePrometheus([first, GOOD])
    async with asking(server) as (client, meter):
        assert len(await client.query("up", TICKS)) == 1
    assert len(server.asked) == 2
    assert meter.observed == [("main", None)]


async def test_it_is_tried_once_more_and_no_oftener() -> None:
    server = FakePrometheus([status(503)])
    async with asking(server) as (client, _):
        with pytest.raises(SignalUnavailable):
            await client.query("up", TICKS)
    assert len(server.asked) == 2


@pytest.mark.parametrize("first", [status(400), status(401), status(302, Location="/"), body(b"")])
async def test_a_failure_that_will_not_pass_is_not_tried_again(first: object) -> None:
    server = FakePrometheus([first, GOOD])
    async with asking(server) as (client, _):
        with pytest.raises(SignalError):
            await client.query("up", TICKS)
    assert len(server.asked) == 1


async def test_an_answer_without_end_is_cut_off() -> None:
    endless = body(b" " * (65 * 1024 * 1024))
    async with asking(FakePrometheus([endless]), timeout=PATIENCE) as (client, _):
        with pytest.raises(SignalMalformed, match="exceeds"):
            await client.query("up", TICKS)


async def test_credentials_go_to_their_source_only(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("s3cret\n")
    elsewhere = FakePrometheus()
    async with serving(elsewhere) as other:
        server = FakePrometheus([status(307, Location=f"{other}/api/v1/query_range")])
        async with asking(server, bearer_token=Credential(file=str(secret)), tenant="team-a") as (
            client,
            _,
        ):
            with pytest.raises(SignalUnavailable, match="redirects"):
                await client.query("up", TICKS)
    [question] = server.asked
    assert question.headers["Authorization"] == "Bearer s3cret"
    assert question.headers["X-Scope-OrgID"] == "team-a"
    assert elsewhere.asked == []


async def test_a_rotated_token_is_used_at_once(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    server = FakePrometheus()
    async with asking(server, bearer_token=Credential(file=str(secret))) as (client, _):
        for token in ("one", "two"):
            secret.write_text(token)
            await client.query("up", TICKS)
    assert [each.headers["Authorization"] for each in server.asked] == ["Bearer one", "Bearer two"]


async def test_name_and_password_are_sent(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("päss")
    server = FakePrometheus()
    basic = BasicAuth(username="me", password=Credential(file=str(secret)))
    async with asking(server, basic=basic) as (client, _):
        await client.query("up", TICKS)
    assert server.asked[0].headers["Authorization"] == "Basic bWU6cMOkc3M="


async def test_a_secret_that_cannot_be_read_is_said_without_asking(tmp_path: Path) -> None:
    server = FakePrometheus()
    credential = Credential(file=str(tmp_path / "missing"))
    async with asking(server, bearer_token=credential) as (client, _):
        with pytest.raises(SignalUnavailable, match="must hold a secret"):
            await client.query("up", TICKS)
    assert server.asked == []


async def test_a_warning_is_logged_when_it_is_new() -> None:
    server = FakePrometheus([{**GOOD, "warnings": ["one store did not answer"]}])
    with capture_logs() as logs:
        async with asking(server) as (client, _):
            assert len(await client.query("up", TICKS)) == 1
            await client.query("up", TICKS)
    [log] = logs
    assert log["event"] == "source_warned"
    assert log["warnings"] == ["one store did not answer"]


async def test_native_histograms_are_passed_over() -> None:
    data = {"resultType": "matrix", "result": [{"metric": {}, "histograms": []}]}
    answer = {"status": "success", "data": data}
    async with asking(FakePrometheus([answer])) as (client, _):
        assert await client.query("up", TICKS) == [Series({}, {})]


async def test_a_path_in_the_address_is_kept() -> None:
    server = FakePrometheus()
    async with serving(server) as url:
        source = PrometheusSource(url=f"{url}/prometheus/")
        client = Client("main", source, meter=FakeMeter())
        assert await client.query("up", TICKS) == list[Series]()
        await client.close()
    assert server.asked[0].path == "/prometheus/api/v1/query_range"
