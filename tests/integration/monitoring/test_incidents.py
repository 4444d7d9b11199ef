"""Incidents of the failure table, played in the demo: seen on Fleet's first screen, and alerted."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import attrs
import pytest
from prometheus_client.parser import text_string_to_metric_families

from dashboards.fleet import FLEET
from dashboards.output import RULES
from tests.integration.monitoring.filled import filled, question
from tests.integration.monitoring.recording import INTERVAL, record
from tests.integration.monitoring.test_alerts import promtool
from tests.integration.prometheus import Scraped

pytestmark = pytest.mark.integration

POLLED = "forescale_last_poll_timestamp_seconds"
SCREEN = [question(FLEET, 1).expr, question(FLEET, 5).expr]
"""What is wrong now with workloads, and which of them need somebody."""

Values = Mapping[str, float]


@attrs.frozen(kw_only=True)
class Incident:
    """A fault of the demo, and what must come of it within minutes.

    It begins with the fault, or once `begun` holds for what the service exports; that may be as
    old as `settles` seconds, and of a replica that has just escaped the fault.
    """

    fault: str
    trouble: str
    alerts: Sequence[str]
    minutes: int = 15
    begun: Callable[[Values], bool] = lambda values: True
    settles: int = 0

    @property
    def on(self) -> int:
        """Seconds from the start to the fault."""
        return 20 * self.minutes


def short(values: Values) -> bool:
    """A replica has been ordered."""
    owner = '{cluster="stuck",instance="a",namespace="demo",scaledobject="llama"}'
    return values[f"forescale_wanted_replicas{owner}"] > values[f"forescale_ready_replicas{owner}"]


INCIDENTS = [
    Incident(fault="silent", trouble="half_silent", alerts=["ForescaleReplicasSilent"]),
    Incident(fault="mute", trouble="half_silent", alerts=["ForescaleBlind", "ForescaleSignalLost"]),
    Incident(fault="garbled", trouble="signal_lost", alerts=["ForescaleSignalLost"]),
    Incident(
        fault="stuck",
        trouble="stuck",
        alerts=["ForescaleReplicasStuck"],
        minutes=24,
        begun=short,
        settles=2 * INTERVAL,
    ),
]


@pytest.mark.parametrize("incident", INCIDENTS, ids=lambda incident: incident.fault)
def test_incident_is_seen_within_a_minute_and_alerts(incident: Incident, tmp_path: Path) -> None:
    pages = record(incident.fault, minutes=incident.minutes)
    begins = begin(pages, incident)
    document = {
        "rule_files": [str(RULES)],
        "evaluation_interval": f"{INTERVAL}s",
        "tests": [
            {
                "interval": f"{INTERVAL}s",
                "input_series": list(series(pages)),
                "promql_expr_test": list(expectations(incident, begins=begins)),
            }
        ],
    }
    file = tmp_path / "incident.json"
    file.write_text(json.dumps(document))
    promtool("test", "rules", str(file))


def begin(pages: Sequence[Scraped], incident: Incident) -> int:
    """Seconds from the first page to the incident."""
    since = pages[0].at + incident.on + incident.settles
    late = (page for page in pages if page.at >= since)
    return next(page.at for page in late if incident.begun(values_of(page))) - pages[0].at


def expectations(incident: Incident, *, begins: int) -> Iterator[Mapping[str, object]]:
    """What is asked of Prometheus, when, and whether there is an answer.

    A replica that comes up may look like trouble for a moment, but alerts about nothing.
    """
    before, a_minute_later, later = incident.on - INTERVAL, begins + 60, begins + 300
    for expr in SCREEN:
        of_it = f'label_replace(vector(1), "trouble", "{incident.trouble}", "", "")'
        seen = f"group(({filled(expr)}) and on (trouble) {of_it})"
        yield answered(seen, a_minute_later, there=True)
    yield answered('group by (alertname) (ALERTS{alertstate="firing"})', before, there=False)
    for alert in incident.alerts:
        firing = f'group(max_over_time(ALERTS{{alertname="{alert}",alertstate="firing"}}[5m]))'
        yield answered(firing, later, there=True)


def answered(expr: str, at: int, *, there: bool) -> Mapping[str, object]:
    samples = [{"labels": "{}", "value": 1}] if there else []
    return {"expr": expr, "eval_time": f"{at}s", "exp_samples": samples}


def series(pages: Sequence[Scraped]) -> Iterator[Mapping[str, str]]:
    """What was scraped in promtool's notation, in which time begins at 0."""
    found: dict[str, dict[int, float]] = defaultdict(dict)
    start = pages[0].at
    for page in pages:
        for name, value in values_of(page).items():
            moved = value - start if name.startswith(POLLED) else value
            found[name][(page.at - start) // INTERVAL] = moved
    last = (pages[-1].at - start) // INTERVAL
    for name, values in found.items():
        told = [_told(values, tick) for tick in range(last + 1)]
        yield {"series": name, "values": " ".join(told)}


def _told(values: Mapping[int, float], tick: int) -> str:
    """A sample; where a page has a series no more, what Prometheus makes of that."""
    if tick in values:
        return repr(values[tick])
    return "stale" if tick - 1 in values else "_"


def values_of(page: Scraped) -> Values:
    """Every series of a page that is ours, with the labels of its target."""
    return {
        name_of(sample.name, {**page.target, **sample.labels}): sample.value
        for family in text_string_to_metric_families(page.page)
        if family.name.startswith("forescale_")
        for sample in family.samples
    }


def name_of(metric: str, labels: Mapping[str, str]) -> str:
    inside = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return f"{metric}{{{inside}}}"
