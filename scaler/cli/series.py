"""Options that `forecast` and `backtest` share: which series, which forecast."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from scaler.cli.options import OUTPUT, Command, Parsed, option
from scaler.config import values
from scaler.config.calendars import Calendar, place
from scaler.studies.calendars import calendar_in
from scaler.studies.plan import BANDS, Plan, quantiles, span
from scaler.studies.prometheus import Access, header, keep, queried
from scaler.studies.rows import Table
from scaler.studies.traces import Columns, Trace, traces, traces_of

SPAN = Parsed("span", span)

_FILES = click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(allow_dash=True))

_OPTIONS = (
    option("--prometheus", metavar="URL", help="Read from a Prometheus instead of files."),
    option("--query", metavar="PROMQL", help="What to ask it; each series of the answer is one."),
    option(
        "--since",
        metavar="DURATION",
        type=Parsed("duration", span),
        default="28d",
        show_default=True,
        help="How far back to ask.",
    ),
    option(
        "--every",
        metavar="DURATION",
        type=Parsed("duration", values.whole_seconds(low=1)),
        default="1m",
        show_default=True,
        help="Step of the answer.",
    ),
    option(
        "--snapshot",
        metavar="FILE",
        type=OUTPUT,
        help="Keep the answer as a CSV file, to read instead next time.",
    ),
    option(
        "--token-file",
        metavar="FILE",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="Bearer token for that Prometheus.",
    ),
    option(
        "--header",
        metavar="NAME=VALUE",
        multiple=True,
        type=Parsed("header", header),
        help="Header for it, such as X-Scope-OrgID=team; may be repeated.",
    ),
    option(
        "--ca-file",
        metavar="FILE",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="Authorities that its certificate is held against.",
    ),
    option("--time", metavar="COLUMN", help="Column of times.  [default: timestamp, ds, ...]"),
    option(
        "--value",
        metavar="COLUMN",
        multiple=True,
        help="Column of values, each a series.  [default: every column of numbers]",
    ),
    option("--id", metavar="COLUMN", help="Column that tells series apart.  [default: unique_id]"),
    option(
        "--events",
        metavar="DURATION",
        type=Parsed("duration", values.whole_seconds(low=1)),
        help="Rows are events: add up their values, or count them, over so long.",
    ),
    option("--horizon", metavar="SPAN", type=SPAN, help="How far.  [default: 1h, or 6 steps]"),
    option(
        "--window",
        metavar="SPAN",
        type=SPAN,
        help="What the bound of the maximum looks ahead.  [default: the horizon]",
    ),
    option(
        "--input-size", metavar="SPAN", type=SPAN, help="History to learn from.  [default: 28d]"
    ),
    option("--refit-every", metavar="SPAN", type=SPAN, help="Between refits.  [default: 6h]"),
    option(
        "--quantile",
        metavar="Q",
        type=Parsed("quantile", values.number(low=0.5, high=0.999)),
        default="0.9",
        show_default=True,
        help="Share of windows whose maximum shall stay within the bound.",
    ),
    option(
        "--level",
        metavar="PERCENT",
        type=click.FloatRange(1, 99.8),
        multiple=True,
        help="Central share of a band, 80 for 10 % to 90 %; may be repeated.",
    ),
    option(
        "--season",
        metavar="LIST",
        type=Parsed("seasons", values.several(values.season)),
        default="day,week",
        show_default=True,
        help="Seasons of demand.",
    ),
    option(
        "--timezone",
        metavar="ZONE",
        type=Parsed("zone", values.timezone),
        default="UTC",
        show_default=True,
        help="Whose clock the seasons follow.",
    ),
    option(
        "--calendar",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="Events that the history does not foretell, as YAML.",
    ),
    option(
        "--holidays",
        metavar="PLACE",
        multiple=True,
        type=Parsed("place", place),
        help="Public holidays are like Sundays, in DE or DE-BY; may be repeated.",
    ),
)


def series_options(command: Command) -> Command:
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
    path, places = options.pop("calendar"), options.pop("holidays")
    calendar = Calendar() if path is None else calendar_in(path)
    zone = options["timezone"]
    return Plan(
        seasons=seasons,
        levels=quantiles(levels) or BANDS,
        events=tuple(each.event(zone=zone) for each in calendar.events),
        holidays=tuple(sorted({*calendar.holidays, *places})),
        **options,
    )
