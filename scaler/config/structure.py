"""Nested mappings to attrs values: every field declared once, every mistake found in one pass.

A settings class declares its fields with `setting`; `section` reads a mapping into it. Keys are the
fields' names in camelCase; an unknown one is a problem that names its path and the nearest key.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import attrs

from scaler.config.values import Invalid, Parser, nearest
from scaler.errors import ConfigError, Problem

T = TypeVar("T")
Reader = Callable[[object, str], T]
"""Raw value and path to a value; raises `ConfigError` with every problem found below the path."""

READ = "read"
DOC = "doc"
MISSING = "must be given"


def setting(read: Reader[Any], *, doc: str, default: object = attrs.NOTHING) -> Any:
    """A field of a settings class: how it is read, what it means, what it is when not given."""
    metadata = {READ: read, DOC: doc}
    if callable(default):
        return attrs.field(factory=default, metadata=metadata)
    return attrs.field(default=default, metadata=metadata)


def camel(name: str) -> str:
    """A field's name as users write it."""
    head, *tail = name.split("_")
    return head + "".join(part.title() for part in tail)


def join(path: str, key: str) -> str:
    """The path of `key` inside `path`."""
    return f"{path}.{key}" if path else key


def scalar(parser: Parser[T]) -> Reader[T]:
    """Text, number or boolean of the file, through a text parser."""

    def read(raw: object, path: str) -> T:
        given = str(raw).lower() if isinstance(raw, bool) else str(raw)
        if raw is None or isinstance(raw, dict | list):
            raise ConfigError(Problem(path=path, rule="must be a single value"))
        try:
            return parser(given)
        except Invalid as invalid:
            raise ConfigError(invalid.problem(path, value=given)) from None

    return read


def mapping(reader: Reader[T]) -> Reader[dict[str, T]]:
    """A mapping from names of the user's choice."""

    def read(raw: object, path: str) -> dict[str, T]:
        items = _mapping(raw, path)
        return dict(_gather((key, reader, value, join(path, key)) for key, value in items.items()))

    return read


def sequence(reader: Reader[T]) -> Reader[tuple[T, ...]]:
    """A list; a single text is split at its commas, so that the environment can give one."""

    def read(raw: object, path: str) -> tuple[T, ...]:
        items = [item.strip() for item in raw.split(",")] if isinstance(raw, str) else raw
        if not isinstance(items, list):
            raise ConfigError(Problem(path=path, rule="must be a list"))
        found = _gather((str(i), reader, item, f"{path}[{i}]") for i, item in enumerate(items))
        return tuple(value for _, value in found)

    return read


def section(kind: type[T]) -> Reader[T]:
    """A mapping with the keys that the settings class `kind` declares."""

    def read(raw: object, path: str) -> T:
        items = _mapping(raw, path)
        fields = {camel(field.name): field for field in attrs.fields(kind)}  # type: ignore[arg-type]
        problems = [
            Problem(path=join(path, key), rule="unknown key", hint=nearest(key, fields))
            for key in items
            if key not in fields
        ]
        problems += [
            Problem(path=join(path, name), rule=MISSING)
            for name, field in fields.items()
            if name not in items and field.default is attrs.NOTHING
        ]
        known = [
            (field.name, field.metadata[READ], items[name], join(path, name))
            for name, field in fields.items()
            if name in items
        ]
        return _build(kind, path, known=known, problems=problems)

    return read


_Item = tuple[str, Reader[Any], object, str]


def _build(kind: type[T], path: str, *, known: list[_Item], problems: list[Problem]) -> T:
    try:
        values = dict(_gather(known))
    except ConfigError as error:
        raise ConfigError(*problems, *error.problems) from None
    if problems:
        raise ConfigError(*problems)
    try:
        return kind(**values)
    except ValueError as error:
        raise ConfigError(Problem(path=path, rule=str(error))) from None


def _gather(items: Iterator[_Item] | list[_Item]) -> list[tuple[str, Any]]:
    """Every item read; the problems of all of them in one error."""
    values: list[tuple[str, Any]] = []
    problems: list[Problem] = []
    for name, reader, raw, path in items:
        try:
            values.append((name, reader(raw, path)))
        except ConfigError as error:
            problems.extend(error.problems)
    if problems:
        raise ConfigError(*problems)
    return values


def _mapping(raw: object, path: str) -> Mapping[str, object]:
    if raw is None:
        return {}
    if not isinstance(raw, dict) or not all(isinstance(key, str) for key in raw):
        raise ConfigError(Problem(path=path or "the file", rule="must be a mapping of names"))
    return raw
