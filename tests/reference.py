"""The tables of the reference documentation, made from the code.

`python -m tests.reference` writes them into the pages; a test holds the pages against them.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any, get_args

import attrs

from scaler.config import settings, sources
from scaler.config.calendars import Calendar, DeclaredEvent
from scaler.config.keys import KEYS
from scaler.config.profiles import PROFILES
from scaler.config.settings import ENVIRONMENT, CustomProfile, Declared, Settings
from scaler.config.sources import PrometheusSource
from scaler.config.structure import DOC, camel, join
from scaler.telemetry import METRICS, WORKLOAD

PAGES = Path(__file__).parent.parent / "docs" / "reference"
SECTIONS = {
    settings.Grpc,
    settings.ServerTls,
    settings.Ops,
    settings.Adapter,
    settings.AdapterTls,
    settings.Log,
    sources.BasicAuth,
    sources.Credential,
    sources.ClientTls,
    sources.Labels,
}
NAMED: dict[str, tuple[type[Any], str]] = {
    "calendars": (Calendar, "calendars.NAME"),
    "calendars.NAME.events": (DeclaredEvent, "calendars.NAME.events[]"),
    "sources": (PrometheusSource, "sources.NAME"),
    "profiles": (CustomProfile, "profiles.NAME"),
    "workloads": (Declared, "workloads[]"),
}


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def metadata() -> str:
    rows = (
        (" ".join(f"`{name}`" for name in (key.name, *key.aliases)), key.default, key.doc)
        for key in KEYS.values()
    )
    return table(("key", "default", "meaning"), rows)


def profiles() -> str:
    rows = (
        (f"`{p.name}`", p.doc, _fields(p.overrides(llm=True)), _fields(p.overrides(llm=False)))
        for p in PROFILES.values()
    )
    return table(("profile", "for", "on LLM engines", "on others"), rows)


def _fields(overrides: dict[str, object]) -> str:
    values = ((k, v.value if isinstance(v, Enum) else v) for k, v in overrides.items())
    return ", ".join(f"{camel(name)} {value}" for name, value in values)


def metrics() -> str:
    rows = (
        (
            f"`{metric.name}`",
            metric.kind,
            " ".join(f"`{label}`" for label in (*WORKLOAD * metric.workload, *metric.labels)),
            metric.doc,
        )
        for metric in METRICS
    )
    return table(("metric", "kind", "labels", "meaning"), rows)


def config() -> str:
    return table(("key", "environment", "default", "meaning"), _settings(Settings, ""))


def _settings(kind: type[Any], path: str) -> Iterator[tuple[str, ...]]:
    variables = {path: name for name, path in ENVIRONMENT.items()}
    for field in attrs.fields(kind):
        here = join(path, camel(field.name))
        inner = next(
            (kind for kind in (field.type, *get_args(field.type)) if kind in SECTIONS), None
        )
        if here in NAMED:
            yield (f"`{here}`", "", "", field.metadata[DOC])
            yield from _settings(*NAMED[here])
        elif inner:
            yield from _settings(inner, here)
        else:
            spelled = here.replace("sources.NAME", "sources.default")
            variable = f"`{variables[spelled]}`" if spelled in variables else ""
            yield (f"`{here}`", variable, _default(field.default), field.metadata[DOC])


def _default(value: object) -> str:
    match value:
        case attrs.NOTHING:
            return "must be given"
        case None | tuple() | attrs.Factory():  # type: ignore[misc]
            return ""
        case Enum():
            return f"`{value.value}`"
        case bool():
            return f"`{str(value).lower()}`"
        case float():
            return f"`{value:g}`"
    return f"`{value}`" if value != "" else ""


TABLES: dict[str, Callable[[], str]] = {
    "metadata": metadata,
    "profiles": profiles,
    "metrics": metrics,
    "config": config,
}
BLOCK = re.compile(r"(<!-- table: (\w+) -->\n).*?(\n<!-- end -->)", re.DOTALL)


def written(page: str) -> str:
    """`page` with every table as the code has it."""
    return BLOCK.sub(lambda block: f"{block[1]}{TABLES[block[2]]()}{block[3]}", page)


if __name__ == "__main__":
    for path in PAGES.glob("*.md"):
        path.write_text(written(path.read_text()))
