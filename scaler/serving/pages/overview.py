"""The list of workloads: the worst first, a page at a time, whatever their number."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any
from urllib.parse import urlencode

import attrs

from scaler.policy.model import Reason, value_of
from scaler.serving.pages.chart import Chart, draw, span
from scaler.serving.pages.subject import Level, Subject, Trouble, troubles
from scaler.serving.pages.trails import Trail, Trails

ROWS = 50
"""Workloads on one page."""
SORTS = {"trouble": "trouble first", "name": "by name"}


@attrs.frozen(kw_only=True)
class Query:
    """What a reader asks to see. `refresh` is false while the page stands still."""

    search: str = ""
    sort: str = "trouble"
    page: int = 1
    refresh: bool = True

    def link(self, **changed: Any) -> str:
        """The address of this list with something changed."""
        query = attrs.evolve(self, **changed)
        given = {
            "q": query.search,
            "sort": query.sort if query.sort != "trouble" else "",
            "page": query.page if query.page > 1 else "",
            "refresh": "" if query.refresh else "off",
        }
        text = urlencode({name: value for name, value in given.items() if value})
        return f"?{text}" if text else "/"


def query(given: Mapping[str, str]) -> Query:
    """Read an address; what makes no sense is as if it were not given."""
    page, sort = given.get("page", ""), given.get("sort", "")
    return Query(
        search=given.get("q", "").strip()[:200],
        sort=sort if sort in SORTS else "trouble",
        page=max(1, int(page)) if page.isdecimal() and len(page) < 7 else 1,  # noqa: PLR2004
        refresh=given.get("refresh") != "off",
    )


@attrs.frozen(kw_only=True)
class Assessed:
    """A workload with what is wrong with it; `level` is that of the worst."""

    subject: Subject
    name: str
    troubles: Sequence[Trouble]
    level: Level


def assess(subject: Subject) -> Assessed:
    """Look for trouble."""
    found = troubles(subject)
    level = found[0].level if found else Level.FINE
    return Assessed(subject=subject, name=subject.name, troubles=found, level=level)


@attrs.frozen(kw_only=True)
class Row:
    """One workload in a line. A number that is not known is None."""

    assessed: Assessed
    chart: Chart
    target: int | None = None
    wanted: float | None = None
    ready: float | None = None
    winner: str = ""
    limits: Sequence[str] = ()
    absent: Sequence[str] = ()


@attrs.frozen(kw_only=True)
class Overview:
    """One page of the list, and what it is a page of.

    `rows` are drawn as they are read, once: fifty charts in one go would make others wait.
    """

    rows: Iterator[Row]
    shown: int
    seconds: int
    query: Query
    found: int
    total: int
    pages: int
    levels: Mapping[Level, int]

    @property
    def first(self) -> int:
        """The number of the first row."""
        return (self.query.page - 1) * ROWS + 1


def overview(assessed: Sequence[Assessed], *, query: Query, trails: Trails, now: int) -> Overview:
    """Filter, sort and cut to the page that is asked for, or the last there is."""
    search = query.search.casefold()
    found = [each for each in assessed if not search or _matches(each, search)]
    found.sort(key=attrgetter("name"))
    if query.sort == "trouble":
        found.sort(key=attrgetter("level"), reverse=True)
    pages = max(1, -(-len(found) // ROWS))
    page = min(query.page, pages)
    shown = found[(page - 1) * ROWS : page * ROWS]
    # One span for all, or the lines could not be compared.
    starts = [_trail(each, trails).start for each in shown]
    seconds = span(min((at for at in starts if at is not None), default=None), now=now)
    return Overview(
        rows=(
            _row(each, draw(_trail(each, trails).runs(), now=now, seconds=seconds))
            for each in shown
        ),
        shown=len(shown),
        seconds=seconds,
        query=attrs.evolve(query, page=page),
        found=len(found),
        total=len(assessed),
        pages=pages,
        levels=Counter(each.level for each in assessed),
    )


def _matches(assessed: Assessed, search: str) -> bool:
    watch = assessed.subject.workload.watch
    return any(
        search in text.casefold() for text in (assessed.name, watch.model or "", watch.engine)
    )


def _trail(assessed: Assessed, trails: Trails) -> Trail:
    key = assessed.subject.workload.key
    return trails.of(key.namespace, key.name)


def _row(assessed: Assessed, chart: Chart) -> Row:
    published = assessed.subject.published
    if published is None:
        return Row(assessed=assessed, chart=chart)
    decision, readings = published.decision, published.readings
    return Row(
        assessed=assessed,
        chart=chart,
        target=assessed.subject.target,
        wanted=value_of(readings.wanted),
        ready=value_of(readings.ready),
        winner=decision.winner,
        limits=[limit.by for limit in decision.limits],
        absent=[name for name, why in decision.missing.items() if why is Reason.ABSENT],
    )
