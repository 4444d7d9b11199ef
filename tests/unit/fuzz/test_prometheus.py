"""A Prometheus that answers anything at all, asked over HTTP."""

import asyncio
from random import Random

from aiohttp import web
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from scaler.config.sources import PrometheusSource
from scaler.errors import ForescaleError, SignalError
from scaler.signals.prometheus import PrometheusHistory
from tests.patience import PATIENCE
from tests.unit.fuzz.answer_inputs import assert_served, reply, texts_in
from tests.unit.signals.engine_cases import LAST, STEP
from tests.unit.signals.servers import serving
from tests.unit.signals.workloads import FakeMeter, make_workload

EXAMPLES = 75
WORKLOADS = [make_workload(), make_workload("mistral", engine="sglang")]


async def _read(rng: Random) -> None:
    written: set[str] = set()

    async def answer(request: web.Request) -> web.StreamResponse:
        await request.read()
        body = reply(rng)
        written.update(texts_in(body))
        status = rng.choices((200, 400, 503), weights=(200, 10, 1))[0]
        kind = rng.choice(("application/json", "text/html", "application/json; charset=x"))
        response = web.Response(body=body, status=status, headers={"Content-Type": kind})
        if rng.random() < 0.005:
            # Half a body: promised and not sent.
            response.content_length = len(body) + 10
        return response

    async with serving(answer) as url:
        history = PrometheusHistory(
            "it", PrometheusSource(url=url, timeout=PATIENCE), meter=FakeMeter()
        )
        try:
            found = await history.read(WORKLOADS, range(LAST - STEP, LAST + 1, STEP))
        except SignalError:
            return
        finally:
            await history.close()
    for answered in found.values():
        for readings in () if isinstance(answered, ForescaleError) else answered:
            assert_served(readings, written)


@settings(
    max_examples=EXAMPLES,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.integers(min_value=0, max_value=2**64 - 1))
def test_any_answer_is_read_or_refused(number: int) -> None:
    asyncio.run(_read(Random(number)))  # noqa: S311 - repeatable, not secret
