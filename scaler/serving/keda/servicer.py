"""The five calls. Every answer comes from one published decision; none touches the network."""

import asyncio
from collections.abc import AsyncIterator
from functools import lru_cache
from typing import Any, NoReturn
from zlib import crc32

import attrs
import grpc

from scaler.errors import ConfigError, ForescaleError
from scaler.pb import externalscaler_pb2 as pb
from scaler.pb.externalscaler_pb2_grpc import ExternalScalerServicer
from scaler.runtime.board import Published
from scaler.serving.keda.answers import Answers, Audience, Metadata
from scaler.serving.keda.streams import CLOSED, Streams

METRIC = "replicas"
SPEC = pb.GetMetricSpecResponse(
    metricSpecs=[pb.MetricSpec(metricName=METRIC, targetSize=1, targetSizeFloat=1.0)]
)
"""With target 1 and `AverageValue` the HPA wants exactly the value, whatever runs now."""

Context = grpc.aio.ServicerContext[Any, Any]
Outcome = tuple[Published | None, grpc.StatusCode, str]
"""What a call is answered with; without a decision, the status and the reason."""

BUDGET = 2.0
"""Seconds for a unary call: KEDA sets no deadline, and holds a lock while it waits."""

LONGEST = 1000
"""Characters of a message: KEDA makes an event of it, and an event holds no more."""


LIFETIME = 600.0
"""Seconds after which a push stream ends by itself, at the latest."""


@attrs.frozen(kw_only=True)
class Push:
    """How push streams behave; seconds."""

    heartbeat: float = 30.0
    """An active workload is said again this often. Each time costs KEDA a write of a status."""
    lifetime: float = LIFETIME
    """A stream is ended cleanly at this age, to be opened anew wherever there is a pod."""


