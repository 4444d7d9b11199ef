"""KEDA's questions at a rate that a client in Python could not keep up with beside a busy server.

`python -m tests.bench.load_calls PORT CORE WORKLOADS RATE SECONDS` says as one JSON document how
many calls were answered with a number, and how long they took. It speaks as much of HTTP/2 as unary
calls need (RFC 9113, https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md), with every
byte of its requests made beforehand: what is measured is the server, not a client library.
"""

import asyncio
import json
import os
import struct
import sys
import time
from collections.abc import Sequence

from scaler.pb import externalscaler_pb2 as pb
from tests.bench.measure import percentile
from tests.bench.subjects import scaled

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 4, 6, 7, 8
END_STREAM, ACK, END_HEADERS = 1, 1, 4
HEAD = 9
WIDE_OPEN = 2**31 - 1 - 65_535
ASKED = (
    (":method", "POST"),
    (":scheme", "http"),
    (":path", "/externalscaler.ExternalScaler/GetMetrics"),
    (":authority", "forescale"),
    ("content-type", "application/grpc"),
    ("te", "trailers"),
)


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def literal(text: str) -> bytes:
    return bytes([len(text)]) + text.encode()


HEADER_BLOCK = b"".join(b"\x00" + literal(name) + literal(value) for name, value in ASKED)


class Caller(asyncio.Protocol):
    """One connection with any number of calls under way."""

    def __init__(self, requests: Sequence[bytes]) -> None:
        self.took: list[float] = []
        self.numbers = 0
        self._requests = requests
        self._began: dict[int, float] = {}
        self._next = 1
        self._rest = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        opened = frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", WIDE_OPEN))
        transport.write(PREFACE + frame(SETTINGS, 0, 0, b"") + opened)

    def call(self) -> None:
        assert self._transport is not None
        stream, self._next = self._next, self._next + 2
        body = self._requests[stream // 2 * 7919 % len(self._requests)]
        self._began[stream] = time.perf_counter()
        self._transport.write(
            frame(HEADERS, END_HEADERS, stream, HEADER_BLOCK)
            + frame(DATA, END_STREAM, stream, body)
        )

    def data_received(self, data: bytes) -> None:
        data, at = self._rest + data, 0
        while len(data) - at >= HEAD:
            length = int.from_bytes(data[at : at + 3], "big")
            if len(data) - at < HEAD + length:
                break
            kind, flags, stream = struct.unpack(">BBI", data[at + 3 : at + HEAD])
            self._received(kind, flags, stream, data[at + HEAD : at + HEAD + length])
            at += HEAD + length
        self._rest = data[at:]

    def _received(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        assert self._transport is not None
        if kind == DATA:
            self.numbers += 1
        elif kind == HEADERS and flags & END_STREAM:
            self.took.append(time.perf_counter() - self._began.pop(stream))
        elif kind in {SETTINGS, PING} and not flags & ACK:
            self._transport.write(frame(kind, ACK, 0, payload if kind == PING else b""))
        assert kind != GOAWAY, payload


async def load(port: int, *, workloads: int, rate: float, seconds: float) -> dict[str, float]:
    bodies = [_body(index) for index in range(workloads)]
    loop = asyncio.get_running_loop()
    _, caller = await loop.create_connection(lambda: Caller(bodies), "127.0.0.1", port)
    await asyncio.sleep(0.2)
    began = due = time.perf_counter()
    while due < began + seconds:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        caller.call()
        due += 1 / rate
    await asyncio.sleep(1.0)
    took = caller.took
    shares = {"p50": 0.5, "p99": 0.99, "p999": 0.999}
    found = {name: percentile(took, share) for name, share in shares.items()}
    return {"calls": rate * seconds, "numbers": caller.numbers, **found}


def _body(index: int) -> bytes:
    reference = scaled(index).ref()
    message = pb.GetMetricsRequest(scaledObjectRef=reference, metricName="replicas")
    content = message.SerializeToString()
    return b"\x00" + struct.pack(">I", len(content)) + content


if __name__ == "__main__":
    port, core, *numbers = sys.argv[1:]
    os.sched_setaffinity(0, {int(core)})
    count, rate, seconds = map(float, numbers)
    found = asyncio.run(load(int(port), workloads=int(count), rate=rate, seconds=seconds))
    print(json.dumps(found))  # noqa: T201 - whoever started it reads this
