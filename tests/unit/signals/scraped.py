"""Readings that a direct scrape makes of pages, without any network."""

from collections.abc import Callable, Mapping

from scaler.config.workload import Workload
from scaler.policy.model import Readings
from scaler.signals.evaluate import evaluate, names_for
from scaler.signals.exposition import read_page
from scaler.signals.pages import Pages
from scaler.signals.quantity import Quantity, Track, is_meant, windows
from scaler.signals.readings import assemble
from tests.unit.signals.engine_cases import FIRST, LAST, SCRAPES, STEP

At = Callable[[int], Mapping[str, str]]
"""Pages by endpoint at a scrape."""


def scraped_readings(workload: Workload, pages_at: At) -> Readings:
    """What is read at the last of the scrapes."""
    pages = Pages()
    names = names_for(workload)
    for scrape in range(SCRAPES):
        fresh = {
            endpoint: read_page(text.encode(), names=names)
            for endpoint, text in pages_at(scrape).items()
        }
        pages.turn(fresh, now=FIRST + scrape * STEP, keep=windows(STEP).latency)
    answer: dict[Quantity, list[Track]] = {}
    for quantity, track in evaluate(workload, pages, at=LAST, windows=windows(STEP)):
        if is_meant(workload, track):
            answer.setdefault(quantity, []).append(track)
    return assemble(answer, workload=workload, at=LAST, windows=windows(STEP))
