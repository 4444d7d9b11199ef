"""Traces to series: which columns, which rows belong together, which grid.

The name of a series comes from its file, and from its column or id where there are several.
"""

from collections.abc import Sequence
from pathlib import PurePath

import attrs
import numpy as np

from forecasting.arrays import BoolArray, FloatArray, IntArray
from forecasting.series import Series, on_grid
from scaler.config.values import Invalid, nearest
from scaler.studies.rows import Row, Table, table, wrong
from scaler.studies.stamps import Stamp, is_missing, number, stamp

_TIMES = ("timestamp", "time", "ds", "datetime", "date", "ts")
_IDS = ("unique_id", "series", "id")
_REGULAR = 0.5
"""Share of the intervals that must be one step, or what is read is a log of events."""

_BROKEN = 2
"""A log of events begins and ends within an interval."""

_SLACK = 0.1
"""How far from the grid a time may be, in steps."""


@attrs.frozen(kw_only=True)
class Columns:
    """What the columns of a file are; the usual names are found by themselves."""

    time: str | None = None
    values: tuple[str, ...] = ()
    """By default every column of numbers that is neither time nor id."""

    id: str | None = None
    """Tells many series in one file apart."""

    events: int | None = None
    """Rows are events: values are summed over so many seconds, or rows counted without any."""


@attrs.frozen(kw_only=True)
class Trace:
    """A series and where it comes from."""

    name: str
    series: Series
    shift: int = 0
    """Seconds that its times were moved back by, onto whole steps."""


@attrs.frozen(kw_only=True, eq=False)
class _Part:
    """The rows of one id."""

    path: str
    rows: Sequence[int]
    times: IntArray
    columns: dict[str, FloatArray]


def traces(path: str, *, columns: Columns) -> list[Trace]:
    """Return the series of one file, in the order of the file; `-` is standard input.

    Raises:
        ConfigError: the file cannot be read or is no series; it names file, row and reason.
    """
    stem = "stdin" if path == "-" else PurePath(path).name.split(".")[0]
    return traces_of(table(path), stem=stem, columns=columns)


def traces_of(found: Table, *, stem: str, columns: Columns) -> list[Trace]:
    """Return the series of a table; their names begin with *stem*.

    Raises:
        ConfigError: it is no series; it names file, row and reason.
    """
    time = _named(found, columns.time, _TIMES) or found.columns[0]
    key = _named(found, columns.id, _IDS)
    values = _values(found, columns, taken={time, key})
    parts = _parts(found, time=time, key=key, values=values)
    several = len(values) > 1
    return [
        _trace(part, column, name=_name(stem, each, column if several else ""), columns=columns)
        for each, part in parts.items()
        for column in part.columns
    ]


def _name(stem: str, key: str, column: str) -> str:
    return ":".join(part for part in (stem, key, column) if part)


def _named(found: Table, given: str | None, usual: Sequence[str]) -> str | None:
    if given is not None:
        return _column(found, given)
    folded = {name.lower(): name for name in reversed(found.columns)}
    return next((folded[name] for name in usual if name in folded), None)


def _column(found: Table, given: str) -> str:
    if given not in found.columns:
        hint = nearest(given, found.columns) or f"there are {', '.join(found.columns)}"
        raise wrong(found.path, "has no such column", value=given, hint=hint)
    return given


def _values(found: Table, columns: Columns, *, taken: set[str | None]) -> tuple[str, ...]:
    if columns.values:
        return tuple(_column(found, given) for given in columns.values)
    chosen = tuple(
        name
        for place, name in enumerate(found.columns)
        if name not in taken and _of_numbers(found.rows, place)
    )
    if not chosen and columns.events is None:
        raise wrong(found.path, "has no column of numbers beside the time")
    return chosen


def _of_numbers(rows: Sequence[Row], place: int) -> bool:
    """Whether the first cell with something in it is a number; a negative one is one too."""
    first = next((row.cells[place] for row in rows if not is_missing(row.cells[place])), None)
    try:
        number(str(first).lstrip("-"))
    except Invalid:
        return False
    return first is not None


def _parts(
    found: Table, *, time: str, key: str | None, values: tuple[str, ...]
) -> dict[str, _Part]:
    place = None if key is None else found.columns.index(key)
    groups: dict[str, list[Row]] = {}
    for row in found.rows:
        groups.setdefault("" if place is None else str(row.cells[place]), []).append(row)
    return {
        each: _Part(
            path=found.path,
            rows=[row.number for row in rows],
            times=_times(found, rows, place=found.columns.index(time)),
            columns={name: _numbers(found, rows, name) for name in values}
            or {"": np.ones(len(rows))},
        )
        for each, rows in groups.items()
    }


