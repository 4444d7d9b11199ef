"""A source behind TLS is trusted as the operator says, and in no other way."""

import ssl
from pathlib import Path

import pytest

from scaler.config.sources import ClientTls, PrometheusSource
from scaler.errors import SignalUnavailable
from scaler.signals.client import Client
from tests.integration.serving.certificates import Authority
from tests.unit.signals.servers import FakePrometheus, serving
from tests.unit.signals.workloads import FakeMeter

NOW = range(1_700_000_010, 1_700_000_011)


async def ask(url: str, tls: ClientTls | None) -> int:
    client = Client("main", PrometheusSource(url=url, tls=tls), meter=FakeMeter())
    try:
        return len(await client.query("up", NOW))
    finally:
        await client.close()


async def test_a_source_is_trusted_by_its_authority_and_trusts_by_its_own(tmp_path: Path) -> None:
    ours = Authority(tmp_path, name="ours")
    server, client = ours.sign("server"), ours.sign("client")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(ours.identity.cert))
    context.load_cert_chain(server.cert, server.key)
    context.verify_mode = ssl.CERT_REQUIRED
    ca, cert, key = str(ours.identity.cert), str(client.cert), str(client.key)
    async with serving(FakePrometheus(), tls=context) as url:
        assert await ask(url, ClientTls(ca=ca, cert=cert, key=key)) == 0
        for refused in (None, ClientTls(ca=ca), ClientTls(cert=cert, key=key)):
            with pytest.raises(SignalUnavailable, match="main: "):
                await ask(url, refused)
        trusting = ClientTls(insecure_skip_verify=True, cert=cert, key=key)
        assert await ask(url, trusting) == 0


async def test_a_certificate_that_cannot_be_loaded_is_said() -> None:
    with pytest.raises(SignalUnavailable, match="main: "):
        await ask("https://127.0.0.1:1", ClientTls(ca="missing.pem"))
