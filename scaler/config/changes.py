"""What differs between two settings that a running service cannot take up."""

from collections.abc import Iterator
from typing import Any

import attrs

from scaler.config.settings import Settings
from scaler.config.structure import camel, join

_AT_START = ("grpc", "ops", "adapter", "state")
"""What is listened on and written to is opened once."""


def until_restart(before: Settings, after: Settings) -> list[str]:
    """The keys whose new value counts only after a restart."""
    return [
        path
        for name in _AT_START
        for path in _differing(getattr(before, name), getattr(after, name), path=camel(name))
    ]


def _differing(before: Any, after: Any, *, path: str) -> Iterator[str]:
    if before == after:
        return
    if type(before) is not type(after) or not attrs.has(type(before)):
        yield path
        return
    for field in attrs.fields(type(before)):
        inner = join(path, camel(field.name))
        yield from _differing(getattr(before, field.name), getattr(after, field.name), path=inner)
