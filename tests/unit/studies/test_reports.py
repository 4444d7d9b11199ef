"""One evaluation as document, lines, CSV and page."""

import csv
import io
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import attrs
import numpy as np
import orjson
import pytest

from forecasting.series import Series
from scaler.errors import ConfigError
from scaler.studies.ahead import ahead
from scaler.studies.backtests import Account, measure
from scaler.studies.document import Change, changes, document, earlier
from scaler.studies.figures import NAMES, figures
from scaler.studies.forecasts import document as forecast_document
from scaler.studies.forecasts import forecast
from scaler.studies.lines import (
    account_lines,
    aligned,
    change_lines,
    forecast_lines,
    number,
    summary_lines,
)
from scaler.studies.long import write_backtest, write_forecast
from scaler.studies.page import charts, forecast_page, page
from scaler.studies.plan import Plan
from scaler.studies.times import iso, length
from scaler.studies.traces import Trace
from tests.unit.studies.builders import HOUR, PLAN, a_trace


@pytest.fixture(scope="module")
def silent() -> Account:
    """An evaluation in which much cannot be told: few values, a gap, no seasonal scale."""
    values = np.array([5, 5, 5, np.nan, np.nan, 5, 5, 5, 0, 5], dtype=np.float64)
    trace = Trace(name="<few>", series=Series(start=0, step=60, values=values))
    return measure(trace, plan=PLAN)


def test_the_document_says_what_is_asked_and_what_came_of_it(account: Account) -> None:
    (series,) = orjson.loads(orjson.dumps(document([account], plan=PLAN)))["series"]

    assert figures(account) == {name: series[name] for name in NAMES}
    assert ("load", "1970-01-01T00:00:00Z", 6 * HOUR, False) == (
        series["name"],
        series["start"],
        series["horizon_seconds"],
        series["looks_ahead"],
    )
    assert len(account.horizons) == len(series["horizons"])
    assert ["reactive", "ewma_10m"] == [each["name"] for each in series["candidates"]][:2]


def test_what_cannot_be_told_is_null(silent: Account) -> None:
    text = orjson.dumps(document([silent], plan=PLAN))

    assert b"NaN" not in text


def test_the_difference_to_an_earlier_run_is_by_figure(account: Account, tmp_path: Path) -> None:
    path = tmp_path / "earlier.json"
    then = document([account], plan=PLAN)
    then["series"][0]["mase"] -= 0.25
    path.write_bytes(orjson.dumps(then))

    found = changes([account], since=earlier(path))

    moved = [each for each in found if each.before != each.after]
    assert ["mase"] == [each.figure for each in moved]
    assert 0.25 == pytest.approx(moved[0].after - moved[0].before)
    assert ["series  figure", "load      mase"] == [line[:14] for line in change_lines(found)]


def test_runs_without_a_common_series_say_so(account: Account) -> None:
    assert ["no series is in both runs"] == list(change_lines(changes([account], since={})))


def test_an_unchanged_run_says_so(account: Account) -> None:
    same = [
        Change(series="load", figure=name, before=value, after=value)
        for name, value in figures(account).items()
    ]

    assert ["none of 1 series changed since the earlier run"] == list(change_lines(same))


@pytest.mark.parametrize("text", ["", "[]", '{"schema": "other/1"}'])
def test_another_document_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "earlier.json"
    path.write_text(text)

    with pytest.raises(ConfigError, match=r"earlier\.json: must be"):
        earlier(path)


def test_an_earlier_run_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        earlier(tmp_path / "earlier.json")


def test_the_lines_hold_table_skill_coverage_and_cost(account: Account) -> None:
    lines = list(account_lines(account))

    assert "horizon   MASE" == lines[1][:14]
    assert ["1 h", "all"] == [lines[2][:3], lines[-5][:3]]
    assert lines[-1].endswith("; forecasts stay equal when the future is scrambled")


def test_a_forecast_that_looks_ahead_is_shouted_about(account: Account) -> None:
    seeing = attrs.evolve(account, looks_ahead=True)
    untried = attrs.evolve(account, looks_ahead=None)

    assert "NOT CAUSAL" in list(account_lines(seeing))[-1]
    assert "future" not in list(account_lines(untried))[-1]
    assert "Not causal" in page([seeing], plan=PLAN)


def test_many_series_have_a_summary_and_one_has_none(account: Account) -> None:
    lines = list(summary_lines([account, account]))

    assert 4 == len(lines)
    assert lines[-1].startswith("error against reactive, geometric mean over series: 0.")
    assert [] == list(summary_lines([account]))


