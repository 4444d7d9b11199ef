"""The status page over HTTP."""

from collections.abc import AsyncIterator

import aiohttp
import attrs
import pytest

from scaler.errors import SignalUnavailable
from scaler.serving.served import Answer
from tests.integration.page.conftest import Shown, showing
from tests.integration.page.fleets import Fleets, everything, fine, named


class Broken:
    """A record that cannot be read."""

    lasting = True

    def record(self, published: object, *, at: int) -> None:
        """Keeps nothing."""

    async def between(self, namespace: str, name: str, *, start: int, stop: int) -> list[Answer]:
        raise SignalUnavailable("the record of what was served: disk I/O error")

    def forget(self, namespace: str, name: str) -> None:
        """Has nothing to forget."""


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
async def shown() -> AsyncIterator[Shown]:
    async with showing(everything()) as started:
        yield started


@pytest.mark.parametrize("path", ["/", "/workloads/models/llama", "/workloads/models/nobody"])
async def test_page_trusts_nothing_from_outside(
    session: aiohttp.ClientSession, shown: Shown, path: str
) -> None:
    async with session.get(f"{shown.url}{path}") as response:
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "no-store" == response.headers["Cache-Control"]
        assert "nosniff" == response.headers["X-Content-Type-Options"]
        text = await response.text()
    assert "http://" not in text
    assert "https://" not in text
    assert " style=" not in text


async def test_style_and_script_may_be_kept_for_ever(
    session: aiohttp.ClientSession, shown: Shown
) -> None:
    async with session.get(f"{shown.url}/static/page.css?abc") as response:
        assert (200, "text/css") == (response.status, response.content_type)
        assert "immutable" in response.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/static/secrets", "/static/..%2fsite.py", "/static/"])
async def test_nothing_else_is_given_away(
    session: aiohttp.ClientSession, shown: Shown, path: str
) -> None:
    async with session.get(f"{shown.url}{path}") as response:
        assert 404 == response.status


async def test_unknown_workload_is_not_found_and_says_how_one_appears(
    session: aiohttp.ClientSession, shown: Shown
) -> None:
    async with session.get(f"{shown.url}/workloads/models/nobody") as response:
        assert 404 == response.status
        assert "KEDA asks for a ScaledObject" in await response.text()


async def test_names_are_text_and_no_markup(session: aiohttp.ClientSession) -> None:
    fleets = Fleets()
    fleets.add(named(fine(), "<script>alert(1)</script>", model='"><b>'))
    async with (
        showing(fleets, unready="<waiting>") as shown,
        session.get(shown.url) as response,
    ):
        text = await response.text()
    assert "<script>alert" not in text
    assert "<b>" not in text
    assert "&lt;waiting&gt;" in text


async def test_search_is_text_and_no_markup(session: aiohttp.ClientSession, shown: Shown) -> None:
    async with session.get(shown.url, params={"q": '"><script>alert(1)</script>'}) as response:
        text = await response.text()
    assert "<script>alert" not in text
    assert "No name, model or engine contains" in text


async def test_page_comes_although_the_record_cannot_be_read(
    session: aiohttp.ClientSession,
) -> None:
    fleets = Fleets()
    fleets.add(fine())
    async with (
        showing(attrs.evolve(fleets, served=Broken())) as shown,
        session.get(f"{shown.url}/workloads/models/llama") as response,
    ):
        assert 200 == response.status
        assert "disk I/O error" in await response.text()


async def test_workload_without_an_answer_is_listed_until_it_has_one(
    session: aiohttp.ClientSession, shown: Shown
) -> None:
    path = f"{shown.url}/workloads/models/gemma-3"
    async with session.get(path) as response:
        assert "no decision yet: default: Cannot connect" in await response.text()
    shown.fleets.troubles.clear()
    async with session.get(path) as response:
        assert 404 == response.status
