"""`forescale compare`: what an observed workload would have done against what happened."""

import asyncio

import click
import orjson

from scaler.cli.asking import fetched, split
from scaler.cli.comparison import compared
from scaler.cli.series import Parsed
from scaler.runtime.clock import SystemClock
from scaler.studies.plan import Span, span

TIMEOUT = 900.0
"""Seconds: the service reads the past again, and leaves its source time for others."""


@click.command("compare")
@click.argument("workload", metavar="NAMESPACE/NAME")
@click.option(
    "--since",
    metavar="DURATION",
    type=Parsed("duration", span),
    default="7d",
    envvar="FORESCALE_SINCE",
    show_default=True,
    help="How far back, 14d at most.",
)
@click.option(
    "--server",
    default="http://127.0.0.1:8080",
    envvar="FORESCALE_SERVER",
    show_default=True,
    show_envvar=True,
    help="Operations address of the service.",
)
@click.option("--json", "as_json", is_flag=True, envvar="FORESCALE_JSON", help="One document.")
def command(workload: str, since: Span, server: str, as_json: bool) -> None:
    """What a workload would have done against what happened: cost, time over the objective.

    The service reads the past from the workload's source and decides it again, as if the replicas
    had been those that it asks for. Meant for a workload in mode `observe`.
    """
    namespace, name = split(workload)
    now = int(SystemClock().now())
    params = {"from": str(now - since.seconds(step=1)), "to": str(now)}
    path = f"{server.rstrip('/')}/api/v1/workloads/{namespace}/{name}/comparison"
    document = asyncio.run(fetched(path, params=params, patience=TIMEOUT, hint="--since"))
    if as_json:
        click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2))
        return
    for line in compared(document):
        click.echo(line)
