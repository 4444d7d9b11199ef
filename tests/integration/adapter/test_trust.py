"""Over real TLS, only the front proxy is answered, whatever others show or say."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import attrs
import pytest

from scaler.aggregation import owns
from scaler.config.settings import Adapter, AdapterTls
from scaler.errors import ConfigError
from scaler.serving.adapter.answers import Answers
from scaler.serving.adapter.directory import Directory
from scaler.serving.adapter.documents import CUSTOM, EXTERNAL
from scaler.serving.adapter.frontproxy import FrontProxy
from scaler.serving.adapter.server import AdapterServer
from scaler.serving.recorder import Recorder
from scaler.serving.served import MemoryServed
from scaler.telemetry import Telemetry
from tests.integration.adapter.connection import connected
from tests.integration.adapter.papers import Papers, believing, papers, put
from tests.unit.serving.published import NOW, published, showing

REPLICAS = f"{CUSTOM.path}/namespaces/models/deployments.apps/llama/replicas"
HPA = {"X-Remote-User": "system:serviceaccount:kube-system:horizontal-pod-autoscaler"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return papers(tmp_path_factory.mktemp("papers"))


@attrs.define(kw_only=True)
class Place:
    """An adapter that listens, and what it believes."""

    server: AdapterServer
    papers: Papers
    folder: Path
    believed: FrontProxy | None
    telemetry: Telemetry
    port: int = 0

    def url(self, path: str, *, host: str = "127.0.0.1") -> str:
        return f"https://{host}:{self.port}{path}"

    async def ask(
        self,
        path: str,
        *,
        client: ssl.SSLContext,
        headers: Mapping[str, str] = HPA,
        method: str = "GET",
    ) -> tuple[int, Any]:
        """Status and document, over a connection of its own."""
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, self.url(path), ssl=client, headers=headers) as response,
        ):
            if response.content_type != "application/json":
                return response.status, await response.text()
            return response.status, await response.json()

    async def proxied(self, path: str = REPLICAS, *, method: str = "GET") -> tuple[int, Any]:
        """What the front proxy is answered."""
        return await self.ask(path, client=self.papers.client(self.papers.proxy), method=method)


@pytest.fixture
async def place(made: Papers, tmp_path: Path) -> AsyncIterator[Place]:
    async with listening(made, tmp_path) as found:
        yield found


@asynccontextmanager
async def listening(made: Papers, folder: Path) -> AsyncIterator[Place]:
    telemetry = Telemetry(version="1")
    answers = Answers(
        directory=Directory(showing(published(), now=NOW), owns=owns),
        pods=lambda _: (),
        recorder=Recorder(telemetry=telemetry, served_log=MemoryServed(build="1"), now=lambda: NOW),
        now=lambda: NOW,
    )
    settings = Adapter(address="127.0.0.1:0", tls=put(made.server, folder))
    server = AdapterServer(answers, settings=settings, front_proxy=lambda: found.believed)
    found = Place(
        server=server,
        papers=made,
        folder=folder,
        believed=believing(made.front, "proxy"),
        telemetry=telemetry,
    )
    found.port = await server.start()
    try:
        yield found
    finally:
        await server.stop()


async def test_the_front_proxy_is_answered_and_counted(place: Place) -> None:
    code, document = await place.proxied()

    assert (200, "5") == (code, document["items"][0]["value"])
    assert 200 == (await place.proxied("/apis"))[0]
    assert 200 == (await place.proxied(f"/apis/{CUSTOM.name}"))[0]
    assert "v1beta1" in (await place.proxied(EXTERNAL.path))[1]["groupVersion"]
    series = 'forescale_rpc_duration_seconds_count{code="OK",method="custom.metrics.k8s.io"} 1.0'
    assert series in place.telemetry.page()


async def test_an_external_metric_is_answered_by_its_label(place: Place) -> None:
    path = f"{EXTERNAL.path}/namespaces/models/replicas"
    selector = "?labelSelector=forescale.io%2Fworkload%20in%20(llama)"

    assert 400 == (await place.proxied(path))[0]
    assert "5" == (await place.proxied(path + selector))[1]["items"][0]["value"]


@pytest.mark.parametrize(
    ("path", "code", "reason"),
    [
        (REPLICAS.replace("llama", "gemma"), 404, "NotFound"),
        ("/openapi/v2", 404, "NotFound"),
        ("/openapi/v3", 404, "NotFound"),
        (f"{CUSTOM.path}/namespaces/models/pods/*/replicas", 404, "NotFound"),
        (REPLICAS.replace("llama", "*"), 400, "BadRequest"),
        (REPLICAS.replace("replicas", "gpu_utilization"), 503, "ServiceUnavailable"),
    ],
)
async def test_what_has_no_answer_has_a_status(
    place: Place, path: str, code: int, reason: str
) -> None:
    answered, document = await place.proxied(path)

    assert (code, "Status", reason) == (answered, document["kind"], document["reason"])


async def test_nothing_can_be_changed(place: Place) -> None:
    code, document = await place.proxied(method="POST")

    assert (405, "MethodNotAllowed") == (code, document["reason"])


async def test_headers_alone_are_worth_nothing(place: Place) -> None:
    nobody = place.papers.client(None)

    for path in (REPLICAS, "/apis", CUSTOM.path, "/openapi/v2", "/nothing"):
        code, document = await place.ask(path, client=nobody)
        assert (401, "Unauthorized") == (code, document["reason"])


async def test_probes_need_no_certificate(place: Place) -> None:
    nobody = place.papers.client(None)

    for path in ("/livez", "/readyz", "/healthz"):
        assert 200 == (await place.ask(path, client=nobody, headers={}))[0]


async def test_a_users_certificate_is_refused_before_it_can_say_to_be_anybody(
    place: Place,
) -> None:
    with pytest.raises(aiohttp.ClientError):
        await place.ask(REPLICAS, client=place.papers.client(place.papers.user))


async def test_another_name_of_the_front_proxys_authority_is_not_believed(place: Place) -> None:
    impostor = place.papers.client(place.papers.impostor)

    assert 401 == (await place.ask(REPLICAS, client=impostor))[0]

    place.believed = believing(place.papers.front)
    assert 200 == (await place.ask(REPLICAS, client=impostor))[0]


async def test_a_front_proxy_that_names_no_user_is_not_answered(place: Place) -> None:
    proxy = place.papers.client(place.papers.proxy)

    assert 401 == (await place.ask(REPLICAS, client=proxy, headers={}))[0]


async def test_nobody_is_believed_while_the_cluster_does_not_say_whom(place: Place) -> None:
    place.believed = None

    with pytest.raises(aiohttp.ClientError):
        await place.proxied()
    assert 503 == (await place.ask("/readyz", client=place.papers.client(None)))[0]
    assert 200 == (await place.ask("/livez", client=place.papers.client(None)))[0]

    place.believed = believing(place.papers.front, "proxy")
    assert 200 == (await place.proxied())[0]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_a_new_certificate_is_shown_and_no_connection_is_lost(
    place: Place, host: str
) -> None:
    # A client names the server in its handshake only where that is no address.
    proxy = place.papers.client(place.papers.proxy)
    async with connected(place.port, path=REPLICAS, client=proxy, host=host) as before:
        assert (200, "server") == (await before.ask(), before.shown)

        put(place.papers.renewed, place.folder)

        assert 200 == await before.ask()
        async with connected(place.port, path=REPLICAS, client=proxy, host=host) as after:
            assert (200, "renewed") == (await after.ask(), after.shown)


async def test_half_of_a_new_certificate_changes_nothing(place: Place) -> None:
    assert 200 == (await place.proxied())[0]
    fresh = place.folder / "fresh"
    fresh.write_bytes(place.papers.renewed.cert.read_bytes())
    fresh.rename(place.folder / "tls.crt")

    assert 200 == (await place.proxied())[0]


async def test_a_new_authority_counts_for_connections_that_there_are(place: Place) -> None:
    before, after = (
        place.papers.client(each) for each in (place.papers.proxy, place.papers.next_proxy)
    )
    async with connected(place.port, path=REPLICAS, client=before) as connection:
        assert 200 == await connection.ask()

        place.believed = believing(place.papers.next_front)

        assert 503 == await connection.ask()
        assert await connection.is_closed()
    with pytest.raises(aiohttp.ClientError):
        await place.ask(REPLICAS, client=before)
    assert 200 == (await place.ask(REPLICAS, client=after))[0]


async def test_whoever_is_still_believed_is_asked_to_connect_again(place: Place) -> None:
    both = place.papers.front.identity.cert.read_text()
    both += place.papers.next_front.identity.cert.read_text()
    proxy = place.papers.client(place.papers.proxy)
    async with connected(place.port, path=REPLICAS, client=proxy) as before:
        assert 200 == await before.ask()

        place.believed = attrs.evolve(believing(place.papers.front, "proxy"), authority=both)

        assert 503 == await before.ask()
        assert "1" == before.headers["retry-after"]
    assert 200 == (await place.proxied())[0]


async def test_files_that_are_no_certificate_stop_the_start(
    made: Papers, place: Place, tmp_path: Path
) -> None:
    strange = AdapterTls(cert=str(made.server.cert), key=str(made.proxy.key))
    settings = Adapter(address="127.0.0.1:0", tls=strange)
    server = AdapterServer(place.server._answers, settings=settings, front_proxy=lambda: None)  # noqa: SLF001

    with pytest.raises(ConfigError, match=r"adapter\.tls: certificate and key cannot be used"):
        await server.start()


async def test_an_address_that_is_taken_stops_the_start(place: Place) -> None:
    settings = Adapter(
        address=f"127.0.0.1:{place.port}", tls=put(place.papers.server, place.folder)
    )
    server = AdapterServer(place.server._answers, settings=settings, front_proxy=lambda: None)  # noqa: SLF001

    with pytest.raises(ConfigError, match=r"adapter\.address: cannot be listened on"):
        await server.start()
