"""One question to a service's operations port; what goes wrong is one line."""

from http import HTTPStatus
from typing import Any

import aiohttp
import click
import orjson


def split(workload: str) -> tuple[str, str]:
    """Return the namespace and the name in `NAMESPACE/NAME`."""
    namespace, slash, name = workload.partition("/")
    if not (namespace and slash and name) or "/" in name:
        raise click.BadParameter("must be NAMESPACE/NAME", param_hint="NAMESPACE/NAME")
    return namespace, name


async def fetched(
    url: str, *, params: dict[str, str], patience: float, hint: str
) -> dict[str, Any]:
    """Return the document at `url`; `hint` is the option that a person got wrong if it was one."""
    limit = aiohttp.ClientTimeout(total=patience)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit) as session,
            session.get(url, params=params) as response,
        ):
            document: dict[str, Any] = orjson.loads(await response.read())
            status = response.status
    except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError, ValueError) as error:
        message = f"{url}: no answer of a Forescale service ({str(error) or 'timeout'})"
        raise click.ClickException(message) from error
    if status == HTTPStatus.BAD_REQUEST:
        # All that a person can get wrong here is the time.
        raise click.BadParameter(str(document["error"]).partition(": ")[2], param_hint=hint)
    if "error" in document:
        raise click.ClickException(str(document["error"]))
    return document
