"""Options that `forecast` and `backtest` share: which series, which forecast."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from scaler.config import values
from scaler.studies.calendars import events, place
from scaler.studies.plan import BANDS, Plan, quantiles, span
from scaler.studies.prometheus import Access, header, keep, queried
from scaler.studies.rows import Table
from scaler.studies.traces import Columns, Trace, traces, traces_of

_Command = Callable[..., None]


class Parsed(click.ParamType[Any]):
    """A value that one of our parsers reads."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self._parse = parse

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        """Parse what is still text."""
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except values.Invalid as invalid:
            hint = f" ({invalid.hint})" if invalid.hint else ""
            self.fail(f"{invalid.rule}, got {value!r}{hint}", param, ctx)


def _option(*names: str, help: str, **more: Any) -> Callable[[_Command], _Command]:  # noqa: A002 - click's word
    variable = names[-1].lstrip("-").replace("-", "_").upper()
    return click.option(*names, help=help, envvar=f"FORESCALE_{variable}", **more)


SPAN = Parsed("span", span)


def _output(given: str) -> Path:
    """A file that can be written, which is found out before the work and not after it."""
    path = Path(given)
    if path.is_dir() or not path.parent.is_dir():
        raise values.Invalid("must be a file in a folder that exists")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise values.Invalid("must be a file that can be written")
    return path


OUTPUT = Parsed("file", _output)

_FILES = click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(allow_dash=True))

_OPTIONS = (
    _option("--prometheus", metavar="URL", help="Read from a Prometheus instead of files."),
    _option("--query", metavar="PROMQL", help="What to ask it; each series of the answer is one."),
    _option(
        "--since",
        metavar="DURATION",
        type=Parsed("duration", span),
        default="28d",
        show_default=True,
        help="How far back to ask.",
    ),
    _option(
        "--every",
        metavar="DURATION",
        type=Parsed("duration", values.whole_seconds(low=1)),
        default="1m",
        show_default=True,
        help="Step of the answer.",
    ),
    _option(
        "--snapshot",
        metavar="FILE",
        type=OUTPUT,
        help="Keep the answer as a CSV file, to read instead next time.",
    ),
    _option(
        "--token-file",
        metavar="FILE",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="Bearer token for that Prometheus.",
    ),
    _option(
        "--header",
        metavar="NAME=VALUE",
        multiple=True,
        type=Parsed("header", header),
        help="Header for it, such as X-Scope-OrgID=team; may be repeated.",
    ),
    _option(
        "--ca-file",
        metavar="FILE",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="Authorities that its certificate is held against.",
    ),
    _option("--time", metavar="COLUMN", help="Column of times.  [default: timestamp, ds, ...]"),
    _option(
        "--value",
        metavar="COLUMN",
        multiple=True,
        help="Column of values, each a series.  [default: every column of numbers]",
    ),
    _option("--id", metavar="COLUMN", help="Column that tells series apart.  [default: unique_id]"),
    _option(
        "--events",
        metavar="DURATION",
        type=Parsed("duration", values.whole_seconds(low=1)),
        help="Rows are events: add up their values, or count them, over so long.",
    ),
    _option("--horizon", metavar="SPAN", type=SPAN, help="How far.  [default: 1h, or 6 steps]"),
    _option(
        "--window",
        metavar="SPAN",
        type=SPAN,
        help="What the bound of the maximum looks ahead.  [default: the horizon]",
    ),
    _option(
        "--input-size", metavar="SPAN", type=SPAN, help="History to learn from.  [default: 28d]"
    ),
    _option("--refit-every", metavar="SPAN", type=SPAN, help="Between refits.  [default: 6h]"),
    _option(
        "--quantile",
        metavar="Q",
        type=Parsed("quantile", values.number(low=0.5, high=0.999)),
        default="0.9",
        show_default=True,
        help="Share of windows whose maximum shall stay within the bound.",
    ),
    _option(
        "--level",
        metavar="PERCENT",
        type=click.FloatRange(1, 99.8),
        multiple=True,
        help="Central share of a band, 80 for 10 % to 90 %; may be repeated.",
    ),
    _option(
        "--season",
        metavar="LIST",
        type=Parsed("seasons", values.several(values.season)),
        default="day,week",
        show_default=True,
        help="Seasons of demand.",
    ),
    _option(
        "--timezone",
        metavar="ZONE",
        type=Parsed("zone", values.timezone),
        default="UTC",
        show_default=True,
        help="Whose clock the seasons follow.",
    ),
    _option(
        "--calendar",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="Events that the history does not foretell, as YAML.",
    ),
    _option(
        "--holidays",
        metavar="PLACE",
        type=Parsed("place", place),
        help="Public holidays are like Sundays, in DE or DE-BY.",
    ),
)


def series_options(command: _Command) -> _Command:
    """Add the files and the shared options to a command."""
    for each in reversed((_FILES, *_OPTIONS)):
        command = each(command)
    return command


def read(files: Sequence[str], options: dict[str, Any], *, now: float) -> list[Trace]:
    """Take what is to be read out of the options, and return the series of all files."""
    columns = Columns(
        time=options.pop("time"),
        values=options.pop("value"),
        id=options.pop("id"),
        events=options.pop("events"),
    )
    names = ("prometheus", "query", "since", "every", "snapshot", "token_file", "header", "ca_file")
    asked = {name: options.pop(name) for name in names}
    url, query = asked["prometheus"], asked["query"]
    if (url is None) != (query is None) or bool(files) == bool(url):
        raise click.UsageError("name a FILE, or --prometheus and --query")
    if url is not None:
        return traces_of(_answer(asked, now=now), stem=query, columns=columns)
    return [trace for path in files for trace in traces(path, columns=columns)]


def _answer(asked: dict[str, Any], *, now: float) -> Table:
    every = asked["every"]
    end = int(now) // every * every
    times = range(end - asked["since"].seconds(step=every), end + 1, every)
    access = Access(
        headers=dict(asked["header"]), token_file=asked["token_file"], ca_file=asked["ca_file"]
    )
    found = queried(asked["prometheus"], query=asked["query"], span=times, access=access)
    if asked["snapshot"] is not None:
        keep(found, path=asked["snapshot"])
    return found


def plan_of(options: dict[str, Any]) -> Plan:
    """Return the plan that the other options make."""
    levels, seasons = options.pop("level"), options.pop("season")
    calendar = options.pop("calendar")
    declared = () if calendar is None else events(calendar, zone=options["timezone"])
    return Plan(seasons=seasons, levels=quantiles(levels) or BANDS, events=declared, **options)
