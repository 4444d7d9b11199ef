"""Exposition text to samples. Only lines with names that matter are parsed at all."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from prometheus_client.parser import text_string_to_metric_families

Labels = tuple[tuple[str, str], ...]
"""Sorted, so that a series is itself again on the next page."""
Page = Mapping[str, Mapping[Labels, float]]
"""Values by name and labels."""


def read_page(body: bytes, *, names: frozenset[str]) -> Page:
    """The samples of `body` that are called one of `names`.

    A line that cannot be read costs that line. Of a series that comes twice the larger counts.
    """
    lines = [line.decode(errors="replace") for line in _filter(names).findall(body)]
    page: dict[str, dict[Labels, float]] = {}
    for name, labels, value in _samples(lines):
        series = page.setdefault(name, {})
        series[labels] = max(value, series.get(labels, value))
    return page


def _samples(lines: Iterable[str]) -> Iterator[tuple[str, Labels, float]]:
    kept = list(lines)
    try:
        yield from list(_parsed("\n".join(kept)))
    except ValueError:
        for line in kept:
            yield from _one(line)


def _one(line: str) -> list[tuple[str, Labels, float]]:
    try:
        return list(_parsed(line))
    except ValueError:
        return []


def _parsed(text: str) -> Iterator[tuple[str, Labels, float]]:
    for family in text_string_to_metric_families(f"{text}\n"):
        for sample in family.samples:
            yield sample.name, tuple(sorted(sample.labels.items())), sample.value


@lru_cache(maxsize=64)
def _filter(names: frozenset[str]) -> re.Pattern[bytes]:
    either = b"|".join(re.escape(name.encode()) for name in sorted(names, reverse=True))
    return re.compile(rb"^(?:" + either + rb")(?=[{ \t])[^\n]*", re.MULTILINE)
