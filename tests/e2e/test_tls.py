"""Mutual TLS between KEDA and Forescale."""

import base64
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.dial import asked, dialed, settings, turn
from tests.e2e.rig import Rig
from tests.e2e.workload import Workload
from tests.integration.service.forescale import Forescale, serving
from tests.integration.serving.certificates import Authority, Identity

HANDSHAKES = "30s"
"""The least age at which connections end, so that there are handshakes while a test runs."""


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, name="authority")


def secured(land: Rig, folder: Path, authority: Authority) -> Mapping[str, Any]:
    """Settings of a service that talks to those whom the authority signed."""
    put(authority.sign("forescale"), folder)
    tls = {
        "cert": str(folder / "tls.crt"),
        "key": str(folder / "tls.key"),
        "clientCa": str(authority.identity.cert),
    }
    grpc = {"address": "127.0.0.1:0", "tls": tls, "connectionAge": HANDSHAKES}
    return {**settings(land.prometheus.url), "grpc": grpc}


def put(identity: Identity, folder: Path) -> None:
    """Make this the service's identity, as a mounted secret changes: each file at once."""
    for source, name in ((identity.cert, "tls.crt"), (identity.key, "tls.key")):
        fresh = folder / f"{name}.new"
        shutil.copy(source, fresh)
        fresh.rename(folder / name)


async def trust(workload: Workload, *, authority: Path, client: Identity | None) -> None:
    """Give KEDA what it needs to believe the service, and to be believed."""
    files = {"caCert": authority}
    if client:
        files |= {"tlsClientCert": client.cert, "tlsClientKey": client.key}
    meta = {"name": "forescale", "namespace": workload.namespace}
    data = {key: base64.b64encode(file.read_bytes()).decode() for key, file in files.items()}
    references = [{"parameter": key, "name": "forescale", "key": key} for key in files]
    await workload.api.apply(
        {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": data},
        {
            "apiVersion": "keda.sh/v1alpha1",
            "kind": "TriggerAuthentication",
            "metadata": meta,
            "spec": {"secretTargetRef": references},
        },
    )


async def follow(land: Rig, workload: Workload, service: Forescale) -> None:
    """Have three replicas, and KEDA ask the service by what it was given to be believed."""
    await turn(land, workload, 3)
    await workload.deploy(replicas=3)
    port = service.grpc.rpartition(":")[2]
    await workload.watch_over(
        f"localhost:{port}",
        dialed(workload),
        authentication="forescale",
        minReplicaCount=1,
        maxReplicaCount=50,
    )


async def test_a_rotation_under_load_loses_no_call(
    land: Rig, workload: Workload, authority: Authority, tmp_path: Path
) -> None:
    async with serving(tmp_path / "service", secured(land, tmp_path, authority)) as service:
        client = authority.sign("keda")
        await trust(workload, authority=authority.identity.cert, client=client)
        await follow(land, workload, service)
        await asked(service, 3)
        before = await land.keda.failures(workload.namespace)

        put(authority.sign("forescale-anew"), tmp_path)
        # KEDA shakes hands anew when its connection has come of age.
        while not any(line["event"] == "certificate_reloaded" for line in service.lines):
            await asked(service, 1)
        await turn(land, workload, 5)
        await workload.until_wanted(5)
        await asked(service, 3)

        assert before == await land.keda.failures(workload.namespace)


@pytest.mark.parametrize("whose", ["nobody", "a stranger"])
async def test_a_client_without_the_right_certificate_is_refused(
    land: Rig, workload: Workload, authority: Authority, tmp_path: Path, whose: str
) -> None:
    strange = tmp_path / "strange"
    strange.mkdir()
    stranger = Authority(strange, name="stranger").sign("keda")
    client = None if whose == "nobody" else stranger
    async with serving(tmp_path / "service", secured(land, tmp_path, authority)) as service:
        await trust(workload, authority=authority.identity.cert, client=client)
        await follow(land, workload, service)

        await workload.until_refused()

        assert 3 == await workload.replicas()
        _, page = await service.get("/metrics")
        assert 'code="OK"' not in page
