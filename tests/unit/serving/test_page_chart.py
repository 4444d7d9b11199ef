import pytest

from scaler.serving.pages.chart import draw, span
from scaler.serving.pages.trails import Run

NOW = 1_700_006_400
HOUR = 3600


def run(
    start: int, stop: int, *, target: int | None = 5, wanted: int | None = 4, ready: int | None = 3
) -> Run:
    """A run so many seconds ago."""
    return Run(start=NOW - start, stop=NOW - stop, target=target, wanted=wanted, ready=ready)


def test_a_line_goes_in_steps() -> None:
    chart = draw([run(HOUR, 1800, target=5), run(1800, 0, target=10)], now=NOW, seconds=HOUR)
    assert "M0,50H500V0H1000" == chart.target
    assert 10 == chart.frame.top


def test_an_area_reaches_the_ground() -> None:
    chart = draw([run(HOUR, 0, target=2, ready=1)], now=NOW, seconds=HOUR)
    assert "M0,75H1000V100H0Z" == chart.ready


def test_what_stays_the_same_has_no_corner() -> None:
    chart = draw([run(HOUR, 1800, ready=1), run(1800, 0, ready=2)], now=NOW, seconds=HOUR)
    assert "M0,16.7H1000" == chart.target


def test_a_gap_breaks_the_line() -> None:
    apart = [run(HOUR, 1800), run(900, 0)]
    assert 2 == draw(apart, now=NOW, seconds=HOUR).target.count("M")
    unknown = [run(HOUR, 1800), run(1800, 900, target=None), run(900, 0)]
    chart = draw(unknown, now=NOW, seconds=HOUR)
    assert (2, 1) == (chart.target.count("M"), chart.wanted.count("M"))


def test_what_is_older_or_still_to_come_is_cut() -> None:
    chart = draw([run(2 * HOUR, -60, target=6)], now=NOW, seconds=HOUR)
    assert "M0,0H1000" == chart.target


@pytest.mark.parametrize(
    ("most", "top"), [(0, 2), (1, 2), (5, 6), (21, 24), (31, 40), (100, 100), (4321, 6000)]
)
def test_top_is_round_and_so_is_its_half(most: int, top: int) -> None:
    chart = draw([run(HOUR, 0, target=most, wanted=0, ready=0)], now=NOW, seconds=HOUR)
    assert top == chart.frame.top
    assert 0 == top % 2


@pytest.mark.parametrize(
    ("age", "seconds"),
    [(None, 1800), (60, 1800), (2000, HOUR), (9000, 3 * HOUR), (10**6, 6 * HOUR)],
)
def test_span_is_the_least_that_holds_the_trail(age: int | None, seconds: int) -> None:
    assert seconds == span(None if age is None else NOW - age, now=NOW)


def test_chart_says_what_it_shows() -> None:
    chart = draw([run(HOUR, 60, target=2), run(60, 0, target=7, ready=None)], now=NOW, seconds=HOUR)
    assert "target 2 to 7, ready 3" == chart.says
    empty = draw([], now=NOW, seconds=HOUR)
    assert (True, "nothing was decided in this time") == (empty.empty, empty.says)


def test_times_are_at_equal_distances() -> None:
    assert ["23:00", "23:20", "23:40", "00:00"] == draw([], now=NOW, seconds=HOUR).frame.times
