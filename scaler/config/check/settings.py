"""A configuration file of the service: its mistakes, and what is right but seldom meant."""

from collections.abc import Iterator

from scaler.config.check.documents import Document
from scaler.config.check.finding import Code, Finding
from scaler.config.check.metadata import UNKNOWN_KEY, hint
from scaler.config.load import read
from scaler.config.settings import Settings
from scaler.config.structure import camel
from scaler.errors import ConfigError, Problem

_SCRAPES = 2
"""Scrape intervals during which an answer may still change."""


def configuration(document: Document) -> tuple[Settings | None, list[Finding]]:
    """The settings that a document holds, if they can be used, and what is found in them."""
    try:
        settings = read(dict(document.raw or {}), environ={})
    except ConfigError as error:
        return None, [_mistake(document, problem) for problem in error.problems]
    return settings, [*_traps(document, settings)]


def _mistake(document: Document, problem: Problem) -> Finding:
    code = Code.UNKNOWN if problem.rule == UNKNOWN_KEY else Code.BAD_VALUE
    return document.finding(
        code, problem.rule, at=problem.path, value=problem.value, do=hint(problem)
    )


def _traps(document: Document, settings: Settings) -> Iterator[Finding]:
    if settings.freeze:
        yield document.finding(
            Code.FROZEN,
            "keeps every target where it is until it is taken away again",
            at="freeze",
            do="write freeze: false and send SIGHUP when the reason is over",
        )
    for name, source in settings.sources.items():
        if source.tls and source.tls.insecure_skip_verify:
            yield document.finding(
                Code.INSECURE,
                "believes whoever answers at that address, and sends the credentials there",
                at=f"sources.{name}.tls.{camel('insecure_skip_verify')}",
                do="name the authority's certificate by tls.ca",
            )
        # Where it is not given, it is measured, and not known here.
        needed = _SCRAPES * (source.scrape_interval or 0)
        if settings.settle < needed:
            yield document.finding(
                Code.SETTLE,
                f"is shorter than two scrape intervals of source {name}, and a decision would be "
                "settled on sums that still change",
                at="settle",
                value=f"{settings.settle}s",
                do=f"write settle: {needed}s",
            )
