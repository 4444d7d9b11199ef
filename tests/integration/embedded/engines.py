"""Replicas that are pages: what each says is a function of the time."""

import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from scaler.runtime.clock import SystemClock

BOUNDS = ("0.1", "0.5", "1.0", "2.5", "+Inf")


def page(name: str, at: float) -> str:
    """A vLLM-like page of a replica whose load swings, each in its own rhythm."""
    phase = sum(name.encode())
    load = 6 + 5 * math.sin(at / (7 + phase % 5) + phase)
    served = 3 * at - 15 * math.cos(at / 7 + phase)
    model = f'model_name="{name.partition("/")[0]}"'
    shares = (0.4, 0.7, 0.9, 0.99, 1.0)
    lines = [
        f"vllm:num_requests_running{{{model}}} {round(load)}",
        f"vllm:num_requests_waiting{{{model}}} {max(0, round(load * 3 - 20))}",
        f"vllm:kv_cache_usage_perc{{{model}}} {load / 12:.4f}",
        f"vllm:prompt_tokens_total{{{model}}} {served * 200:.1f}",
        f"vllm:generation_tokens_total{{{model}}} {served * 50:.1f}",
        f'vllm:request_success_total{{{model},finished_reason="stop"}} {served:.1f}',
        f"vllm:time_to_first_token_seconds_count{{{model}}} {served:.1f}",
        *(
            f'vllm:time_to_first_token_seconds_bucket{{{model},le="{le}"}} {served * share:.1f}'
            for le, share in zip(BOUNDS, shares, strict=True)
        ),
    ]
    return "\n".join(lines) + "\n"


@asynccontextmanager
async def answering(say: Callable[[str], str]) -> AsyncIterator[str]:
    """Serve what `say` makes of a path, without its first slash, on loopback."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=say(request.match_info["path"]))

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def swinging() -> AsyncIterator[str]:
    """Serve the page of any replica as it is now; gives the address."""
    clock = SystemClock()
    async with answering(lambda path: page(path, clock.now())) as address:
        yield address
