"""The least a scaler can be: a server of KEDA's calls that answers a constant and does no more.

`python -m tests.bench.constant` says its port on standard output and ends with its standard input.
What it takes is what gRPC and the machine take, so it is what the service is measured against.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import grpc

from scaler.pb import externalscaler_pb2 as pb
from scaler.pb.externalscaler_pb2_grpc import (
    ExternalScalerServicer,
    add_ExternalScalerServicer_to_server,
)

SPEC = pb.GetMetricSpecResponse(metricSpecs=[pb.MetricSpec(metricName="replicas", targetSize=1)])
METRICS = pb.GetMetricsResponse(metricValues=[pb.MetricValue(metricName="replicas", metricValue=3)])
ACTIVE = pb.IsActiveResponse(result=True)


class Constant(ExternalScalerServicer):
    """Constants, whatever is asked."""

    async def GetMetricSpec(self, request: object, context: Any) -> pb.GetMetricSpecResponse:  # noqa: N802
        return SPEC

    async def GetMetrics(self, request: object, context: Any) -> pb.GetMetricsResponse:  # noqa: N802
        return METRICS

    async def IsActive(self, request: object, context: Any) -> pb.IsActiveResponse:  # noqa: N802
        return ACTIVE

    async def StreamIsActive(  # noqa: N802
        self, request: object, context: Any
    ) -> AsyncIterator[pb.IsActiveResponse]:
        yield ACTIVE

    async def StreamMetricSpec(  # noqa: N802
        self, request: object, context: Any
    ) -> AsyncIterator[pb.GetMetricSpecResponse]:
        yield SPEC


async def serve() -> None:
    server = grpc.aio.server()
    add_ExternalScalerServicer_to_server(Constant(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)  # noqa: T201 - whoever started it reads this
    await asyncio.to_thread(sys.stdin.read)
    await server.stop(None)


if __name__ == "__main__":
    asyncio.run(serve())
