"""A port of the service that speaks HTTP."""

import ssl

from aiohttp import web

from scaler.errors import ConfigError, Problem


async def listen(
    runner: web.AppRunner, address: str, *, key: str, context: ssl.SSLContext | None = None
) -> int:
    """Listen on `address`, which settings name at `key`, and return the port.

    Raises:
        ConfigError: the address cannot be listened on.
    """
    await runner.setup()
    host, _, port = address.rpartition(":")
    site = web.TCPSite(runner, host.strip("[]") or None, int(port), ssl_context=context)
    try:
        await site.start()
    except OSError as error:
        await runner.cleanup()
        rule = f"cannot be listened on: {error.strerror}"
        raise ConfigError(Problem(path=key, rule=rule, value=address)) from error
    return int(runner.addresses[0][1])
