"""`forescale replay` from the command line to its reports."""

from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from scaler.cli import group
from tests.integration.studies.test_commands import forescale

RIVALS = ("--policy", "keda-tokens", "--policy", "oracle", "--policy", "fixed:4")


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "load.csv"
    rows = [f"{60 * minute},{100 + 50 * (minute // 60 % 2)}" for minute in range(180)]
    path.write_text("\n".join(["timestamp,requests", *rows, ""]))
    return path


def test_a_replay_from_file_to_every_report(trace: Path, tmp_path: Path) -> None:
    table, page = tmp_path / "courses.csv", tmp_path / "replay.html"

    done = forescale(
        "replay", trace, *RIVALS, "--peak", "4", "--lead-time", "2m", "--csv", table, "--html", page
    )

    assert (0, "") == (done.exit_code, done.stderr)
    assert "load: 135 min from 1970-01-01T00:45:00Z" in done.stdout
    assert "fixed-equal:" in done.stdout
    assert page.read_text().startswith("<!doctype html>")
    assert table.read_text().startswith("unique_id,policy,ds,")


def test_a_replay_as_one_document(trace: Path) -> None:
    given = [str(trace), *RIVALS, "--set", "maxReplicas=9", "--json"]
    done = CliRunner().invoke(group, ["replay", *given])

    made = orjson.loads(done.stdout)
    assert "forescale.replay/1" == made["schema"]
    assert "9" == made["options"]["metadata"]["maxReplicas"]
    assert ["keda-tokens", "oracle", "fixed:4"] == made["options"]["policies"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--policy", "oracl"), "did you mean 'oracle'"),
        (("--set", "headroom"), "must be KEY=VALUE"),
        (("--set", "headrooms=0.7"), "did you mean 'headroom'"),
        (("--lead-time", "2d"), "must be a duration"),
        (("--value", "missing"), "has no such column"),
    ],
)
def test_bad_usage_is_one_clear_line(trace: Path, arguments: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(group, ["replay", str(trace), *arguments])

    assert 2 == done.exit_code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
