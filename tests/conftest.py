"""What every test run ends with: the tests that did not run, and why."""

from collections import Counter

import pytest


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
