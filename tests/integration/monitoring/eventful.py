"""Workloads to which everything happens that may happen, as the service would export them."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import attrs

from scaler.policy.model import Gap, Reading, Reason, Recommendation, Sample, Signal
from scaler.runtime.board import Published
from scaler.serving.exposition import pieces
from scaler.telemetry import Telemetry
from tests.unit.serving.published import AT, NOW, published


def eventful() -> Published:
    """Short, stuck, capped, forecast, with a signal that is no number."""
    base = published("eventful")
    readings: dict[Signal, Reading] = {
        **{signal: Sample(value=0.5, at=AT) for signal in Signal},
        Signal.LATENCY: Sample(value=5.0, at=AT),
        Signal.CACHE: Gap(reason=Reason.MALFORMED),
    }
    ahead = Recommendation(signal="forecast", replicas=6.0)
    declared = Recommendation(signal="event", replicas=7.0)
    return attrs.evolve(
        base,
        decision=attrs.evolve(
            base.decision, recommendations=(*base.decision.recommendations, ahead, declared)
        ),
        readings=attrs.evolve(base.readings, signals=readings),
    )


def wasteful() -> Published:
    """More replicas than anybody wants."""
    base = published("wasteful")
    ready = Sample(value=9.0, at=AT)
    return attrs.evolve(base, readings=attrs.evolve(base.readings, ready=ready))


def page(told: Telemetry) -> str:
    """What is exported of both, by a service to which everything goes on happening."""
    told.tick(0.1)
    told.observe("default", 5.0, "timeout")
    told.observe("forecast", 5.0, "timeout")
    told.rpc("GetMetrics", "OK", 0.001)
    for each in (eventful(), wasteful()):
        key = each.workload.key
        told.decided(key.namespace, key.name, winner="tokens")
        told.polled(key.namespace, key.name, at=AT)
    return "".join(pieces([eventful(), wasteful()], telemetry=told, now=NOW))


@contextmanager
def exported() -> Iterator[str]:
    """Serve the page, and give its address."""
    told = Telemetry(version="0")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(page(told).encode())

        def log_message(self, *args: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"127.0.0.1:{server.server_port}/metrics"
        finally:
            server.shutdown()
