"""Series out of a Prometheus, as a table that can be kept as a file and read again."""

import ast
import csv
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import orjson
import requests
from prometheus_api_client import PrometheusConnect
from prometheus_api_client.exceptions import PrometheusApiClientException

from scaler.config.values import Invalid
from scaler.studies.rows import Row, Table, wrong

_POINTS = 10_000
"""Prometheus refuses more than 11,000 in one answer."""

_PATIENCE = 60
"""Seconds for one answer; the client itself would wait for ever."""

_COLUMNS = ("unique_id", "timestamp", "value")


@attrs.frozen(kw_only=True)
class Access:
    """How a Prometheus is reached that does not answer everybody."""

    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    token_file: Path | None = None
    ca_file: Path | None = None

    def session(self) -> requests.Session:
        """Return a session that presents all of it."""
        session = requests.Session()
        session.headers.update(self.headers)
        if self.token_file is not None:
            token = self.token_file.read_text(encoding="utf-8").strip()
            session.headers["Authorization"] = f"Bearer {token}"
        if self.ca_file is not None:
            session.verify = str(self.ca_file)
        return session


def header(given: str) -> tuple[str, str]:
    """Return name and value of `X-Scope-OrgID=team`.

    Raises:
        Invalid: it is no header.
    """
    name, equals, value = given.partition("=")
    if not equals or not re.fullmatch(r"[A-Za-z0-9-]+", name) or not value.isprintable():
        raise Invalid("must be NAME=VALUE")
    return name, value


def queried(url: str, *, query: str, span: range, access: Access | None = None) -> Table:
    """Return what a query gives at the times of *span*, in Unix seconds; one id for each series.

    Raises:
        ConfigError: there is no answer, the query is refused, or gives nothing.
    """
    session = (access or Access()).session()
    client = PrometheusConnect(url=url, timeout=_PATIENCE, session=session)
    found: dict[str, list[tuple[int, str]]] = {}
    for first in range(0, len(span), _POINTS):
        for series in _answered(client, query=query, span=span[first : first + _POINTS]):
            points = found.setdefault(_name(series["metric"]), [])
            points += [(int(at), value) for at, value in series["values"]]
    if not found:
        raise wrong("--query", "gives no series in that time", value=query)
    cells = [
        (name if len(found) > 1 else "", at, _cell(value))
        for name, points in found.items()
        for at, value in points
    ]
    rows = [Row(number=number, cells=each) for number, each in enumerate(cells, start=2)]
    return Table(path=url, columns=_COLUMNS, rows=rows)


def keep(found: Table, *, path: Path) -> None:
    """Write a table as a CSV file that is read as the same series."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(found.columns)
        writer.writerows(row.cells for row in found.rows)


def _answered(client: PrometheusConnect, *, query: str, span: range) -> Iterator[Mapping[str, Any]]:
    start, end = (datetime.fromtimestamp(at, tz=UTC) for at in (span[0], span[-1]))
    try:
        yield from client.custom_query_range(
            query, start_time=start, end_time=end, step=str(span.step)
        )
    except PrometheusApiClientException as error:
        raise wrong("--query", f"is refused: {_reason(error)}", value=query) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise wrong(client.url, "gives no answer of a Prometheus") from error


def _reason(error: PrometheusApiClientException) -> str:
    """Return what Prometheus says; the client hides it in the repr of a body of JSON."""
    code, _, body = str(error).partition(" (")
    try:
        return str(orjson.loads(ast.literal_eval(body[:-1]))["error"])
    except (SyntaxError, ValueError, KeyError, TypeError):
        return code


def _name(labels: Mapping[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in sorted(labels.items()))


def _cell(value: str) -> str:
    """Nothing where the query gives no number, as a quotient of zeros."""
    return value if math.isfinite(float(value)) else ""
