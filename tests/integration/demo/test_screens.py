"""What a person sees, and what a pipe gets."""

import io

import attrs
import pytest
from rich.console import Console

from scaler.demo.row import Row, row
from scaler.demo.screens import Lines, LiveTable
from scaler.simulation.snapshot import FleetSnapshot

ROW = Row(
    elapsed=3723,
    requests_per_second=12.34,
    running=180,
    waiting=2,
    wanted=6,
    ready=4,
    target=7,
    ttft=0.5,
    reason="tokens, scaleUpPolicies 9 to 7",
)


def drawn(*rows: Row, width: int = 100, height: int = 20) -> list[str]:
    console = Console(
        file=io.StringIO(), force_terminal=True, color_system=None, width=width, height=height
    )
    table = LiveTable(console)
    table.open(["introduction"])
    for each in rows:
        table.keep(each)
    table.close()
    assert isinstance(console.file, io.StringIO)
    # Each picture overwrites the one before.
    return console.file.getvalue().split("\x1b[2K")[-1].splitlines()


def test_a_line_has_every_number_and_the_reason() -> None:
    stream = io.StringIO()
    lines = Lines(stream)
    lines.open(["introduction"])
    lines.keep(ROW)
    assert "1:02:03 12.3 180 2 0.50/2 s 7 6 4 tokens, scaleUpPolicies 9 to 7" == " ".join(
        stream.getvalue().splitlines()[-1].split()
    )


def test_a_line_without_a_decision_yet_says_so() -> None:
    snapshot = FleetSnapshot(
        at=0.0,
        name="llama",
        namespace="demo",
        model="m",
        wanted=2,
        replicas=(),
        arrived=0,
        held=3,
        results={},
        replica_seconds=0.0,
    )
    stream = io.StringIO()
    Lines(stream).keep(row(snapshot, None, elapsed=0.0, rate=0.0))
    assert ["0:00:00", "0.0", "0", "3", "-", "-", "2", "0"] == stream.getvalue().split()


@pytest.mark.parametrize("width", [80, 100, 200])
def test_a_table_shows_what_is_ready_and_what_is_still_to_come(width: int) -> None:
    last = next(line for line in drawn(ROW, width=width) if "1:02:03" in line)
    assert "■■■■□□" in last
    assert len(last) <= width


def test_a_table_keeps_to_the_terminal() -> None:
    rows = [attrs.evolve(ROW, elapsed=60 * minute) for minute in range(30)]
    picture = "\n".join(drawn(*rows, height=12))
    assert "0:29:00" in picture
    assert "0:10:00" not in picture
