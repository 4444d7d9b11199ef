"""The commands as people call them: what goes in, what comes out, and the exit code."""

import csv
import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import orjson
import pytest
from click.testing import CliRunner, Result

from scaler.cli import group

HOUR = 3_600


def forescale(*arguments: str | Path, given: str | None = None) -> Result:
    return CliRunner().invoke(group, [str(each) for each in arguments], input=given)


def load(*, days: int = 10, columns: int = 1) -> str:
    clock = np.arange(24 * days)
    noise = np.random.default_rng(0).normal(size=(clock.size, columns))
    values = 100 + 60 * np.sin(2 * np.pi * clock / 24)[:, None] + 5 * noise
    names = ",".join(f"model{number}" for number in range(columns))
    rows = [
        f"{HOUR * hour},{','.join(f'{value:.3f}' for value in row)}"
        for hour, row in zip(clock, values, strict=True)
    ]
    return "\n".join([f"timestamp,{names}", *rows, ""])


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "load.csv.gz"
    path.write_bytes(gzip.compress(load(columns=2).encode()))
    return path


def test_a_backtest_as_a_process_from_file_to_every_report(trace: Path, tmp_path: Path) -> None:
    table, page = tmp_path / "origins.csv", tmp_path / "report.html"

    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, *["-m", "scaler", "backtest", "--csv"], table, "--html", page, trace],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, "") == (done.returncode, done.stderr)
    assert "load:model0: 240 values, one in 1 h" in done.stdout
    assert "error against reactive, geometric mean over series" in done.stdout
    assert page.read_text().startswith("<!doctype html>")
    with table.open() as file:
        assert {"load:model0", "load:model1"} == {row["unique_id"] for row in csv.DictReader(file)}


def test_processes_measure_what_one_measures(trace: Path) -> None:
    one, two = (
        orjson.loads(forescale("backtest", trace, "--json", "--jobs", jobs).stdout)
        for jobs in ("1", "2")
    )

    for series in (*one["series"], *two["series"]):
        del series["fit_seconds"], series["predict_seconds"]
    assert one == two


def test_a_run_fails_on_a_gate_and_names_the_series(trace: Path) -> None:
    done = forescale("backtest", trace, "--value", "model0", "--fail-if", "skill<0.99")

    assert 1 == done.exit_code
    assert done.stderr.startswith("forescale: load: skill is 0.")


def test_a_run_is_compared_with_an_earlier_one(trace: Path, tmp_path: Path) -> None:
    earlier = tmp_path / "earlier.json"
    earlier.write_text(forescale("backtest", trace, "--json").stdout)

    same = forescale("backtest", trace, "--against", earlier)
    other = forescale("backtest", trace, "--against", earlier, "--horizon", "2h")

    assert "none of 2 series changed since the earlier run" in same.stdout
    assert "\nload:model1  maximum_coverage" in other.stdout


def test_a_run_is_resumed_from_what_it_kept(trace: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    first = forescale("backtest", trace, "--resume", kept)
    again = forescale("backtest", trace, "--resume", kept, "--jobs", "2")

    assert 2 == len(list(kept.iterdir()))
    assert first.stdout == again.stdout
    assert "load:model1" in again.stdout


def test_a_forecast_of_standard_input(tmp_path: Path) -> None:
    table, page = tmp_path / "forecast.csv", tmp_path / "forecast.html"

    done = forescale(
        "forecast", "-", "--horizon", "3", "--csv", table, "--html", page, given=load()
    )
    document = orjson.loads(forescale("forecast", "-", "--json", given=load()).stdout)

    assert (0, "") == (done.exit_code, done.stderr)
    assert "maximum of the next 3 h" in done.stdout
    assert 4 == len(table.read_text().splitlines())
    assert page.read_text().startswith("<!doctype html>")
    assert "forescale.forecast/1" == document["schema"]
    assert 6 == len(document["series"][0]["forecast"])


@pytest.mark.parametrize(
    ("arguments", "given", "line"),
    [
        (["-"], "", "forescale: -: is empty\n"),
        (["-"], "timestamp,n\n0,1\n60,x\n", "forescale: -, row 3: n must be a number, got 'x'\n"),
        (
            ["nothing.csv"],
            "",
            "forescale: nothing.csv: cannot be read: No such file or directory\n",
        ),
        (["-", "--value", "m"], "timestamp,n\n0,1\n60,2\n", "no such column, got 'm'"),
        (["-", "--fail-if", "skil<0"], "", "has no figure 'skil', got 'skil<0' (did you mean"),
        (["-", "--horizon", "soon"], "", "must be a duration such as 30s, 5m or 1h30m"),
        (["-", "--timezone", "Mars"], "", "must be a time zone such as UTC or Europe/Berlin"),
        (["-", "--horizon", "99"], load(days=2), "forescale: stdin: 48 values leave no origin"),
        (["-", "--holidays", "Mars"], "", "must be a country and perhaps a region, as in DE-BY"),
        (["-", "--calendar", "no.yaml"], load(), "forescale: no.yaml: cannot be read"),
        (["-", "--header", "nothing"], "", "must be NAME=VALUE, got 'nothing'"),
        (["-", "--against", "no.json"], load(), "forescale: no.json: cannot be read"),
        (
            ["-", "--csv", "no/such/folder"],
            "",
            "must be a file in a folder that exists, got 'no/such/folder'",
        ),
    ],
)
def test_bad_usage_is_a_line_and_never_a_traceback(
    arguments: list[str], given: str, line: str
) -> None:
    done = forescale("backtest", *arguments, given=given)

    assert 2 == done.exit_code
    assert line in done.stderr
    assert isinstance(done.exception, SystemExit)
    assert "" == done.stdout
