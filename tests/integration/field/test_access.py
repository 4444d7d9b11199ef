"""How a source knows us, and how we know that its clock is ours."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from scaler.config.sources import BasicAuth, ClientTls, Credential, PrometheusSource
from scaler.errors import SignalUnavailable
from scaler.policy.model import Gap, Reason, Sample
from scaler.signals.prometheus import PrometheusHistory
from tests.integration.serving.certificates import Authority
from tests.unit.signals.engine_cases import LAST
from tests.unit.signals.servers import EMPTY, matrix, serving
from tests.unit.signals.workloads import FakeMeter, good, make_workload

WORKLOAD = make_workload()
NOW = range(LAST, LAST + 1)
DATE = "Tue, 14 Nov 2023 22:15:45 GMT"
"""LAST, as a server says it."""


def guarded(**headers: str) -> object:
    """A server that answers who brings these headers, and nobody else."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if any(request.headers.get(name) != value for name, value in headers.items()):
            return web.Response(status=401)
        return web.json_response(EMPTY)

    return answer


@asynccontextmanager
async def asked(source: PrometheusSource) -> AsyncIterator[PrometheusHistory]:
    history = PrometheusHistory("main", source, meter=FakeMeter())
    try:
        yield history
    finally:
        await history.close()


def secret(folder: Path, text: str) -> Credential:
    path = folder / "secret"
    path.write_text(f"{text}\n")
    return Credential(file=str(path))


async def test_tenant_and_bearer_are_sent(tmp_path: Path) -> None:
    server = guarded(**{"X-Scope-OrgID": "team-a", "Authorization": "Bearer s3cret"})
    async with serving(server) as url:  # type: ignore[arg-type]
        source = PrometheusSource(url=url, tenant="team-a", bearer_token=secret(tmp_path, "s3cret"))
        async with asked(source) as history:
            assert [WORKLOAD] == list(good(await history.read([WORKLOAD], NOW)))


async def test_a_rotated_secret_is_used_at_once(tmp_path: Path) -> None:
    async with serving(guarded(Authorization="Bearer new")) as url:  # type: ignore[arg-type]
        source = PrometheusSource(url=url, bearer_token=secret(tmp_path, "old"))
        async with asked(source) as history:
            with pytest.raises(SignalUnavailable, match="not authorized"):
                await history.read([WORKLOAD], NOW)
            secret(tmp_path, "new")
            assert [WORKLOAD] == list(good(await history.read([WORKLOAD], NOW)))


async def test_name_and_password_are_sent(tmp_path: Path) -> None:
    async with serving(guarded(Authorization="Basic bWU6cHc=")) as url:  # type: ignore[arg-type]
        basic = BasicAuth(username="me", password=secret(tmp_path, "pw"))
        async with asked(PrometheusSource(url=url, basic=basic)) as history:
            assert [WORKLOAD] == list(good(await history.read([WORKLOAD], NOW)))


async def test_an_address_of_metadata_gets_no_credentials() -> None:
    seen: list[Mapping[str, str]] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append(dict(request.headers))
        return web.json_response(EMPTY)

    async with serving(answer) as url, asked(PrometheusSource(url=url)) as history:
        await history.read([WORKLOAD], NOW)
    assert not [headers for headers in seen if {"Authorization", "X-Scope-OrgID"} & set(headers)]


async def test_both_sides_are_known_by_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path, name="authority")
    server, client = authority.sign("server"), authority.sign("client")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.identity.cert)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(server.cert, server.key)
    ca = str(authority.identity.cert)
    async with serving(guarded(), tls=context) as url:  # type: ignore[arg-type]
        known = ClientTls(ca=ca, cert=str(client.cert), key=str(client.key))
        async with asked(PrometheusSource(url=url, tls=known)) as history:
            assert [WORKLOAD] == list(good(await history.read([WORKLOAD], NOW)))
        for stranger in (ClientTls(ca=ca), None):
            async with asked(PrometheusSource(url=url, tls=stranger)) as history:
                with pytest.raises(SignalUnavailable):
                    await history.read([WORKLOAD], NOW)


async def test_a_rotated_certificate_is_used_at_once(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("new", "former")]
    for folder in folders:
        folder.mkdir()
    authority, former = (Authority(folder, name=folder.name) for folder in folders)
    server, client, old = authority.sign("server"), authority.sign("client"), former.sign("client")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.identity.cert)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(server.cert, server.key)
    known = ClientTls(ca=str(authority.identity.cert), cert=str(old.cert), key=str(old.key))
    async with (
        serving(guarded(), tls=context) as url,  # type: ignore[arg-type]
        asked(PrometheusSource(url=url, tls=known)) as history,
    ):
        with pytest.raises(SignalUnavailable):
            await history.read([WORKLOAD], NOW)
        old.cert.write_bytes(client.cert.read_bytes())
        with pytest.raises(SignalUnavailable):
            await history.read([WORKLOAD], NOW)
        old.key.write_bytes(client.key.read_bytes())
        assert [WORKLOAD] == list(good(await history.read([WORKLOAD], NOW)))


@pytest.mark.parametrize(
    ("ours", "believed"), [(LAST + 10, True), (LAST + 12, False), (LAST - 60, False)]
)
async def test_a_clock_over_ten_seconds_off_is_believed_in_nothing(
    ours: float, believed: bool
) -> None:
    wanted = {"forescale_namespace": "models", "forescale_workload": "llama"}, {LAST: "4"}

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response(matrix(wanted), headers={"Date": DATE})

    async with serving(answer) as url:
        source = PrometheusSource(url=url, scrape_interval=15)
        history = PrometheusHistory("main", source, meter=FakeMeter(), clock=lambda: ours)
        [[readings]] = good(await history.read([WORKLOAD], NOW)).values()
        await history.close()
    found = (readings.wanted, readings.ready, *readings.signals.values())
    if believed:
        assert isinstance(readings.wanted, Sample)
        return
    gaps = [each for each in found if isinstance(each, Gap)]
    assert {Reason.STALE} == {gap.reason for gap in gaps}
    assert len(found) == len(gaps)
    assert f"the source's clock is {LAST - ours:+g} s from ours" == gaps[0].detail
