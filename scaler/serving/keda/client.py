"""A client with KEDA's habits, for the demo and the tests.

What KEDA 2.21 does: `GetMetricSpec`, then for its metric `GetMetrics` and `IsActive`; the pair once
more at once if it fails; no deadline; round robin over addresses; the float only where it is above
zero; push streams opened anew after a wait that doubles, and that a clean end resets.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import attrs
import grpc

from scaler.errors import ForescaleError
from scaler.pb import externalscaler_pb2 as pb
from scaler.pb.externalscaler_pb2_grpc import ExternalScalerStub

FIRST_WAIT = 2.0
LONGEST_WAIT = 60.0
_ROUND_ROBIN = ("grpc.service_config", '{"loadBalancingConfig":[{"round_robin":{}}]}')


class PollFailed(ForescaleError):
    """A poll gave nothing, even when repeated; `code` is the status of the last call."""

    def __init__(self, message: str, *, code: grpc.StatusCode) -> None:
        super().__init__(message)
        self.code = code


@attrs.frozen(kw_only=True)
class ScaledObject:
    """A ScaledObject's external trigger, as the scaler gets to know it."""

    namespace: str
    name: str
    metadata: Mapping[str, str]

    def ref(self) -> pb.ScaledObjectRef:
        """The message that stands for it."""
        return pb.ScaledObjectRef(
            name=self.name, namespace=self.namespace, scalerMetadata=self.metadata
        )


@attrs.frozen(kw_only=True)
class Poll:
    """What one poll found: the metric's value and target, and whether to run at all."""

    value: float
    target: float
    active: bool


class KedaClient:
    """Asks as KEDA's operator does, over one connection for all ScaledObjects."""

    def __init__(
        self,
        address: str,
        *,
        credentials: grpc.ChannelCredentials | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        options = [_ROUND_ROBIN]
        self._channel = (
            grpc.aio.secure_channel(address, credentials, options=options)
            if credentials
            else grpc.aio.insecure_channel(address, options=options)
        )
        self._stub = ExternalScalerStub(self._channel)
        self._sleep = sleep

    async def close(self) -> None:
        """Drop the connection."""
        await self._channel.close()

    async def poll(self, scaled: ScaledObject, *, deadline: float | None = None) -> Poll:
        """One round of the poll loop. `deadline` is seconds for each call; KEDA sets none.

        Raises:
            PollFailed: after the one repetition that KEDA allows itself.
        """
        try:
            return await self._attempt(scaled.ref(), deadline=deadline)
        except PollFailed:
            return await self._attempt(scaled.ref(), deadline=deadline)

    async def pushes(self, scaled: ScaledObject) -> AsyncIterator[bool]:
        """Every message of the activation stream, for ever, over all reconnections."""
        failures = 0
        while True:
            try:
                async for message in self._stub.StreamIsActive(scaled.ref()):
                    yield message.result
                failures = 0
            except grpc.aio.AioRpcError:
                failures += 1
            await self._sleep(min(FIRST_WAIT * 2 ** max(failures - 1, 0), LONGEST_WAIT))

    async def _attempt(self, ref: pb.ScaledObjectRef, *, deadline: float | None) -> Poll:
        try:
            answer = await self._stub.GetMetricSpec(ref, timeout=deadline)
            if not answer.metricSpecs:
                raise PollFailed("got empty metric spec", code=grpc.StatusCode.OK)
            spec = answer.metricSpecs[0]
            request = pb.GetMetricsRequest(scaledObjectRef=ref, metricName=spec.metricName)
            metrics = await self._stub.GetMetrics(request, timeout=deadline)
            active = await self._stub.IsActive(ref, timeout=deadline)
        except grpc.aio.AioRpcError as error:
            raise PollFailed(error.details() or "", code=error.code()) from error
        return Poll(
            # Several values would become several items, which the HPA adds up.
            value=sum(_either(v.metricValueFloat, v.metricValue) for v in metrics.metricValues),
            target=_either(spec.targetSizeFloat, spec.targetSize),
            active=active.result,
        )


def _either(number: float, integer: int) -> float:
    """KEDA's choice: the float only above zero, and in thousandths."""
    return round(number if number > 0 else float(integer), 3)
