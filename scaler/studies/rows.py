"""Rows of a file, whatever it is: CSV, TSV, JSON lines or Parquet, compressed or not.

What a file is, its first bytes tell; its name is not looked at, so that standard input is a file
like any other.
"""

import csv
import gzip
import io
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import attrs
import orjson

from scaler.errors import ConfigError, Problem

_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"
_DELIMITERS = (",", "\t", ";")


@attrs.frozen(kw_only=True)
class Row:
    """One record of a file."""

    number: int
    """Line of the file, from 1; in Parquet the row, from 1."""

    cells: Sequence[object]
    """As many as there are columns; text, numbers, or None where there is nothing."""


@attrs.frozen(kw_only=True)
class Table:
    """A file's columns and rows."""

    path: str
    """As the user named it, for messages."""

    columns: tuple[str, ...]
    rows: Sequence[Row]


def wrong(
    path: str, rule: str, *, row: int | None = None, value: str = "", hint: str = ""
) -> ConfigError:
    """Return the error that names a file, a row of it, and what is wrong there."""
    where = path if row is None else f"{path}, row {row}"
    return ConfigError(Problem(path=where, rule=rule, value=value, hint=hint))


def table(path: str) -> Table:
    """Return the rows of a file; `-` is standard input.

    Raises:
        ConfigError: it cannot be read, or has no rows.
    """
    content = _unpacked(_content(path), path=path)
    if content.startswith(_PARQUET):
        found = _parquet(content, path=path)
    else:
        text = _text(content, path=path)
        found = (
            _json_lines(text, path=path) if text.startswith("{") else _separated(text, path=path)
        )
    if not found.columns:
        raise wrong(path, "has no columns" if found.rows else "is empty")
    if not found.rows:
        raise wrong(path, "has a header and no rows")
    return found


def _content(path: str) -> bytes:
    if path == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise wrong(path, f"cannot be read: {error.strerror}") from error


def _unpacked(content: bytes, *, path: str) -> bytes:
    if not content.startswith(_GZIP):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise wrong(path, f"cannot be decompressed: {error}") from error


def _text(content: bytes, *, path: str) -> str:
    try:
        return content.decode("utf-8-sig").strip("\n\r")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise wrong(path, "must be UTF-8 text or Parquet", row=row) from error


def _separated(text: str, *, path: str) -> Table:
    first = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text), delimiter=max(_DELIMITERS, key=first.count))
    try:
        lines = [(reader.line_num, cells) for cells in reader if cells]
    except csv.Error as error:
        raise wrong(path, f"cannot be read: {error}", row=reader.line_num) from error
    if not lines:
        return Table(path=path, columns=(), rows=())
    columns = tuple(name.strip() for name in lines[0][1])
    if any(_is_number(name) for name in columns):
        raise wrong(path, "must name the columns", row=1, value=first.strip()[:60])
    for number, cells in lines[1:]:
        if len(cells) != len(columns):
            rule = f"has {len(cells)} cells beside {len(columns)} columns"
            raise wrong(path, rule, row=number)
    rows = [Row(number=number, cells=cells) for number, cells in lines[1:]]
    return Table(path=path, columns=columns, rows=rows)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _json_lines(text: str, *, path: str) -> Table:
    objects = [(number, each) for number, each in _objects(text, path=path)]
    columns = tuple(dict.fromkeys(key for _, each in objects for key in each))
    rows = [
        Row(number=number, cells=[each.get(column) for column in columns])
        for number, each in objects
    ]
    return Table(path=path, columns=columns, rows=rows)


def _objects(text: str, *, path: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            found = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise wrong(path, f"must be a JSON object: {error}", row=number) from error
        if not isinstance(found, dict):
            raise wrong(path, "must be a JSON object", row=number, value=line[:60])
        yield number, found


def _parquet(content: bytes, *, path: str) -> Table:
    try:
        import pyarrow as pa  # noqa: PLC0415 - 170 MB that only Parquet needs
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        hint = "pip install 'forescale[parquet]'"
        raise wrong(path, "is Parquet, which needs an extra", hint=hint) from error
    try:
        found = parquet.read_table(pa.BufferReader(content))
    except (pa.ArrowException, OSError) as error:
        raise wrong(path, f"cannot be read: {str(error).splitlines()[0]}") from error
    columns = [column.to_pylist() for column in found.columns]
    rows = [
        Row(number=number, cells=cells)
        for number, cells in enumerate(zip(*columns, strict=True), start=1)
    ]
    return Table(path=path, columns=tuple(found.column_names), rows=rows)
