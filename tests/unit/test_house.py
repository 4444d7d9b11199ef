"""The house keeps what it promises those who run its commands."""

import re
import stat
from pathlib import Path

import pytest

from tests.tools import servers

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
PROMETHEUS = servers.SERVERS["prometheus"]


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with an empty PATH and an empty cache, and its folder."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("REQUIRE_SERVERS", raising=False)
    return tmp_path


def put_commands(folder: Path, *commands: str) -> None:
    folder.mkdir(parents=True)
    for command in commands:
        (folder / command).touch(mode=stat.S_IRWXU)


def test_a_server_on_path_is_used(bare: Path) -> None:
    put_commands(bare / "bin", *PROMETHEUS.commands)

    assert {
        "prometheus": bare / "bin/prometheus",
        "promtool": bare / "bin/promtool",
    } == servers.find("prometheus")


def test_half_a_server_on_path_gives_way_to_the_built_one(bare: Path) -> None:
    put_commands(bare / "bin", "prometheus")
    put_commands(PROMETHEUS.cache, *PROMETHEUS.commands)

    assert PROMETHEUS.cache / "prometheus" == servers.find("prometheus")["prometheus"]


def test_a_missing_server_skips_with_the_way_to_get_it(bare: Path) -> None:
    with pytest.raises(pytest.skip.Exception, match="neither on PATH nor built yet: `make tools`"):
        servers.need("prometheus")


def test_a_failed_build_is_the_reason_of_the_skip(bare: Path) -> None:
    PROMETHEUS.failure.parent.mkdir(parents=True)
    PROMETHEUS.failure.write_text("prometheus could not be built: no disk")

    with pytest.raises(pytest.skip.Exception, match="could not be built: no disk"):
        servers.need("prometheus")


def test_a_required_server_that_is_missing_fails(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUIRE_SERVERS", "prometheus")

    with pytest.raises(pytest.fail.Exception, match="REQUIRE_SERVERS=prometheus"):
        servers.need("prometheus")


def test_what_is_never_built_skips_with_the_way_to_install_it(bare: Path) -> None:
    with pytest.raises(pytest.skip.Exception, match=r"not on PATH \(apt-get install chromium"):
        servers.need("chromium")
    with pytest.raises(servers.NotAvailableError, match="not on PATH"):
        servers.find_or_build("chromium")


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("go version go1.26.8 linux/amd64", (1, 26)),
        ("go version go1.19 linux/amd64", (1, 19)),
        ("// a comment\nmodule m\n\ngo 1.25.0\n", (1, 25)),
        ("go: command not found", (0, 0)),
    ],
)
def test_go_names_its_version(text: str, version: tuple[int, int]) -> None:
    assert version == servers.version_of(text)


def test_a_failed_command_says_what_it_said_last(tmp_path: Path) -> None:
    with pytest.raises(servers.NotAvailableError, match="failed: no space left"):
        servers.run(["sh", "-c", "echo no space left; exit 1"], tmp_path, {})


@pytest.fixture
def elsewhere(pytester: pytest.Pytester) -> pytest.Pytester:
    """Another folder of tests that ends its runs as this one does."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    pytester.makeconftest((ROOT / "tests/conftest.py").read_text())
    return pytester


def test_a_run_ends_with_what_did_not_run_and_why(elsewhere: pytest.Pytester) -> None:
    elsewhere.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("i", range(3))
        def test_without_its_server(i):
            pytest.skip("there is no server")

        def test_that_runs():
            pass
        """
    )

    lines = elsewhere.runpytest().outlines

    assert "did not run: 3 tests, because there is no server" == lines[-2]
    assert re.search("1 passed, 3 skipped", lines[-1])


def test_a_run_in_which_all_ran_says_no_more(elsewhere: pytest.Pytester) -> None:
    elsewhere.makepyfile("def test_that_runs(): pass")

    elsewhere.runpytest().stdout.no_fnmatch_line("*did not run*")


def test_every_make_command_explains_itself() -> None:
    targets = re.findall(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    explained = re.findall(r"^([a-z0-9-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert targets == explained
