"""`forescale check`: what is wrong with ScaledObjects and configuration files."""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
import orjson

from scaler import bootstrap
from scaler.cli.annotations import annotated
from scaler.cli.environment import settings_of
from scaler.cli.findings import Looks, document, lines
from scaler.cli.options import AS_JSON
from scaler.config.check.finding import Finding, Severity, count
from scaler.config.check.live import looked, unseen
from scaler.config.check.report import Asked, Report, check
from scaler.config.load import load
from scaler.config.settings import ENVIRONMENT, Settings
from scaler.config.workload import Workload
from scaler.runtime.look import Look
from scaler.telemetry import configure_logging

_OURS = {"FORESCALE_LOG_FORMAT", "FORESCALE_LOG_LEVEL"}
"""Variables of this command line, which say nothing of the service."""


@click.command("check")
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar="FORESCALE_CONFIG",
    show_envvar=True,
    help="Settings of the service, in YAML, to hold ScaledObjects against.",
)
@click.option(
    "--namespace",
    default="default",
    envvar="FORESCALE_NAMESPACE",
    show_default=True,
    help="Namespace of objects that name none.",
)
@click.option("--live", is_flag=True, envvar="FORESCALE_LIVE", help="Run the queries once.")
@click.option("--strict", is_flag=True, envvar="FORESCALE_STRICT", help="Fail on warnings too.")
@AS_JSON
@click.pass_context
def command(  # noqa: PLR0913 - one for each option
    ctx: click.Context,
    *,
    files: tuple[str, ...],
    config: Path | None,
    namespace: str,
    live: bool,
    strict: bool,
    as_json: bool,
) -> None:
    """Every mistake and every trap in ScaledObjects and configuration files.

    Each FILE may hold several documents; what is neither is passed over. A dash is standard input.
    """
    environ = settings_of(ctx)
    # What a source says to the log, it says in its findings too.
    configure_logging(style="text", level="error")
    told = config is not None or any(environ.get(name) for name in ENVIRONMENT.keys() - _OURS)
    settings = load(config, environ=environ) if told else None
    report = check(dict(map(_read, files)), settings=settings, namespace=namespace)
    more, looks = _look(report) if live else ([], {})
    findings = [*report.findings, *annotated(report.scaled), *more]
    if as_json:
        click.echo(orjson.dumps(document(report, findings, looks=looks)))
    else:
        for line in lines(report, findings, looks=looks):
            click.echo(line)
    ctx.exit(1 if _bad(findings, strict=strict) else 0)


def _read(path: str) -> tuple[str, bytes]:
    with click.open_file(path, "rb") as file:
        return path, file.read()


def _look(report: Report) -> tuple[list[Finding], Looks]:
    """Each workload's signals, once, and what is wrong with them."""
    findings: list[Finding] = []
    looks: dict[Workload, Look] = {}
    for settings, asked in _by_settings(report.asked):
        hidden = {each.workload: why for each in asked if (why := unseen(each))}
        known = [each for each in asked if each.workload not in hidden]
        workloads = [each.workload for each in known]
        seen = asyncio.run(bootstrap.look_at(workloads, settings=settings))
        findings += hidden.values()
        findings += [one for each in known for one in looked(each, seen[each.workload])]
        looks |= seen
    return findings, looks


def _by_settings(asked: Iterable[Asked]) -> Iterable[tuple[Settings, list[Asked]]]:
    """What is read by the same settings, together: one configuration's sources are no other's."""
    groups: dict[int, tuple[Settings, list[Asked]]] = {}
    for each in asked:
        groups.setdefault(id(each.settings), (each.settings, []))[1].append(each)
    return groups.values()


def _bad(findings: Sequence[Finding], *, strict: bool) -> bool:
    worst = (Severity.ERROR, Severity.WARNING) if strict else (Severity.ERROR,)
    return any(count(findings, severity) for severity in worst)
