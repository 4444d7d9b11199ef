"""A name server of one name, so that gRPC finds several scalers behind it: a headless Service."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

_ANSWER, _A, _IN, _TTL = b"\x81\x80", 1, 1, 1
_HEADER = 12


class _Headless(asyncio.DatagramProtocol):
    """Answers every question for an IPv4 address with all of them, and others with nothing."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = [ipaddress.IPv4Address(address).packed for address in addresses]
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self._transport is not None
        name_end = data.index(b"\0", _HEADER) + 1
        question = data[_HEADER : name_end + 4]
        kind = int.from_bytes(data[name_end : name_end + 2], "big")
        found = self._addresses if kind == _A else []
        counts = b"".join(n.to_bytes(2, "big") for n in (1, len(found), 0, 0))
        same_name = b"\xc0\x0c"
        about = _A.to_bytes(2, "big") + _IN.to_bytes(2, "big") + _TTL.to_bytes(4, "big")
        records = b"".join(same_name + about + len(ip).to_bytes(2, "big") + ip for ip in found)
        self._transport.sendto(data[:2] + _ANSWER + counts + question + records, addr)


@asynccontextmanager
async def headless(addresses: Sequence[str], *, port: int) -> AsyncIterator[str]:
    """What to write as `scalerAddress` for all of these, which listen on the same port."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Headless(addresses), local_addr=("127.0.0.1", 0)
    )
    server = transport.get_extra_info("sockname")
    try:
        yield f"dns://{server[0]}:{server[1]}/scalers.forescale.test.:{port}"
    finally:
        transport.close()
