"""The command line: one module a command, imported when the command is used.

Exit codes: 0 done, 1 found problems, 2 bad usage, which a bad configuration is.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from scaler.errors import ConfigError, ForescaleError

COMMANDS: Mapping[str, str] = {
    "adapter": "scaler.cli.adapter",
    "backtest": "scaler.cli.backtest",
    "check": "scaler.cli.check",
    "compare": "scaler.cli.compare",
    "demo": "scaler.cli.demo",
    "explain": "scaler.cli.explain",
    "forecast": "scaler.cli.forecast",
    "replay": "scaler.cli.replay",
    "serve": "scaler.cli.serve",
}
"""Command to module; its click command is called `command`."""


class Commands(click.Group):
    """The commands; an error of ours is one line to a person, never a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands in alphabetical order."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name]).command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and turn what it raises into lines and an exit code."""
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            for problem in error.problems:
                click.echo(f"forescale: {problem}", err=True)
            ctx.exit(2)
        except ForescaleError as error:
            click.echo(f"forescale: {error}", err=True)
            ctx.exit(1)


@click.group(cls=Commands, context_settings={"auto_envvar_prefix": "FORESCALE"})
@click.version_option(package_name="forescale")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    envvar="FORESCALE_LOG_FORMAT",
    help="How log lines look.  [default: text]",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    envvar="FORESCALE_LOG_LEVEL",
    help="The least severe line that is written.  [default: info]",
)
@click.pass_context
def group(ctx: click.Context, log_format: str | None, log_level: str | None) -> None:
    """How many replicas a GPU inference workload needs, early enough for them to be ready."""
    given = {"FORESCALE_LOG_FORMAT": log_format, "FORESCALE_LOG_LEVEL": log_level}
    ctx.obj = {name: value for name, value in given.items() if value}


def main() -> None:
    """Run `forescale`."""
    group()
