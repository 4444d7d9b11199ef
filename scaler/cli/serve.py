"""`forescale serve`: the service."""

from functools import partial
from pathlib import Path

import click

from scaler import bootstrap
from scaler.cli.environment import settings_of
from scaler.config.load import load


@click.command("serve")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar="FORESCALE_CONFIG",
    show_envvar=True,
    help="Settings, in YAML. Each one can also come from the environment.",
)
@click.pass_context
def command(ctx: click.Context, config: Path | None) -> None:
    """Answer KEDA.

    Needs neither Kubernetes nor Prometheus to start. SIGHUP makes it read its settings again.
    """
    bootstrap.run(partial(load, config, environ=settings_of(ctx)))
