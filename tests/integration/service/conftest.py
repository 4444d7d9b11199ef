"""One world for all tests here."""

from collections.abc import Iterator

import pytest

from tests.integration.service.place import Place, place


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place(tmp_path_factory.mktemp("world")) as found:
        yield found
