"""What a check found, as lines that an editor can jump by, and as a document."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs
import click

from scaler.config.check.finding import Finding, Severity, count
from scaler.config.check.report import Report
from scaler.config.workload import Workload
from scaler.errors import ForescaleError
from scaler.policy.model import Gap, Reading
from scaler.runtime.look import Look

SCHEMA = "forescale.check/v1"
_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "blue"}
_COLUMN = 14

Looks = Mapping[Workload, Look]


def lines(report: Report, findings: Sequence[Finding], *, looks: Looks) -> Iterator[str]:
    """For people: two lines for each finding, a block for each look, and the sum."""
    for finding in findings:
        yield from _finding(finding)
    for workload, look in looks.items():
        yield from _look(workload, look)
    checked = ", ".join(
        (_many(report.objects, "ScaledObject"), _many(report.configurations, "configuration"))
    )
    totals = ", ".join(_many(count(findings, each), each.value) for each in Severity)
    yield f"{checked}: {totals}"


def document(report: Report, findings: Sequence[Finding], *, looks: Looks) -> dict[str, Any]:
    """For programs."""
    return {
        "schema": SCHEMA,
        "findings": [attrs.asdict(finding) for finding in findings],
        "checked": {"scaledObjects": report.objects, "configurations": report.configurations},
        "totals": {each.value: count(findings, each) for each in Severity},
        "live": [
            {
                "namespace": workload.key.namespace,
                "name": workload.key.name,
                **_seen(look),
            }
            for workload, look in looks.items()
        ],
    }


def _finding(finding: Finding) -> Iterator[str]:
    place = f"{finding.file}:{finding.line}: " if finding.file else ""
    severity = click.style(finding.severity.value, fg=_COLORS[finding.severity], bold=True)
    about = f"{finding.about} " if finding.about else ""
    key = f"{finding.key}: " if finding.key else ""
    value = f", got {finding.value!r}" if finding.value else ""
    yield f"{place}{severity}: {about}{key}{finding.says}{value} [{finding.code}]"
    if finding.do:
        yield f"    {finding.do}"


def _look(workload: Workload, look: Look) -> Iterator[str]:
    if isinstance(look, ForescaleError):
        yield f"{workload.key}: no answer"
        return
    yield f"{workload.key} sees"
    rows = {"wanted": look.wanted, "ready": look.ready, "reporting": look.reporting}
    for name, reading in (rows | dict(look.signals)).items():
        yield f"    {name:<{_COLUMN}}{_reading(reading)}"


def _reading(reading: Reading) -> str:
    if isinstance(reading, Gap):
        return f"- {reading.reason}" + (f" ({reading.detail})" if reading.detail else "")
    return f"{reading.value:.6g}"


def _seen(look: Look) -> dict[str, Any]:
    if isinstance(look, ForescaleError):
        return {"error": str(look)}
    readings = {"wanted": look.wanted, "ready": look.ready, "reporting": look.reporting}
    return {
        "readings": {name: _plain(each) for name, each in (readings | dict(look.signals)).items()}
    }


def _plain(reading: Reading) -> dict[str, Any]:
    if isinstance(reading, Gap):
        return {"gap": reading.reason.value, "detail": reading.detail}
    return {"value": reading.value, "at": reading.at}


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
