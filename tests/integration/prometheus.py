"""A real Prometheus on loopback: one filled with samples at given times, or one that scrapes."""

import json
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import attrs
from prometheus_client.parser import text_string_to_metric_families

from scaler.signals.matchers import quote
from tests.patience import PATIENCE
from tests.tools.servers import need


@attrs.frozen
class Scraped:
    """A page as a Prometheus scraped it: when, and with which target labels."""

    at: int
    target: Mapping[str, str]
    page: str


def backfill(scraped: Iterable[Scraped], *, into: Path) -> None:
    """Write a block with the samples of all pages, as scraping them at those times would have."""
    promtool = str(need("prometheus")["promtool"])
    text = into.with_suffix(".om")
    # In the order of time: what is older than its series' newest sample would be dropped.
    lines = [line for each in sorted(scraped, key=lambda each: each.at) for line in _lines(each)]
    text.write_text("\n".join([*lines, "# EOF", ""]))
    command = [promtool, "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=744h"]
    subprocess.run([*command, str(text), str(into)], check=True, capture_output=True)  # noqa: S603


def _lines(scraped: Scraped) -> Iterator[str]:
    # Without types, or the parser would add a suffix to counters that came without it.
    untyped = "\n".join(line for line in scraped.page.splitlines() if not line.startswith("#"))
    for family in text_string_to_metric_families(f"{untyped}\n"):
        for sample in family.samples:
            own = {
                f"exported_{name}" if name in scraped.target else name: value
                for name, value in sample.labels.items()
            }
            labels = {**own, **scraped.target}
            inside = ",".join(f"{name}={quote(value)}" for name, value in labels.items())
            yield f"{sample.name}{{{inside}}} {sample.value!r} {scraped.at}"


@contextmanager
def prometheus(folder: Path, *, config: str = "", data: Path | None = None) -> Iterator[str]:
    """Run a Prometheus and give its address once it is ready."""
    with running(folder, config=config, data=data) as (address, _):
        yield address


@contextmanager
def running(
    folder: Path, *, config: str = "", data: Path | None = None, port: int | None = None
) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Run a Prometheus; give its address and its process, for tests that stop or hang it."""
    binary = str(need("prometheus")["prometheus"])
    file = folder / "prometheus.yml"
    file.write_text(config or "global: {}\n")
    port = port or free_port()
    address = f"http://127.0.0.1:{port}"
    command = [
        binary,
        f"--config.file={file}",
        f"--storage.tsdb.path={data or folder / 'data'}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    with subprocess.Popen(  # noqa: S603 - the server under test
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _until_ready(address, process)
            yield address, process
        finally:
            process.send_signal(signal.SIGCONT)
            process.kill()


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def scrape_config(targets: Mapping[str, Mapping[str, str]], *, interval: str = "1s") -> str:
    """Configuration that scrapes each address (host:port/path) with the labels given for it."""
    jobs = [
        {
            "job_name": f"job-{index}",
            "metrics_path": "/" + address.partition("/")[2],
            "honor_labels": True,
            "static_configs": [{"targets": [address.partition("/")[0]], "labels": dict(labels)}],
        }
        for index, (address, labels) in enumerate(targets.items())
    ]
    interval_of = {"scrape_interval": interval, "scrape_timeout": interval}
    return json.dumps({"global": interval_of, "scrape_configs": jobs})


def _until_ready(address: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.perf_counter() + PATIENCE
    while time.perf_counter() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"prometheus ended with {process.returncode}")
        try:
            with urllib.request.urlopen(f"{address}/-/ready", timeout=1) as answer:  # noqa: S310
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("prometheus did not become ready")