def test_each_origin_and_horizon_is_a_row(account: Account) -> None:
    file = io.StringIO()
    write_backtest([account], file=file)
    rows = list(csv.DictReader(io.StringIO(file.getvalue())))

    result = account.result
    assert result.times.size * result.knots.size == len(rows)
    first = rows[0]
    at = int(result.times[0])
    assert (iso(at - HOUR), iso(at)) == (first["cutoff"], first["ds"])
    assert f"{account.trace.series.values[at // HOUR]:.6g}" == first["y"]
    assert float(first["q0.1"]) <= float(first["q0.9"])


class Wellformed(HTMLParser):
    """Notes tags that close what is not open, and addresses outside of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self.open.append(tag)
        self.wrong += [
            f"{name}={value}"
            for name, value in attrs
            if name in {"src", "href"} and not str(value).startswith("#")
        ]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}>")


def test_the_page_is_whole_and_needs_nothing_else(account: Account, silent: Account) -> None:
    text = page([account, silent], plan=PLAN)
    parser = Wellformed()
    parser.feed(text)

    assert ([], []) == (parser.open, parser.wrong)
    assert "&lt;few&gt;" in text
    assert "<few>" not in text


def test_every_drawing_is_well_formed_and_knows_all_its_numbers(
    account: Account, silent: Account
) -> None:
    for each in (account, silent):
        for chart in charts(each):
            ET.fromstring(chart.drawing)  # noqa: S314 - our own drawing
            assert "nan" not in chart.drawing
            assert "inf" not in chart.drawing


def test_the_page_of_forecasts_is_whole_and_needs_nothing_else(silent: Account) -> None:
    few = silent.trace
    dead = Trace(name="dead", series=Series(start=0, step=HOUR, values=np.full(40, np.nan)))
    found = [(each, forecast(each, plan=PLAN)) for each in (a_trace(), few, dead)]
    parser = Wellformed()
    parser.feed(text := forecast_page(found))

    assert ([], []) == (parser.open, parser.wrong)
    assert "&lt;few&gt;" in text
    assert "<few>" not in text
    assert "no value in the last day" in text


def test_the_chart_ahead_holds_history_fan_and_bound(silent: Account) -> None:
    made = forecast(a_trace(), plan=PLAN)
    drawing = ahead(a_trace(), made).drawing

    assert [1, 1, 1] == [
        drawing.count(f'class="line {each}"') for each in ("actual", "forecast", "bound")
    ]
    assert len(made.levels) // 2 == drawing.count('class="band"')
    for trace in (a_trace(), silent.trace):
        few = ahead(trace, forecast(trace, plan=PLAN)).drawing
        ET.fromstring(few)  # noqa: S314 - our own drawing
        assert "nan" not in few


def test_a_forecast_continues_the_series_in_its_own_times() -> None:
    trace = a_trace(shift=120)
    made = forecast(trace, plan=Plan(levels=(0.1, 0.9)))
    file = io.StringIO()
    write_forecast([(trace, made)], file=file)
    rows = list(csv.DictReader(io.StringIO(file.getvalue())))
    (series,) = forecast_document([(trace, made)], plan=PLAN)["series"]
    lines = list(forecast_lines(trace, made))

    begins = iso(trace.series.end + 120)
    assert "1970-01-15T00:02:00Z" == begins
    assert [begins] * 3 == [rows[0]["ds"], series["start"], lines[2][:20]]
    assert 6 == len(rows) == len(series["forecast"])
    assert 160 == pytest.approx(series["maximum"], rel=0.1)


def test_demand_is_never_forecast_below_zero() -> None:
    values = np.random.default_rng(0).exponential(size=400) ** 3
    trace = Trace(name="bursts", series=Series(start=0, step=HOUR, values=values))

    assert forecast(trace, plan=PLAN).bands.min() >= 0
    assert measure(trace, plan=PLAN).result.bands.min() >= 0


def test_numbers_and_durations_are_short() -> None:
    assert ["0.123", "1,235", "-"] == [number(each) for each in (0.1234, 1234.6, float("nan"))]
    assert ["90 min", "2 d", "1 h", "59 s"] == [length(each) for each in (5400, 172800, 3600, 59)]


def test_rows_are_aligned() -> None:
    assert ["a     1", "bcd  22"] == list(aligned([["a", "1"], ["bcd", "22"]]))
