"""The recent pages of one workload's endpoints, looked at as Prometheus looks at its series."""

from collections import deque
from collections.abc import Iterator, Mapping

import attrs

from scaler.signals.exposition import Page
from scaler.signals.rates import rate

_MOST_PAGES = 128
"""Per endpoint, however often it is scraped."""


@attrs.frozen(kw_only=True)
class Line:
    """One series of one endpoint with its value now."""

    endpoint: str
    labels: Mapping[str, str]
    value: float


class Pages:
    """What the endpoints served lately. Times are Unix seconds."""

    def __init__(self) -> None:
        self._pages: dict[str, deque[tuple[float, Page]]] = {}
        self._now: float = 0.0

    def turn(self, fresh: Mapping[str, Page], *, now: float, keep: float) -> None:
        """Take in the pages that came `now`, and drop what is older than `keep` seconds."""
        self._now = now
        for endpoint, page in fresh.items():
            self._pages.setdefault(endpoint, deque(maxlen=_MOST_PAGES)).append((now, page))
        for endpoint, pages in list(self._pages.items()):
            while pages and pages[0][0] <= now - keep:
                pages.popleft()
            if not pages:
                del self._pages[endpoint]

    @property
    def deep(self) -> bool:
        """Whether any endpoint has been seen twice, so that there can be rates."""
        return any(len(pages) > 1 for pages in self._pages.values())

    def instant(self, name: str) -> Iterator[Line]:
        """The series called `name` of the endpoints that answered now."""
        for endpoint, pages in self._pages.items():
            at, page = pages[-1]
            if at == self._now:
                for labels, value in page.get(name, {}).items():
                    yield Line(endpoint=endpoint, labels=dict(labels), value=value)

    def rates(self, name: str, *, window: int) -> Iterator[Line]:
        """The increase per second of the series called `name`, over `window` seconds until now."""
        for endpoint, pages in self._pages.items():
            for labels in {each for _, page in pages for each in page.get(name, ())}:
                samples = [
                    (at, page[name][labels])
                    for at, page in pages
                    if name in page and labels in page[name]
                ]
                value = rate(samples, at=self._now, window=window)
                if value is not None:
                    yield Line(endpoint=endpoint, labels=dict(labels), value=value)