class Servicer(ExternalScalerServicer):
    """Answers KEDA."""

    def __init__(
        self, *, metadata: Metadata, answers: Answers, audience: Audience, push: Push | None = None
    ) -> None:
        self._metadata = metadata
        self._answers = answers
        self._audience = audience
        self._push = push or Push()
        self._streams = Streams()

    def use(self, metadata: Metadata) -> None:
        """Understand metadata by other settings from now on."""
        self._metadata = metadata

    def close(self) -> None:
        """End every stream with OK, and from now on each new one right after its first message.

        A clean end resets KEDA's backoff; any other leaves push blind for up to a minute.
        """
        self._streams.close()

    async def GetMetricSpec(  # noqa: N802 - the protocol's name
        self,
        request: pb.ScaledObjectRef,
        context: Context,
    ) -> pb.GetMetricSpecResponse:
        """The constant, whatever the metadata: an error makes KEDA build the HPA without us."""
        self._audience.answered("GetMetricSpec", code="OK", seconds=0.0)
        return SPEC

    async def GetMetrics(  # noqa: N802 - the protocol's name
        self,
        request: pb.GetMetricsRequest,
        context: Context,
    ) -> pb.GetMetricsResponse:
        """The target, in both fields, because KEDA up to 2.16 reads only the integer."""
        if request.metricName != METRIC:
            message = f"metricName: must be {METRIC}, got {request.metricName!r}"
            self._audience.answered("GetMetrics", code="INVALID_ARGUMENT", seconds=0.0)
            await _refuse(context, grpc.StatusCode.INVALID_ARGUMENT, message)
        published = await self._published("GetMetrics", request.scaledObjectRef, context)
        self._audience.served(published)
        return _values(published.decision.target or 0)

    async def IsActive(  # noqa: N802 - the protocol's name
        self,
        request: pb.ScaledObjectRef,
        context: Context,
    ) -> pb.IsActiveResponse:
        """Whether there is anything to run for, from the same decision as the target."""
        published = await self._published("IsActive", request, context)
        return pb.IsActiveResponse(result=published.decision.active)

    async def StreamIsActive(  # noqa: N802 - the protocol's name
        self,
        request: pb.ScaledObjectRef,
        context: Context,
    ) -> AsyncIterator[pb.IsActiveResponse]:
        """The state at once, then each change; while active, again at every heartbeat."""
        try:
            async for active in self._states(request):
                yield pb.IsActiveResponse(result=active)
        except ConfigError as error:
            await _refuse(context, grpc.StatusCode.INVALID_ARGUMENT, str(error))

    async def StreamMetricSpec(  # noqa: N802 - the protocol's name
        self,
        request: pb.ScaledObjectRef,
        context: Context,
    ) -> AsyncIterator[pb.GetMetricSpecResponse]:
        """The constant, once: each further message would cost KEDA a reconcile."""
        yield SPEC
        lifetime = self._lifetime(request.namespace, request.name)
        await self._streams.wait(asyncio.sleep(lifetime))

    async def _published(
        self,
        method: str,
        ref: pb.ScaledObjectRef,
        context: Context,
    ) -> Published:
        """The decision that stands, or the call aborted with the reason why there is none."""
        clock = asyncio.get_running_loop().time
        started = clock()
        published, code, message = self._at_once(ref) or await self._in_time(ref)
        self._audience.answered(method, code=code.name, seconds=clock() - started)
        if published is None:
            await _refuse(context, code, message)
        return published

    def _at_once(self, ref: pb.ScaledObjectRef) -> Outcome | None:
        """What came of a call about a known workload, as nearly every call is; else None."""
        try:
            published = self._answers.standing(self._metadata.workload(ref))
        except ForescaleError as error:
            return _refusal(error)
        return None if published is None else (published, grpc.StatusCode.OK, "")

    async def _in_time(self, ref: pb.ScaledObjectRef) -> Outcome:
        try:
            async with asyncio.timeout(BUDGET):
                published = await self._answers.answer(self._metadata.workload(ref))
        except ForescaleError as error:
            return _refusal(error)
        except TimeoutError:
            message = f"{ref.namespace}/{ref.name}: no decision within {BUDGET:g} s"
            return None, grpc.StatusCode.UNAVAILABLE, message
        return published, grpc.StatusCode.OK, ""

    async def _states(self, ref: pb.ScaledObjectRef) -> AsyncIterator[bool]:
        clock = asyncio.get_running_loop().time
        end = clock() + self._lifetime(ref.namespace, ref.name)
        known: bool | None = None
        while (left := end - clock()) > 0:
            within = min(self._push.heartbeat, left)
            # Understood each time: the settings may have changed meanwhile.
            workload = self._metadata.workload(ref)
            waited = self._answers.wait_active(workload, known=known, within=within)
            active = await self._streams.wait(waited)
            if active is CLOSED:
                return
            # KEDA ignores a repeated false, and a repeated true keeps its cooldown from starting.
            if active is not None and (active != known or (active and clock() < end)):
                yield active
            known = active if active is not None else known

    def _lifetime(self, namespace: str, name: str) -> float:
        """Spread by name: streams that were opened together must not all end together."""
        return self._push.lifetime * (0.75 + 0.25 * (crc32(f"{namespace}/{name}".encode()) / 2**32))


@lru_cache(maxsize=1000)
def _values(target: int) -> pb.GetMetricsResponse:
    """Remembered, because making one takes as long as all that leads to the target."""
    value = pb.MetricValue(metricName=METRIC, metricValue=target, metricValueFloat=float(target))
    return pb.GetMetricsResponse(metricValues=[value])


def _refusal(error: ForescaleError) -> Outcome:
    asked = isinstance(error, ConfigError)
    code = grpc.StatusCode.INVALID_ARGUMENT if asked else grpc.StatusCode.UNAVAILABLE
    return None, code, str(error)


async def _refuse(context: Context, code: grpc.StatusCode, message: str) -> NoReturn:
    short = message if len(message) <= LONGEST else f"{message[: LONGEST - 1]}…"
    await context.abort(code, short)
