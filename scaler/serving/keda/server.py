"""The gRPC server around the servicer: options, health, reflection, TLS, and a clean end."""

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc  # type: ignore[import-untyped]
from grpc_reflection.v1alpha import reflection  # type: ignore[import-untyped]

from scaler.config.settings import Grpc
from scaler.errors import ConfigError, Problem
from scaler.pb import externalscaler_pb2 as pb
from scaler.pb.externalscaler_pb2_grpc import add_ExternalScalerServicer_to_server
from scaler.serving.keda.certificates import credentials
from scaler.serving.keda.servicer import LIFETIME, Servicer

SERVICE = pb.DESCRIPTOR.services_by_name["ExternalScaler"].full_name
GRACE = 3.0
"""Seconds for calls in flight, out of the five that a stop may take."""

PENDING = 100_000
"""Calls that may wait to be accepted: three for each of ten thousand ScaledObjects, and reserve."""


class KedaServer:
    """What listens for KEDA."""

    def __init__(self, servicer: Servicer, *, settings: Grpc) -> None:
        self._servicer = servicer
        self._settings = settings
        self._health = health.aio.HealthServicer()
        self._server = grpc.aio.server(options=_options(settings))

    async def start(self) -> int:
        """Listen, and return the port.

        Raises:
            ConfigError: the address or the certificate cannot be used.
        """
        add_ExternalScalerServicer_to_server(self._servicer, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        if self._settings.reflection:
            names = (SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME)
            reflection.enable_server_reflection(names, self._server)
        port = self._listen()
        await self._server.start()
        await self._serving(health_pb2.HealthCheckResponse.SERVING)
        return port

    async def stop(self) -> None:
        """Turn new calls away, end streams with OK, and let the calls in flight finish."""
        await self._serving(health_pb2.HealthCheckResponse.NOT_SERVING)
        self._servicer.close()
        await self._server.stop(GRACE)

    def _listen(self) -> int:
        host, _, port = self._settings.address.rpartition(":")
        address = f"{host or '[::]'}:{port}"
        tls = self._settings.tls
        try:
            if tls:
                return self._server.add_secure_port(address, credentials(tls))
            return self._server.add_insecure_port(address)
        except RuntimeError as error:
            problem = Problem(path="grpc.address", rule="cannot be listened on", value=address)
            raise ConfigError(problem) from error

    async def _serving(self, status: health_pb2.HealthCheckResponse.ServingStatus) -> None:
        for name in ("", SERVICE):
            await self._health.set(name, status)


def _options(settings: Grpc) -> list[tuple[str, int]]:
    """KEDA keeps one connection for all ScaledObjects, and never pings."""
    return [
        # Two servers on one port would each answer half of the calls.
        ("grpc.so_reuseport", 0),
        # With fewer than two a ScaledObject, open streams make every other call hang.
        ("grpc.max_concurrent_streams", 2**31 - 1),
        # A restarted operator asks for everything in one moment; by default gRPC cancels calls
        # beyond the first thousand that wait to be accepted.
        ("grpc.server.max_pending_requests", PENDING),
        ("grpc.server.max_pending_requests_hard_limit", PENDING),
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        # Streams end by themselves, cleanly, well within the grace.
        ("grpc.max_connection_age_ms", settings.connection_age * 1000),
        ("grpc.max_connection_age_grace_ms", int(LIFETIME * 1000) + 10_000),
        ("grpc.max_receive_message_length", 1024 * 1024),
    ]
