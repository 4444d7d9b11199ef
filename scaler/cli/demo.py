"""`forescale demo`: the service on a simulated fleet, in fast motion."""

import asyncio
import shutil
import signal
import sys
import textwrap

import click
import orjson
from rich.console import Console

from scaler import bootstrap
from scaler.cli.options import AS_JSON, Parsed
from scaler.config import values
from scaler.demo.clock import FastClock
from scaler.demo.play import Demo, Plan
from scaler.demo.scene import FAULT_NAMES
from scaler.demo.screens import Lines, LiveTable, Screen
from scaler.demo.summary import Summary
from scaler.runtime.clock import SystemClock
from scaler.serving.documents import SCHEMA
from scaler.telemetry import configure_logging

_WIDTH = 100


@click.command("demo")
@click.option(
    "--for",
    "duration",
    type=Parsed("duration", values.seconds(low=1.0)),
    default="2m",
    envvar="FORESCALE_FOR",
    show_default=True,
    help="How long, in real time.",
)
@click.option(
    "--speed",
    type=click.FloatRange(1.0, 1000.0),
    default=60.0,
    envvar="FORESCALE_SPEED",
    show_default=True,
    help="Simulated seconds in a real one; a day of traffic takes two simulated hours.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    envvar="FORESCALE_SEED",
    show_default=True,
    help="Another seed is another day.",
)
@click.option(
    "--fault",
    type=click.Choice(FAULT_NAMES),
    envvar="FORESCALE_FAULT",
    help="What goes wrong in the second third.",
)
@AS_JSON
@click.pass_context
def command(
    ctx: click.Context,
    *,
    duration: float,
    speed: float,
    seed: int,
    fault: str | None,
    as_json: bool,
) -> None:
    """Watch a fleet follow its load.

    The real service reads a simulated fleet of vLLM replicas over HTTP, and a client asks it as
    KEDA does and scales as the HPA does. Needs no server and no GPU. Ctrl-C ends it early.
    """
    configure_logging(
        style=ctx.obj.get("FORESCALE_LOG_FORMAT", "text"),
        level=ctx.obj.get("FORESCALE_LOG_LEVEL", "error"),
    )
    plan = Plan(seconds=duration * speed, seed=seed, fault=fault, command=_called(ctx))
    clock = FastClock(SystemClock(), speed=speed)
    demo = Demo(plan, clock=clock, screen=_screen(as_json=as_json))
    asyncio.run(_play(demo))
    account = demo.account()
    if as_json:
        document = {"schema": SCHEMA, "seed": seed, "fault": fault, **account.document()}
        click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    else:
        click.echo(_paragraph(account))


async def _play(demo: Demo) -> None:
    """Play until the time is over or a signal comes; a second signal ends all at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await demo.play(bootstrap.Service, stop=stop)


def _screen(*, as_json: bool) -> Screen:
    """A table where a person looks on, else lines; a document has standard output for itself."""
    stream = sys.stderr if as_json else sys.stdout
    return LiveTable(Console(file=stream)) if stream.isatty() else Lines(stream)


def _called(ctx: click.Context) -> str:
    """How this program was called, so that what we print can be pasted."""
    name = ctx.find_root().command_path
    return name if shutil.which(name.split()[0]) else sys.argv[0]


def _paragraph(account: Summary) -> str:
    width = min(_WIDTH, shutil.get_terminal_size().columns)
    return textwrap.fill(account.paragraph(), width=width)
