"""Windows follow the interval that is measured, from 5 s to 2 min."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scaler.config.sources import PrometheusSource
from scaler.policy.model import Gap, Reason, Signal
from scaler.signals.prometheus import PrometheusHistory
from tests.integration.field.fleets import GENERATED, HOUR, PROMPT, REQUESTS, START, FieldFleet
from tests.integration.prometheus import backfill, prometheus
from tests.unit.signals.workloads import FakeMeter, good, make_workload

pytestmark = pytest.mark.integration

INTERVALS = (5, 10, 15, 30, 60, 120)
WORKLOAD = make_workload()


@pytest.fixture(scope="module", params=INTERVALS)
def scraped(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[int, str]]:
    folder = tmp_path_factory.mktemp("prometheus")
    backfill(FieldFleet(interval=request.param).scraped(), into=folder / "data")
    with prometheus(folder, data=folder / "data") as url:
        yield request.param, url


async def read(url: str, ticks: range, **source: int) -> list[dict[Signal, float | Reason]]:
    history = PrometheusHistory("main", PrometheusSource(url=url, **source), meter=FakeMeter())  # type: ignore[arg-type]
    try:
        found = good(await history.read([WORKLOAD], ticks))[WORKLOAD]
    finally:
        await history.close()
    return [
        {
            signal: each.reason if isinstance(each, Gap) else each.value
            for signal, each in readings.signals.items()
        }
        for readings in found
    ]


async def test_totals_are_right_at_every_tick(scraped: tuple[int, str]) -> None:
    _, url = scraped
    for found in await read(url, range(START + 5000, START + 6500, 15)):
        assert pytest.approx(2 * (PROMPT + GENERATED), rel=0.02) == found[Signal.TOKENS]
        assert pytest.approx(2 * REQUESTS, rel=0.02) == found[Signal.REQUESTS]
        assert pytest.approx(0.25 + 0.25 * 0.95) == found[Signal.LATENCY]
        assert 6.0 == found[Signal.WAITING]


async def test_a_young_fleet_is_measured_before_the_next_full_hour(
    scraped: tuple[int, str],
) -> None:
    _, url = scraped
    [found] = await read(url, range(START + 1200, START + 1201))
    assert pytest.approx(2 * (PROMPT + GENERATED), rel=0.05) == found[Signal.TOKENS]


async def test_who_measures_later_finds_the_same(scraped: tuple[int, str]) -> None:
    _, url = scraped
    ticks = range(START + 600, START + HOUR + 1800, 60)
    together = await read(url, ticks)
    alone = [(await read(url, range(at, at + 1)))[0] for at in ticks[::9]]
    assert together[::9] == alone


async def test_one_lost_scrape_is_no_outage(scraped: tuple[int, str]) -> None:
    interval, url = scraped
    end = START + 2 * HOUR
    [found] = await read(url, range(end + interval, end + interval + 1))
    assert 6.0 == found[Signal.WAITING]


async def test_the_setting_overrides_what_is_measured(scraped: tuple[int, str]) -> None:
    interval, url = scraped
    [found] = await read(url, range(START + 5000, START + 5001), scrape_interval=15)
    assert (Reason.ABSENT == found[Signal.TOKENS]) == (interval >= 60)


async def test_an_interval_that_was_changed_counts_from_the_next_full_hour(tmp_path: Path) -> None:
    slow = FieldFleet(interval=60, length=HOUR)
    fast = FieldFleet(interval=15, first=START + HOUR, length=2 * HOUR)
    backfill([*slow.scraped(), *fast.scraped()], into=tmp_path / "data")
    with prometheus(tmp_path, data=tmp_path / "data") as url:
        ticks = range(START + 2000, START + 3 * HOUR, 300)
        found = await read(url, ticks)
    for at, each in zip(ticks, found, strict=True):
        # Between the two the counters begin anew.
        if not START + HOUR - 60 < at < START + HOUR + 480:
            assert pytest.approx(2 * (PROMPT + GENERATED), rel=0.02) == each[Signal.TOKENS], at
