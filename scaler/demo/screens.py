"""How the demo looks: a live table on a terminal, a line now and then in a pipe."""

from collections.abc import Sequence
from typing import Protocol, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from scaler.demo.row import Row, clock
from scaler.demo.scene import MAX_REPLICAS, OBJECTIVE

_NUMBERS = {
    "time": 7,
    "req/s": 5,
    "running": 7,
    "waiting": 7,
    "p95 TTFT": 9,
    "target": 6,
    "wanted": 6,
}
"""Columns of numbers with their widths."""
_BAR = 3 + MAX_REPLICAS
_AROUND_ROWS = 3
"""Lines beside introduction and rows: one that is free, the table's head, the cursor's."""


class Screen(Protocol):
    """Where rows go."""

    def open(self, introduction: Sequence[str]) -> None:
        """Say what this is."""
        ...

    def now(self, row: Row) -> None:
        """Show the present moment, where something can be shown that is gone again."""
        ...

    def keep(self, row: Row) -> None:
        """Add a row that stays."""
        ...

    def close(self) -> None:
        """Show nothing more."""
        ...


class Lines:
    """A line for each row that stays."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def open(self, introduction: Sequence[str]) -> None:
        """Say what this is, and what the columns are."""
        self._print(*introduction, "")
        self._print(
            f"{'time':>7} {'req/s':>6} {'running':>7} {'waiting':>7} {'p95 TTFT':>9} "
            f"{'target':>6} {'wanted':>6} {'ready':>5}  why"
        )

    def now(self, row: Row) -> None:
        """Nothing: a line cannot be taken back."""

    def keep(self, row: Row) -> None:
        """Print it."""
        self._print(
            f"{clock(row.elapsed):>7} {row.requests_per_second:6.1f} {row.running:7} "
            f"{row.waiting:7} {_seconds(row):>9} {_target(row):>6} {row.wanted:6} {row.ready:5}  "
            f"{row.event or row.reason}"
        )

    def close(self) -> None:
        """Leave a line free before what follows."""
        self._print("")

    def _print(self, *lines: str) -> None:
        for line in lines:
            self._stream.write(f"{line}\n")
        self._stream.flush()


class LiveTable:
    """A table that grows at its end, and whose last row is the present moment."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False)
        self._introduction: Sequence[str] = ()
        self._kept: list[Row] = []

    def open(self, introduction: Sequence[str]) -> None:
        """Begin to draw."""
        self._introduction = introduction
        self._live.start()

    def now(self, row: Row) -> None:
        """Draw this row below those that stay."""
        self._draw([*self._kept, row])

    def keep(self, row: Row) -> None:
        """Draw it from now on."""
        self._kept.append(row)
        self._draw(self._kept)

    def close(self) -> None:
        """Leave the last picture where it is."""
        self._live.stop()

    def _draw(self, rows: Sequence[Row]) -> None:
        width = self._console.width
        lines = [Text(part) for line in self._introduction for part in _chunks(line, width=width)]
        room = self._console.height - len(lines) - _AROUND_ROWS
        table = self._table(rows[-max(room, 1) :])
        self._live.update(Group(*lines, Text(""), table), refresh=True)

    def _table(self, rows: Sequence[Row]) -> Table:
        table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
        for name, width in _NUMBERS.items():
            table.add_column(name, justify="right", width=width)
        table.add_column("ready", width=_BAR)
        rest = self._console.width - sum(_NUMBERS.values()) - _BAR - len(_NUMBERS) - 1
        table.add_column("why", width=max(rest, 1), no_wrap=True, overflow="ellipsis")
        for row in rows:
            table.add_row(*_cells(row))
        return table


def _chunks(line: str, *, width: int) -> Sequence[str]:
    """Return `line` in pieces of `width`; cut anywhere, they can be copied as one."""
    return [line[start : start + width] for start in range(0, len(line), width)] or [""]


def _cells(row: Row) -> Sequence[RenderableType]:
    missed = row.ttft is not None and row.ttft > OBJECTIVE.seconds
    return (
        clock(row.elapsed),
        f"{row.requests_per_second:.1f}",
        str(row.running),
        Text(str(row.waiting), style="yellow" if row.waiting > row.ready else ""),
        Text(_seconds(row), style="bold red" if missed else "green"),
        Text(_target(row), style="bold"),
        str(row.wanted),
        _fleet(row),
        Text(row.event, style="bold magenta") if row.event else Text(row.reason, style="dim"),
    )


def _fleet(row: Row) -> Text:
    """The replicas that are ready, and those that are still to come."""
    coming = max(0, row.wanted - row.ready)
    bar = Text(f"{row.ready:>2} ")
    bar.append("■" * row.ready, style="green")
    bar.append("□" * coming, style="yellow")
    return bar


def _seconds(row: Row) -> str:
    return "-" if row.ttft is None else f"{row.ttft:.2f}/{OBJECTIVE.seconds:g} s"


def _target(row: Row) -> str:
    return "-" if row.target is None else str(row.target)
