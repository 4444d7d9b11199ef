"""`forescale demo` as somebody runs it."""

import signal
import subprocess
import sys

import orjson
import pytest
from click.testing import CliRunner

from scaler.cli import group

COMMAND = (sys.executable, "-m", "scaler", "demo", "--speed", "300")


def demo(*args: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([*COMMAND, *args], capture_output=True, text=True, check=False)  # noqa: S603


def test_in_a_pipe_it_prints_lines_and_then_what_happened() -> None:
    done = demo("--for", "3s")
    assert (0, "") == (done.returncode, done.stderr)
    assert "p95 TTFT" in done.stdout
    assert "without a hand on it" in " ".join(done.stdout.split())


def test_json_is_one_document_and_people_read_the_rest_elsewhere() -> None:
    done = demo("--for", "2s", "--json", "--fault", "slow")
    document = orjson.loads(done.stdout)
    assert 0 == done.returncode
    assert ("forescale/v1", "slow") == (document["schema"], document["fault"])
    assert document["fixed_at_peak"]["replicas"] == document["fleet"]["replicas_max"]
    assert "p95 TTFT" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_what_happened_so_far(number: signal.Signals) -> None:
    with subprocess.Popen(  # noqa: S603
        [*COMMAND, "--for", "10m"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "p95 TTFT" in line:
                process.send_signal(number)
                break
        out, err = process.communicate()
    assert (0, "") == (process.returncode, err)
    assert "of simulated time" in out


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (("--for", "soon"), "must be a duration such as 30s, 5m or 1h30m"),
        (("--fault", "earthquake"), "is not one of 'slow', 'stuck', 'restart', 'silent'"),
    ],
)
def test_bad_usage_says_what_would_be_good(args: tuple[str, str], complaint: str) -> None:
    done = CliRunner().invoke(group, ["demo", *args])
    assert 2 == done.exit_code
    assert complaint in done.stderr
