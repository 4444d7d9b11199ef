"""`forescale compare`: what an observed workload would have done against what happened."""

import asyncio

import click
import orjson

from scaler.cli.asking import fetched, split
from scaler.cli.comparison import compared
from scaler.cli.options import AS_JSON, SERVER, Parsed
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
@SERVER
@AS_JSON
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
