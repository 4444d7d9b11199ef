"""`forescale explain`: why this number."""

import asyncio
from http import HTTPStatus
from typing import Any

import aiohttp
import click
import orjson

from scaler.cli.explanation import explained, served

TIMEOUT = 10.0


@click.command("explain")
@click.argument("workload", metavar="NAMESPACE/NAME")
@click.option("--at", metavar="TIME", envvar="FORESCALE_AT", help="A past time: RFC 3339 or Unix.")
@click.option(
    "--server",
    default="http://127.0.0.1:8080",
    envvar="FORESCALE_SERVER",
    show_default=True,
    show_envvar=True,
    help="Operations address of the service.",
)
@click.option("--json", "as_json", is_flag=True, envvar="FORESCALE_JSON", help="One document.")
def command(workload: str, at: str | None, server: str, as_json: bool) -> None:
    """Why this number: every recommendation, who won, what limited it, what was missing.

    With --at, what was served at a past time.
    """
    namespace, slash, name = workload.partition("/")
    if not (namespace and slash and name) or "/" in name:
        raise click.BadParameter("must be NAMESPACE/NAME", param_hint="NAMESPACE/NAME")
    path = f"{server.rstrip('/')}/api/v1/workloads/{namespace}/{name}"
    if at is None:
        document = asyncio.run(_fetch(path, params={}))
    else:
        document = asyncio.run(_fetch(f"{path}/decisions", params={"from": at, "to": at}))
    if as_json:
        click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2))
        return
    for line in explained(document) if at is None else served(document):
        click.echo(line)
    if at is not None and not document["decisions"]:
        raise click.exceptions.Exit(1)


async def _fetch(url: str, *, params: dict[str, str]) -> dict[str, Any]:
    timeout = aiohttp.ClientTimeout(total=TIMEOUT)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(url, params=params) as response,
        ):
            document: dict[str, Any] = orjson.loads(await response.read())
            status = response.status
    except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError, ValueError) as error:
        message = f"{url}: no answer of a Forescale service ({str(error) or 'timeout'})"
        raise click.ClickException(message) from error
    if status == HTTPStatus.BAD_REQUEST:
        # All that a person can get wrong here is the time.
        raise click.BadParameter(str(document["error"]).partition(": ")[2], param_hint="--at")
    if "error" in document:
        raise click.ClickException(str(document["error"]))
    return document
