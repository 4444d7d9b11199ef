"""What holds for every test run: no test is timed, and none is left out in silence."""

import os
from collections import Counter
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

# Before anybody imports numpy: threads of small sums only wait for each other, and spin meanwhile.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# On a busy machine a slow example is no finding. What Hypothesis sets for CI stays.
settings.register_profile("untimed", parent=settings(), deadline=None)
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """A command that sets up logging in this process must not quiet the tests after it."""
    yield
    structlog.reset_defaults()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name each reason for which tests did not run, above pytest's own last line."""
    reasons = Counter(_reason(report) for report in terminalreporter.getreports("skipped"))
    if not reasons:
        return
    terminalreporter.section("did not run", sep="-", yellow=True)
    for reason, tests in sorted(reasons.items()):
        plural = "" if tests == 1 else "s"
        terminalreporter.write_line(f"did not run: {tests} test{plural}, because {reason}")


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    match report.longrepr:
        case (_, _, str(message)):
            return message.removeprefix("Skipped: ")
        case other:
            return str(other)
