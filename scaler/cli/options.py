"""Options that several commands have, and how their values are read."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from scaler.config import values

Command = Callable[..., None]


class Parsed(click.ParamType[Any]):
    """A value that one of our parsers reads."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self._parse = parse

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        """Parse what is still text."""
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except values.Invalid as invalid:
            hint = f" ({invalid.hint})" if invalid.hint else ""
            self.fail(f"{invalid.rule}, got {value!r}{hint}", param, ctx)


def option(*names: str, help: str, **more: Any) -> Callable[[Command], Command]:  # noqa: A002 - click's word
    """Return an option whose environment variable is called after its last name."""
    variable = names[-1].lstrip("-").replace("-", "_").upper()
    return click.option(*names, help=help, envvar=f"FORESCALE_{variable}", **more)


def _output(given: str) -> Path:
    """A file that can be written, which is found out before the work and not after it."""
    path = Path(given)
    if path.is_dir() or not path.parent.is_dir():
        raise values.Invalid("must be a file in a folder that exists")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise values.Invalid("must be a file that can be written")
    return path


OUTPUT = Parsed("file", _output)

AS_JSON = click.option(
    "--json", "as_json", is_flag=True, envvar="FORESCALE_JSON", help="One document."
)

HTML = click.option(
    "--html",
    "html_file",
    type=OUTPUT,
    metavar="FILE",
    envvar="FORESCALE_HTML",
    help="A page of charts.",
)

SERVER = click.option(
    "--server",
    default="http://127.0.0.1:8080",
    envvar="FORESCALE_SERVER",
    show_default=True,
    show_envvar=True,
    help="Operations address of the service.",
)


def csv_option(help: str) -> Callable[[Command], Command]:  # noqa: A002 - click's word
    """Return the option for a table; `help` says of what."""
    return click.option(
        "--csv", "csv_file", type=OUTPUT, metavar="FILE", envvar="FORESCALE_CSV", help=help
    )


def jobs_option(help: str) -> Callable[[Command], Command]:  # noqa: A002 - click's word
    """Return the option for how many processes; `help` says what they share."""
    return click.option(
        "--jobs",
        type=click.IntRange(1, 256),
        default=1,
        envvar="FORESCALE_JOBS",
        show_default=True,
        help=help,
    )