def _times(found: Table, rows: Sequence[Row], *, place: int) -> IntArray:
    stamps: list[Stamp] = []
    for row in rows:
        stamps.append(_read_stamp(found, row, row.cells[place]))
        if stamps[-1].offset != stamps[0].offset:
            rule = "is in another time zone than the first row"
            raise wrong(found.path, rule, row=row.number, value=str(row.cells[place]))
    return np.array([each.seconds for each in stamps], dtype=np.int64)


def _read_stamp(found: Table, row: Row, cell: object) -> Stamp:
    try:
        return stamp(cell)
    except Invalid as invalid:
        raise wrong(
            found.path, invalid.rule, row=row.number, value=str(cell), hint=invalid.hint
        ) from invalid


def _numbers(found: Table, rows: Sequence[Row], name: str) -> FloatArray:
    place = found.columns.index(name)
    numbers = np.empty(len(rows))
    for position, row in enumerate(rows):
        try:
            numbers[position] = number(row.cells[place])
        except Invalid as invalid:
            rule = f"{name} {invalid.rule}"
            value = str(row.cells[place])
            raise wrong(found.path, rule, row=row.number, value=value) from invalid
    return numbers


def _trace(part: _Part, column: str, *, name: str, columns: Columns) -> Trace:
    values = part.columns[column]
    if not np.nansum(values) > 0:
        what = "is zero or missing" if np.isfinite(values).any() else "is missing"
        raise wrong(part.path, f"every value of {name} {what}: nothing to forecast")
    if columns.events is not None:
        return Trace(name=name, series=_summed(part, values, name=name, step=columns.events))
    step, slots = _grid(part, name=name)
    start = int(part.times[0]) - int(part.times[0]) % step
    series = on_grid(start + slots * step, values, step=step)
    return Trace(name=name, series=series, shift=int(part.times[0]) - start)


def _summed(part: _Part, values: FloatArray, *, name: str, step: int) -> Series:
    """Return what the events of each whole interval add up to; none is a measured zero."""
    slots = part.times // step
    first, size = int(slots.min()), int(slots.max() - slots.min()) + 1
    if size <= _BROKEN:
        raise wrong(part.path, f"the events of {name} span no whole interval of {step} s")
    if size > 100 * len(slots) + 100_000:
        raise wrong(part.path, f"the events of {name} span {size} intervals: is a time wrong?")
    sums = np.bincount(slots - first, weights=values, minlength=size)
    return Series(start=(first + 1) * step, step=step, values=sums[1:-1])


def _grid(part: _Part, *, name: str) -> tuple[int, IntArray]:
    """Return the step in seconds, and the interval of each row from the first one's."""
    if len(part.times) == 1:
        raise wrong(part.path, f"one row of {name} is no series", row=part.rows[0])
    steps = np.diff(part.times)
    _check_order(part, steps)
    step = int(np.median(steps))
    exact = (part.times - part.times[0]) / step
    slots = np.rint(exact).astype(np.int64)
    _check_regular(part, np.diff(slots), off=np.abs(exact - slots) > _SLACK, step=step, name=name)
    return step, slots


def _check_order(part: _Part, steps: IntArray) -> None:
    if (steps > 0).all():
        return
    place = int(np.argmax(steps <= 0)) + 1
    what = "the same time as the row before" if steps[place - 1] == 0 else "an earlier time"
    rule = f"{what}: rows must be in order, each time once"
    hint = "a log of events needs --events; many series need --id"
    raise wrong(part.path, rule, row=part.rows[place], hint=hint)


def _check_regular(part: _Part, slots: IntArray, *, off: BoolArray, step: int, name: str) -> None:
    if off.any() and np.mean((slots == 1) & ~off[1:]) < _REGULAR:
        place = int(np.argmax(off))
        rule = f"not on a regular grid of {step} s"
        raise wrong(part.path, rule, row=part.rows[place], hint="a log of events needs --events")
    if slots.sum() + 1 > 2 * len(part.times):
        place = int(np.argmax(slots))
        rule = f"a gap of {slots[place] - 1} steps of {step} s: more than half of {name} is missing"
        raise wrong(part.path, rule, row=part.rows[place + 1])
