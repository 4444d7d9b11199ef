"""Log lines, as a process writes them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import logging, sys, structlog
from scaler.telemetry import configure_logging
configure_logging(style=sys.argv[1], level=sys.argv[2])
log = structlog.get_logger()
log.debug("looked")
log.info("target_changed", workload="models/llama", target=4)
logging.getLogger("library").info("chatter")
logging.getLogger("library").warning("trouble")
"""


def lines(style: str, level: str) -> list[str]:
    found = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", PROGRAM, style, level],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    assert not found.stdout
    return found.stderr.splitlines()


def test_json_lines_are_documents() -> None:
    ours, theirs = (json.loads(line) for line in lines("json", "info"))
    assert ("target_changed", "models/llama", 4, "info") == (
        ours["event"],
        ours["workload"],
        ours["target"],
        ours["level"],
    )
    assert ("trouble", "warning") == (theirs["event"], theirs["level"])


def test_text_lines_are_for_people() -> None:
    ours, theirs = lines("text", "info")
    assert "target_changed" in ours
    assert "target=4" in ours
    assert "trouble" in theirs


@pytest.mark.parametrize(("level", "count"), [("debug", 3), ("info", 2), ("warning", 1)])
def test_level_is_the_least_severe_line(level: str, count: int) -> None:
    assert count == len(lines("json", level))
