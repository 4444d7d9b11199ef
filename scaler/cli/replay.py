"""`forescale replay`: the serving policy and its rivals in a closed loop over a trace."""

import math
from collections.abc import Sequence
from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.progress import Progress

from scaler.cli.options import AS_JSON, HTML, Parsed, csv_option, jobs_option
from scaler.cli.series import SPAN
from scaler.config import values
from scaler.studies.executors import executor
from scaler.studies.plan import Span
from scaler.studies.replay.demand import Stretch
from scaler.studies.replay.document import document, write_courses
from scaler.studies.replay.lines import EXPLAINED, board_lines, summary_lines
from scaler.studies.replay.page import page
from scaler.studies.replay.policies import DEFAULT, Policy, policy
from scaler.studies.replay.scoreboard import Replay, Scoreboard, play
from scaler.studies.traces import Columns, Trace, traces

_HOUR = 3600


def _pair(given: str) -> tuple[str, str]:
    key, equals, value = given.partition("=")
    if not (key and equals):
        raise values.Invalid("must be KEY=VALUE, as in headroom=0.7")
    return key, value


@click.command("replay")
@click.argument(
    "files", metavar="TRACE...", nargs=-1, required=True, type=click.Path(allow_dash=True)
)
@click.option(
    "--policy",
    "policies",
    metavar="NAME[:NUMBER]",
    multiple=True,
    type=Parsed("policy", policy),
    default=DEFAULT,
    envvar="FORESCALE_POLICY",
    help=f"May be repeated; the first is compared with the rest.  [default: {', '.join(DEFAULT)}]",
)
@click.option(
    "--lead-time",
    metavar="DURATION",
    type=Parsed("duration", values.whole_seconds(low=1, high=_HOUR)),
    default="5m",
    envvar="FORESCALE_LEAD_TIME",
    show_default=True,
    help="From the order of a replica until it is ready.",
)
@click.option(
    "--peak",
    metavar="REPLICAS",
    type=click.FloatRange(1, 1000),
    default=24,
    envvar="FORESCALE_PEAK",
    show_default=True,
    help="The trace is scaled so that so many just bear its highest demand.",
)
@click.option(
    "--last",
    metavar="SPAN",
    type=SPAN,
    default="1d",
    envvar="FORESCALE_LAST",
    show_default=True,
    help="How much of the trace to score, its end.",
)
@click.option(
    "--warm-up",
    metavar="DURATION",
    type=Parsed("duration", values.whole_seconds(high=24 * _HOUR)),
    default="6h",
    envvar="FORESCALE_WARM_UP",
    show_default=True,
    help="Played before that and not scored; a quarter of a short trace.",
)
@click.option(
    "--set",
    "pairs",
    metavar="KEY=VALUE",
    multiple=True,
    type=Parsed("metadata", _pair),
    envvar="FORESCALE_SET",
    help="Trigger metadata, as in the ScaledObject: tokensPerReplica=9000; may be repeated.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    envvar="FORESCALE_SEED",
    show_default=True,
    help="Another seed draws other requests from the same demand.",
)
@jobs_option("Processes that share the policies.")
@click.option("--time", metavar="COLUMN", envvar="FORESCALE_TIME", help="Column of times.")
@click.option(
    "--value",
    "columns",
    metavar="COLUMN",
    multiple=True,
    envvar="FORESCALE_VALUE",
    help="Column of values, each a trace.  [default: every column of numbers]",
)
@click.option("--id", "key", metavar="COLUMN", envvar="FORESCALE_ID", help="Tells traces apart.")
@click.option(
    "--events",
    metavar="DURATION",
    type=Parsed("duration", values.whole_seconds(low=1)),
    envvar="FORESCALE_EVENTS",
    help="Rows are events: add up their values, or count them, over so long.",
)
@AS_JSON
@csv_option("What every policy did, minute by minute.")
@HTML
def command(  # noqa: PLR0913 - one for each option
    *,
    files: tuple[str, ...],
    policies: tuple[Policy, ...],
    lead_time: int,
    peak: float,
    last: Span,
    warm_up: int,
    pairs: tuple[tuple[str, str], ...],
    seed: int,
    jobs: int,
    time: str | None,
    columns: tuple[str, ...],
    key: str | None,
    events: int | None,
    as_json: bool,
    csv_file: Path | None,
    html_file: Path | None,
) -> None:
    """Play the serving policy and its rivals over the demand of a trace, and keep the score.

    A simulated fleet of replicas serves the requests; what is ordered is ready a lead time later.
    A fixed fleet that costs as much as the first policy is always among the rivals.
    """
    given = {"leadTime": f"{lead_time}s", "maxReplicas": str(math.ceil(2 * peak)), **dict(pairs)}
    replay = Replay(
        policies=list(dict.fromkeys(policies)),
        stretch=Stretch(last=last, warm_up=warm_up, peak=peak, seed=seed),
        lead_time=lead_time,
        metadata=given,
    )
    chosen = Columns(time=time, values=columns, id=key, events=events)
    found = [trace for path in files for trace in traces(path, columns=chosen)]
    boards = _played(found, replay=replay, jobs=jobs)
    if csv_file is not None:
        with csv_file.open("w", encoding="utf-8") as file:
            write_courses(boards, file=file)
    if html_file is not None:
        html_file.write_text(page(boards, replay=replay), encoding="utf-8")
    if as_json:
        click.echo(orjson.dumps(document(boards, replay=replay)))
        return
    for board in boards:
        click.echo("\n".join([*board_lines(board), ""]))
    summary = "\n".join(summary_lines(boards))
    click.echo(f"{summary}\n\n{EXPLAINED}" if summary else EXPLAINED)


def _played(found: Sequence[Trace], *, replay: Replay, jobs: int) -> list[Scoreboard]:
    """Play every trace; a terminal shows how far it is."""
    console = Console(stderr=True)
    bar = Progress(console=console, transient=True, disable=not console.is_terminal)
    with bar, executor(jobs=jobs) as pool:
        task = bar.add_task("replay", total=len(found) * len(replay.policies))
        return play(found, replay=replay, executor=pool, done=lambda: bar.advance(task))
