"""`forescale explain`: why this number."""

import asyncio
from typing import Any

import click
import orjson

from scaler.cli.asking import fetched, split
from scaler.cli.explanation import explained, served
from scaler.cli.options import AS_JSON, SERVER

TIMEOUT = 10.0


@click.command("explain")
@click.argument("workload", metavar="NAMESPACE/NAME")
@click.option("--at", metavar="TIME", envvar="FORESCALE_AT", help="A past time: RFC 3339 or Unix.")
@SERVER
@AS_JSON
def command(workload: str, at: str | None, server: str, as_json: bool) -> None:
    """Why this number: every recommendation, who won, what limited it, what was missing.

    With --at, what was served at a past time.
    """
    namespace, name = split(workload)
    path = f"{server.rstrip('/')}/api/v1/workloads/{namespace}/{name}"
    if at is None:
        document = _fetched(path, params={})
    else:
        document = _fetched(f"{path}/decisions", params={"from": at, "to": at})
    if as_json:
        click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2))
        return
    for line in explained(document) if at is None else served(document):
        click.echo(line)
    if at is not None and not document["decisions"]:
        raise click.exceptions.Exit(1)


def _fetched(url: str, *, params: dict[str, str]) -> dict[str, Any]:
    return asyncio.run(fetched(url, params=params, patience=TIMEOUT, hint="--at"))
