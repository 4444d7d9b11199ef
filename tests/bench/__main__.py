"""`python -m tests.bench`: what was promised, measured, as ratios within one run."""

import os
from collections.abc import Callable, Iterable

from tests.bench import answering, deciding, grouping, loading, restarting
from tests.bench.measure import Figure
from tests.tools.servers import NotAvailableError, find

SECTIONS: tuple[Callable[[], Iterable[Figure]], ...] = (
    deciding.figures,
    answering.figures,
    loading.figures,
)


def main() -> None:
    """Print each figure as it is measured."""
    busy = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    say(f"{os.cpu_count()} cores, load average {busy}")
    for section in (*SECTIONS, *_with_prometheus()):
        for figure in section():
            say(figure.line())


def _with_prometheus() -> Iterable[Callable[[], Iterable[Figure]]]:
    try:
        find("prometheus")
    except NotAvailableError as reason:
        say(f"restart and reads were not measured: {reason}")
        return
    yield restarting.figures
    yield grouping.figures


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a report for the terminal


if __name__ == "__main__":
    main()
