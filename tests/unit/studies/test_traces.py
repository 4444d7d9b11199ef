"""A file becomes series, or one line that names file, row and reason."""

import gzip
import math
from pathlib import Path

import numpy as np
import pytest

from scaler.errors import ConfigError
from scaler.studies.traces import Columns, Trace, traces

HEADER = "timestamp,requests\n"


def written(folder: Path, text: str, *, name: str = "load.csv") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def read(folder: Path, text: str, **columns: object) -> list[Trace]:
    return traces(written(folder, text), columns=Columns(**columns))  # type: ignore[arg-type]


def refused(folder: Path, text: str, **columns: object) -> str:
    with pytest.raises(ConfigError) as caught:
        read(folder, text, **columns)
    (problem,) = caught.value.problems
    assert "\n" not in str(problem)
    return str(problem).removeprefix(f"{folder}/")


def test_an_empty_cell_is_a_gap_and_zero_is_measured(tmp_path: Path) -> None:
    (trace,) = read(tmp_path, HEADER + "0,5\n60,\n120,0\n180,7\n")

    np.testing.assert_array_equal([5, math.nan, 0, 7], trace.series.values)
    assert ("load", 0, 60) == (trace.name, trace.series.start, trace.series.step)


def test_missing_rows_are_gaps(tmp_path: Path) -> None:
    (trace,) = read(tmp_path, HEADER + "0,5\n60,6\n120,6\n240,7\n")

    np.testing.assert_array_equal([5, 6, 6, math.nan, 7], trace.series.values)


def test_times_beside_whole_steps_move_onto_them_and_are_remembered(tmp_path: Path) -> None:
    (trace,) = read(
        tmp_path,
        HEADER + "2014-04-10T00:04:00,1\n2014-04-10T00:09:00,2\n2014-04-10T00:14:00,3\n",
    )

    assert (0, 240, 3) == (trace.series.start % 300, trace.shift, len(trace.series))


@pytest.mark.parametrize(
    "text",
    [
        "ds\ty\n0\t1\n60\t2\n",
        "ds;y\n0;1\n60;2\n",
        '{"ds": 0, "y": 1}\n{"ds": 60, "y": 2}\n',
        '{"ds": "1970-01-01T00:00:00Z", "y": 1}\n\n{"ds": "1970-01-01T00:01:00Z", "y": 2}\n',
        "\ufeffds,y\r\n0,1\r\n60,2\r\n",
        "ds,comment,y\n0,calm,1\n60,busy,2\n",
    ],
)
def test_what_a_file_is_its_content_tells(tmp_path: Path, text: str) -> None:
    (trace,) = read(tmp_path, text)

    np.testing.assert_array_equal([1, 2], trace.series.values)


def test_compressed_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "load.csv.gz"
    path.write_bytes(gzip.compress((HEADER + "0,1\n60,2\n").encode()))

    (trace,) = traces(str(path), columns=Columns())

    assert 2 == len(trace.series)


def test_each_column_is_a_series(tmp_path: Path) -> None:
    found = read(tmp_path, "time,a,b\n0,1,2\n60,3,4\n")

    assert ["load:a", "load:b"] == [trace.name for trace in found]


def test_ids_tell_series_apart(tmp_path: Path) -> None:
    found = read(tmp_path, "unique_id,ds,y\nx,0,1\nx,60,2\nz,0,3\nz,60,4\n")

    assert ["load:x", "load:z"] == [trace.name for trace in found]
    np.testing.assert_array_equal([3, 4], found[1].series.values)


def test_columns_can_be_named(tmp_path: Path) -> None:
    (trace,) = read(
        tmp_path,
        "a,b,model,when\n1,2,m,0\n3,4,m,60\n",
        time="when",
        values=("b",),
        id="model",
    )

    assert "load:m" == trace.name
    np.testing.assert_array_equal([2, 4], trace.series.values)


