"""In the demo, the forecast asks for the morning before it comes, and `explain` says so."""

import asyncio
import io
import re
from collections.abc import Mapping
from typing import Any

import aiohttp

from scaler.bootstrap import Service
from scaler.cli.explanation import explained
from scaler.demo.clock import FastClock
from scaler.demo.play import Demo, Plan
from scaler.demo.scene import TOKENS_PER_REQUEST, shape
from scaler.demo.screens import Lines
from scaler.runtime.clock import SystemClock
from tests.patience import PATIENCE

SPEED = 60.0
"""Slow enough that the first forecast comes long before the morning is over."""


def is_believed(document: Mapping[str, Any]) -> bool:
    return bool(document["knowledge"]["forecast"]["belief"] == "skill")


async def until_forecast(text: io.StringIO) -> Mapping[str, Any]:
    """What `explain` reads, once a forecast that has proved itself has the last word."""
    while True:
        await asyncio.sleep(0.1)
        if found := re.search(r"explain (\S+) --server (\S+)", text.getvalue()):
            break
    url = f"{found[2]}/api/v1/workloads/{found[1]}"
    async with aiohttp.ClientSession() as session:
        while True:
            async with session.get(url) as response:
                document: Mapping[str, Any] = await response.json()
            if document.get("winner") == "forecast" and is_believed(document):
                return document
            await asyncio.sleep(0.1)


async def test_the_morning_is_asked_for_before_it_comes_and_explained() -> None:
    text, stop = io.StringIO(), asyncio.Event()
    clock = FastClock(SystemClock(), speed=SPEED)
    coming = shape(1, start=clock.now())
    plan = Plan(seconds=86_400, seed=1, command="forescale")
    demo = Demo(plan, clock=clock, screen=Lines(text))
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        group.create_task(demo.play(Service, stop=stop))
        document = await until_forecast(text)
        stop.set()

    told = document["knowledge"]["forecast"]
    peak = TOKENS_PER_REQUEST * max(
        coming(told["at"] + second) for second in range(0, told["window"], 10)
    )
    assert 0.7 * peak < told["bound"] < 2.0 * peak
    (said,) = (line for line in explained(document) if "min(bound, (1 + max_extra)" in line)
    assert "over the present, by " in said
