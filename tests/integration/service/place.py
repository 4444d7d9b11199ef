"""The world and the Prometheus that scrapes it, as a test holds them."""

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlencode

import attrs

from tests.integration.prometheus import Scraped, backfill, free_port, running
from tests.patience import PATIENCE


@attrs.define(kw_only=True)
class Prometheus:
    """One server under one address and over one folder, through every end it meets."""

    folder: Path
    config: str
    port: int = attrs.field(factory=free_port)
    _stack: ExitStack = attrs.field(factory=ExitStack)
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Run, and return when it is ready."""
        self._stack.close()
        context = running(
            self.folder, config=self.config, data=self.folder / "data", port=self.port
        )
        _, self._process = self._stack.enter_context(context)

    def stop(self) -> None:
        self._stack.close()

    def hang(self) -> None:
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)


@attrs.frozen(kw_only=True)
class Place:
    """Where simulated fleets live and are scraped."""

    address: str
    prometheus: Prometheus

    def scale(self, fleet: str, *, replicas: int) -> None:
        """Ask for so many replicas, as the HPA does."""
        self._order(fleet, replicas=replicas)

    def lead(self, fleet: str, *, rate: float, within: float) -> None:
        """Lead the traffic to `rate` requests per second in `within` seconds."""
        self._order(fleet, rate=rate, within=within)

    def _order(self, fleet: str, **query: float) -> None:
        url = f"http://{self.address}/fleets/{fleet}?{urlencode(query)}"
        request = urllib.request.Request(url, method="POST")
        urllib.request.urlopen(request, timeout=PATIENCE).close()  # noqa: S310 - on loopback


@contextmanager
def place(folder: Path) -> Iterator[Place]:
    """Run the world and a Prometheus that knows its past and scrapes it every second."""
    file = folder / "past.json"
    command = [sys.executable, "-m", "tests.integration.service.world", str(file)]
    with subprocess.Popen(  # noqa: S603 - our own module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            address = json.loads(process.stdout.readline())
            backfill(_past(file), into=folder / "data")
            server = Prometheus(folder=folder, config=scraping(address))
            server.start()
            try:
                yield Place(address=address, prometheus=server)
            finally:
                server.stop()
        finally:
            process.stdin.close()
            process.kill()


def _past(file: Path) -> Sequence[Scraped]:
    return [
        Scraped(at=at, target=target, page=page)
        for at, target, page in map(json.loads, file.read_text().splitlines())
    ]


def scraping(address: str) -> str:
    """Configuration that scrapes what is found at an address every second."""
    job = {
        "job_name": "world",
        "honor_labels": True,
        "http_sd_configs": [{"url": f"http://{address}/targets", "refresh_interval": "1s"}],
    }
    every = {"scrape_interval": "1s", "scrape_timeout": "1s"}
    return json.dumps({"global": every, "scrape_configs": [job]})
