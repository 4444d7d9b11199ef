"""`forescale backtest`: how good the forecast would have been."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console
from rich.progress import track

from scaler.cli.options import AS_JSON, HTML, OUTPUT, Parsed, csv_option, jobs_option
from scaler.cli.series import SPAN, plan_of, read, series_options
from scaler.runtime.clock import SystemClock
from scaler.studies.backtests import Account, resumed, run
from scaler.studies.document import changes, document, earlier
from scaler.studies.executors import executor
from scaler.studies.figures import Gate, failures, gate
from scaler.studies.lines import account_lines, change_lines, summary_lines
from scaler.studies.long import write_backtest
from scaler.studies.page import page
from scaler.studies.profile import settings
from scaler.studies.resume import Finished


@click.command("backtest")
@series_options
@click.option(
    "--step",
    metavar="SPAN",
    type=SPAN,
    envvar="FORESCALE_STEP",
    help="Between origins.  [default: 15m, or a step]",
)
@click.option(
    "--windows",
    type=click.IntRange(1),
    envvar="FORESCALE_WINDOWS",
    help="How many origins, the last ones.  [default: all after the first third]",
)
@click.option(
    "--causal-origins",
    type=click.IntRange(0, 100),
    default=2,
    envvar="FORESCALE_CAUSAL_ORIGINS",
    show_default=True,
    help="Scramble the future of so many origins, and demand equal forecasts.",
)
@jobs_option("Processes that share the series.")
@click.option(
    "--scheduler", metavar="ADDRESS", envvar="FORESCALE_SCHEDULER", help="A Dask scheduler instead."
)
@click.option(
    "--resume",
    "finished",
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False, exists=True, writable=True),
    envvar="FORESCALE_RESUME",
    help="Keep what is measured here, and do not measure again what is kept.",
)
@click.option(
    "--fail-if",
    "gates",
    metavar="CONDITION",
    multiple=True,
    type=Parsed("condition", gate),
    envvar="FORESCALE_FAIL_IF",
    help="Exit with 1 where this holds for a series: 'skill<0.05'; may be repeated.",
)
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    envvar="FORESCALE_AGAINST",
    help="The JSON of an earlier run: show what changed since.",
)
@AS_JSON
@csv_option("Forecasts of every origin.")
@HTML
@click.option(
    "--settings",
    "settings_file",
    metavar="FILE",
    type=OUTPUT,
    envvar="FORESCALE_SETTINGS",
    help="Settings of the service with this forecast, as a profile.",
)
@click.pass_context
def command(  # noqa: PLR0913 - one for each option
    ctx: click.Context,
    /,
    *,
    files: tuple[str, ...],
    jobs: int,
    scheduler: str | None,
    finished: Path | None,
    gates: tuple[Gate, ...],
    against: Path | None,
    as_json: bool,
    csv_file: Path | None,
    html_file: Path | None,
    settings_file: Path | None,
    **options: Any,
) -> None:
    """How good the forecast would have been: rolling-origin evaluation.

    Each FILE (CSV, TSV, JSON lines, Parquet; gzip; a dash is standard input) holds one series or
    many. A SPAN is a number of steps, 48, or a duration, 30m, 12h, 14d.
    """
    before = None if against is None else earlier(against)
    found = read(files, options, now=SystemClock().now())
    plan = plan_of(options)
    with executor(jobs=jobs, scheduler=scheduler) as pool:
        done = (
            run(found, plan=plan, executor=pool)
            if finished is None
            else resumed(found, plan=plan, executor=pool, known=Finished(finished))
        )
        accounts = _shown(done, count=len(found))
    moved = None if before is None else changes(accounts, since=before)
    if csv_file is not None:
        with csv_file.open("w", encoding="utf-8") as file:
            write_backtest(accounts, file=file)
    if html_file is not None:
        html_file.write_text(page(accounts, plan=plan), encoding="utf-8")
    if settings_file is not None:
        settings_file.write_text(settings(accounts, plan=plan), encoding="utf-8")
    if as_json:
        click.echo(orjson.dumps(document(accounts, plan=plan, moved=moved)))
    else:
        for account in accounts:
            click.echo("\n".join([*account_lines(account), ""]))
        lines = [*summary_lines(accounts), *([] if moved is None else change_lines(moved))]
        click.echo("\n".join(lines), nl=bool(lines))
    ctx.exit(1 if _bad(accounts, gates) else 0)


def _shown(done: Any, *, count: int) -> list[Account]:
    """Return the accounts in the order of their series; a terminal shows how far it is."""
    console = Console(stderr=True)
    progress = track(
        done,
        total=count,
        console=console,
        description="backtest",
        transient=True,
        disable=not console.is_terminal or count == 1,
    )
    return [account for _, account in sorted(progress, key=lambda pair: pair[0])]


def _bad(accounts: Sequence[Account], gates: Sequence[Gate]) -> bool:
    """Say what failed, and whether anything did: a gate, or causality."""
    lines = failures(accounts, gates)
    lines += [f"{each.trace.name}: looks ahead" for each in accounts if each.looks_ahead]
    for line in lines:
        sys.stderr.write(f"forescale: {line}\n")
    return bool(lines)
