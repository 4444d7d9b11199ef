"""One connection that is kept, as an API server keeps its own."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import attrs


@attrs.define(kw_only=True)
class Connection:
    """Asks one question after the other; `headers` are those of the last answer."""

    path: str
    user: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    headers: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def shown(self) -> str:
        """The common name of the server."""
        ((_, name),) = self.writer.get_extra_info("peercert")["subject"][0]
        return str(name)

    async def ask(self) -> int:
        """The status of an answer that is read to its end."""
        asked = f"GET {self.path} HTTP/1.1\r\nHost: adapter\r\nX-Remote-User: {self.user}\r\n\r\n"
        self.writer.write(asked.encode())
        head, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        pairs = (line.partition(": ") for line in lines if line)
        self.headers = {name.lower(): value for name, _, value in pairs}
        await self.reader.readexactly(int(self.headers["content-length"]))
        return int(head.split()[1])

    async def is_closed(self) -> bool:
        """Whether the server says no more; waits for its next word."""
        return not await self.reader.read(1)


@asynccontextmanager
async def connected(
    port: int, *, client: ssl.SSLContext, path: str, host: str = "127.0.0.1"
) -> AsyncIterator[Connection]:
    """A connection to `port` of this machine, while inside."""
    reader, writer = await asyncio.open_connection(host, port, ssl=client)
    try:
        yield Connection(path=path, user="hpa", reader=reader, writer=writer)
    finally:
        writer.close()
