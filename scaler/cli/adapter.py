"""`forescale adapter`: have the API server ask this service for metrics, or no longer."""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click

from scaler.cli.options import Command, option
from scaler.cluster.apiservices import (
    CUSTOM,
    EXTERNAL,
    Authority,
    Service,
    install,
    kept_in,
    uninstall,
)
from scaler.cluster.client import login


def _place(command: Command) -> Command:
    """Add the options that name the cluster and the Service in it."""
    options: tuple[Callable[[Command], Command], ...] = (
        option("--context", help="Context of the kubeconfig.  [default: its current one]"),
        option("--namespace", default="forescale", show_default=True, help="Of the Service."),
        option("--service", default="forescale-adapter", show_default=True, help="Its name."),
    )
    for each in reversed(options):
        command = each(command)
    return command


@click.group("adapter")
def command() -> None:
    """The metrics adapter's place in the cluster, for HPAs without KEDA.

    An APIService makes the API server ask the adapter for a whole group of APIs. It is part of no
    manifest, because applying one would take another's. kubectl's login is used.
    """


@command.command("install")
@_place
@option("--ca-file", type=click.Path(path_type=Path), help="Authority of its certificate, in PEM.")
@option(
    "--secret",
    default="forescale-adapter",
    show_default=True,
    help="Secret of its certificate, whose ca.crt is taken where no file is named.",
)
@option("--external", is_flag=True, help="external.metrics.k8s.io too, in a cluster without KEDA.")
@option(
    "--wait",
    type=click.IntRange(1, 600),
    default=60,
    show_default=True,
    help="Seconds for the API server to reach it.",
)
def _install(ca_file: Path | None, secret: str, external: bool, wait: int, **place: str) -> None:
    """Have the API server ask the Service for custom.metrics.k8s.io.

    What belongs to another is never changed. What the API server cannot reach is taken back.
    """
    api, service = login(place["context"]), _service(place)
    authority = (
        Authority(pem=_read(ca_file))
        if ca_file
        else kept_in(secret, namespace=service.namespace, api=api)
    )
    names = [CUSTOM, EXTERNAL] if external else [CUSTOM]
    for line in install(
        names, service=service, authority=authority, api=api, wait=lambda: _seconds(wait)
    ):
        click.echo(line)


@command.command("uninstall")
@_place
def _uninstall(**place: str) -> None:
    """Have the API server ask it no more. Do this before the service is removed.

    While an APIService has nobody behind it, no namespace of the cluster can be deleted.
    """
    for line in uninstall(service=_service(place), api=login(place["context"])):
        click.echo(line)


def _service(place: Mapping[str, str]) -> Service:
    return Service(namespace=place["namespace"], name=place["service"])


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(str(error), param_hint="--ca-file") from error


def _seconds(count: int) -> Iterator[None]:
    for _ in range(count):
        yield
        time.sleep(1.0)
