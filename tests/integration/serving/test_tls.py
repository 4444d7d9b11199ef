"""TLS and mutual TLS, and certificates that change under a running server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest

from scaler.config.settings import Grpc, ServerTls
from scaler.errors import ConfigError
from scaler.serving.keda.client import KedaClient, Poll, PollFailed
from scaler.serving.keda.server import KedaServer
from tests.fake_answers import FakeAnswers, FakeAudience, decision
from tests.integration.serving.certificates import Authority, Identity
from tests.integration.serving.conftest import LLAMA, make_servicer

EXPECTED = Poll(value=3.0, target=1.0, active=True)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, name="authority")


@asynccontextmanager
async def serving(tls: ServerTls) -> AsyncIterator[str]:
    servicer = make_servicer(FakeAnswers(decision()), FakeAudience())
    server = KedaServer(servicer, settings=Grpc(address="127.0.0.1:0", tls=tls))
    yield f"localhost:{await server.start()}"
    await server.stop()


def of(identity: Identity, *, client_ca: Path | None = None) -> ServerTls:
    return ServerTls(
        cert=str(identity.cert),
        key=str(identity.key),
        client_ca=str(client_ca) if client_ca else None,
    )


async def poll(address: str, *, trust: Authority, identity: Identity | None = None) -> Poll:
    client = KedaClient(
        address,
        credentials=grpc.ssl_channel_credentials(
            root_certificates=trust.identity.cert.read_bytes(),
            private_key=identity.key.read_bytes() if identity else None,
            certificate_chain=identity.cert.read_bytes() if identity else None,
        ),
    )
    try:
        return await client.poll(LLAMA, deadline=10)
    finally:
        await client.close()


def replace(old: Identity, new: Identity) -> None:
    """As a mounted secret changes: other files under the same names."""
    new.cert.replace(old.cert)
    new.key.replace(old.key)


async def test_tls(authority: Authority) -> None:
    async with serving(of(authority.sign("server"))) as address:
        assert EXPECTED == await poll(address, trust=authority)


async def test_mutual_tls_knows_its_clients(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "strangers").mkdir()
    strangers = Authority(tmp_path / "strangers", name="strangers")
    tls = of(authority.sign("server"), client_ca=authority.identity.cert)
    async with serving(tls) as address:
        keda = authority.sign("keda")
        assert EXPECTED == await poll(address, trust=authority, identity=keda)
        for stranger in (None, strangers.sign("stranger")):
            with pytest.raises(PollFailed) as failure:
                await poll(address, trust=authority, identity=stranger)
            assert grpc.StatusCode.UNAVAILABLE == failure.value.code


async def test_changed_certificate_serves_new_connections_and_keeps_old_ones(
    authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "next").mkdir()
    successor = Authority(tmp_path / "next", name="successor")
    identity = authority.sign("server")
    async with serving(of(identity)) as address:
        trusting = grpc.ssl_channel_credentials(authority.identity.cert.read_bytes())
        connected = KedaClient(address, credentials=trusting)
        assert EXPECTED == await connected.poll(LLAMA, deadline=10)
        replace(identity, successor.sign("server"))
        assert EXPECTED == await poll(address, trust=successor)
        assert EXPECTED == await connected.poll(LLAMA, deadline=10)
        await connected.close()


async def test_half_of_a_rotation_changes_nothing(authority: Authority, tmp_path: Path) -> None:
    identity = authority.sign("server")
    async with serving(of(identity)) as address:
        authority.sign("other").cert.replace(identity.cert)
        assert EXPECTED == await poll(address, trust=authority)


async def test_files_that_do_not_belong_together_are_a_config_error(authority: Authority) -> None:
    mixed = Identity(cert=authority.sign("a").cert, key=authority.sign("b").key)
    with pytest.raises(ConfigError, match=r"grpc\.tls: certificate and key cannot be used"):
        async with serving(of(mixed)):
            pass