def test_events_add_up_in_whole_intervals_and_silence_is_zero(tmp_path: Path) -> None:
    log = "at,tokens\n50.5,1\n61,10\n60,20\n185,5\n185,6\n250,9\n"

    (tokens,) = read(tmp_path, log, time="at", events=60)
    (events,) = read(tmp_path, "at\n50\n60\n61\n185\n250\n", time="at", events=60)

    assert 60 == tokens.series.start
    np.testing.assert_array_equal([30, 0, 11], tokens.series.values)
    np.testing.assert_array_equal([2, 0, 1], events.series.values)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "load.csv: is empty"),
        (HEADER, "load.csv: has a header and no rows"),
        ("0,5\n60,6\n", "load.csv, row 1: must name the columns, got '0,5'"),
        (HEADER + "0,5\n", "load.csv, row 2: one row of load is no series"),
        (
            HEADER + "60,5\n0,6\n120,7\n",
            "load.csv, row 3: an earlier time: rows must be in order, each time once"
            " (a log of events needs --events; many series need --id)",
        ),
        (
            HEADER + "0,5\n60,6\n60,7\n",
            "load.csv, row 4: the same time as the row before: rows must be in order,"
            " each time once (a log of events needs --events; many series need --id)",
        ),
        (HEADER + "0,5\n60,-1\n", "load.csv, row 3: requests must not be negative, got '-1'"),
        (HEADER + "0,5\n60,many\n", "load.csv, row 3: requests must be a number, got 'many'"),
        (HEADER + "0,5\n60,inf\n", "load.csv, row 3: requests must be a number, got 'inf'"),
        (HEADER + "0,5\n60,6,7\n", "load.csv, row 3: has 3 cells beside 2 columns"),
        (
            HEADER + "soon,5\n60,6\n",
            "load.csv, row 2: must be a time, in seconds or as 2026-01-31T13:05:00Z, got 'soon'",
        ),
        (
            HEADER + "1696118400000,5\n1696118460000,6\n",
            "load.csv, row 2: must be seconds, got '1696118400000' (are these milliseconds?)",
        ),
        (
            HEADER + "2026-01-01T00:00:00+01:00,5\n2026-01-01T00:01:00Z,6\n",
            "load.csv, row 3: is in another time zone than the first row,"
            " got '2026-01-01T00:01:00Z'",
        ),
        (
            HEADER + "2026-01-01T00:00:00Z,5\n2026-01-01T00:01:00,6\n",
            "load.csv, row 3: is in another time zone than the first row,"
            " got '2026-01-01T00:01:00'",
        ),
        (
            HEADER + "0,5\n60,6\n120,7\n999999,8\n",
            "load.csv, row 5: a gap of 16664 steps of 60 s: more than half of load is missing",
        ),
        (
            HEADER + "0,5\n7,6\n60,7\n65,8\n100,9\n",
            "load.csv, row 3: not on a regular grid of 21 s (a log of events needs --events)",
        ),
        (
            HEADER + "".join(f"{60 * minute},0\n" for minute in range(1_000)),
            "load.csv: every value of load is zero or missing: nothing to forecast",
        ),
        (
            HEADER + "0,\n60,\n",
            "load.csv: has no column of numbers beside the time",
        ),
        ('{"a": 1}\n{"a": \n', "load.csv, row 2: must be a JSON object: "),
        ("{}\n", "load.csv: has no columns"),
    ],
)
def test_bad_input_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    assert refused(tmp_path, text).startswith(line)


def test_a_column_that_does_not_exist_is_named_with_the_nearest(tmp_path: Path) -> None:
    assert "load.csv: has no such column, got 'request' (did you mean 'requests'?)" == refused(
        tmp_path, HEADER + "0,1\n60,2\n", values=("request",)
    )


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    broken = tmp_path / "load.gz"
    broken.write_bytes(gzip.compress(b"some text that is long enough")[:-10])

    with pytest.raises(ConfigError, match=r"missing.csv: cannot be read: No such file"):
        traces(str(tmp_path / "missing.csv"), columns=Columns())
    with pytest.raises(ConfigError, match=r"load.gz: cannot be decompressed"):
        traces(str(broken), columns=Columns())


def test_bytes_that_are_no_text_are_refused_with_their_row(tmp_path: Path) -> None:
    path = tmp_path / "load.csv"
    path.write_bytes(b"timestamp,requests\n0,1\n60,\xff\n")

    with pytest.raises(ConfigError, match="row 3: must be UTF-8 text or Parquet"):
        traces(str(path), columns=Columns())


def test_parquet_is_a_file_like_any_other(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "load.parquet"
    parquet.write_table(arrow.table({"ds": [0, 60, 120], "y": [1.0, None, 3.0]}), path)

    (trace,) = traces(str(path), columns=Columns())

    np.testing.assert_array_equal([1, math.nan, 3], trace.series.values)
