"""The whole demo in this process, in very fast motion."""

import asyncio
import io

import attrs
import pytest

from scaler.bootstrap import Service
from scaler.demo.clock import FastClock
from scaler.demo.play import Demo, Plan
from scaler.demo.row import Row
from scaler.demo.screens import Lines
from scaler.demo.summary import Summary
from scaler.runtime.clock import SystemClock

SPEED = 300.0


class Rows(Lines):
    """Prints, and remembers what it printed."""

    def __init__(self) -> None:
        self.text = io.StringIO()
        self.rows: list[Row] = []
        super().__init__(self.text)

    def keep(self, row: Row) -> None:
        self.rows.append(row)
        super().keep(row)


@attrs.frozen(kw_only=True)
class Run:
    rows: list[Row]
    lines: list[str]
    account: Summary


def run(*, minutes: float, fault: str | None = None, stopped: bool = False) -> Run:
    """Play from just before the morning's rise on."""
    screen = Rows()
    plan = Plan(seconds=60 * minutes, seed=1, fault=fault, command="forescale")
    demo = Demo(plan, clock=FastClock(SystemClock(), speed=SPEED), screen=screen)

    async def play() -> None:
        stop = asyncio.Event()
        if stopped:
            stop.set()
        await demo.play(Service, stop=stop)

    asyncio.run(play())
    lines = screen.text.getvalue().splitlines()
    return Run(rows=screen.rows, lines=lines, account=demo.account())


@pytest.fixture(scope="module")
def rise() -> Run:
    return run(minutes=30)


def test_the_fleet_follows_its_load(rise: Run) -> None:
    first, last = rise.rows[0], rise.rows[-1]
    assert last.requests_per_second > 1.5 * first.requests_per_second
    assert last.target is not None
    assert last.target >= 5
    assert last.ready >= 4


def test_each_row_says_why(rise: Run) -> None:
    assert all(row.reason for row in rise.rows)
    assert any(row.ttft is not None for row in rise.rows)


def test_what_can_be_asked_is_printed_first_and_then_a_line_for_each_row(rise: Run) -> None:
    head = next(number for number, line in enumerate(rise.lines) if "p95 TTFT" in line)
    assert any(
        "forescale explain demo/llama --server http://" in line for line in rise.lines[:head]
    )
    assert len(rise.rows) == len([line for line in rise.lines[head + 1 :] if line])


def test_the_account_holds_the_fleet_against_fixed_ones(rise: Run) -> None:
    account = rise.account
    assert account.peak.replicas == max(account.sizes)
    assert account.peak.score.replica_hours > account.score.replica_hours
    assert "without a hand on it" in account.paragraph()
    assert f"A fixed fleet of {account.equal.replicas}, about as dear" in account.paragraph()


def test_a_run_that_is_stopped_at_once_has_an_account() -> None:
    account = run(minutes=30, stopped=True).account
    # The scrapes that the service is at when it is told to stop may see some more of the fleet.
    assert account.score.seconds >= 15.0
    assert "s of simulated time" in account.paragraph()


def test_a_fault_comes_and_goes() -> None:
    events = [row.event for row in run(minutes=12, fault="restart").rows if row.event]
    assert ["fault restart: on", "fault restart: off"] == events
