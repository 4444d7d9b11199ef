"""How long replicas took to start, as a Prometheus with kube-state-metrics remembers it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from math import ceil

from scaler.config.sources import PrometheusSource
from scaler.config.workload import Workload
from scaler.signals.plan import lead_times
from scaler.signals.reply import Series

Query = Callable[[str, range], Awaitable[Sequence[Series]]]


async def starts(
    workloads: Sequence[Workload], *, source: PrometheusSource, query: Query, at: int
) -> Mapping[Workload, int]:
    """Seconds that nine in ten replicas did not exceed up to `at`, of whom that can be said.

    Who has several answers, of several clusters, has none.

    Raises:
        ConfigError: a matcher that cannot be read.
        SignalError: a query was not answered.
    """
    found: dict[Workload, list[int]] = {}
    for question in lead_times(workloads, source=source):
        owners = question.owners()
        for series in await query(question.text, range(at, at + 1)):
            for member in owners.get(question.about(series.labels), ()):
                found.setdefault(member, []).append(ceil(series.values[at]))
    return {workload: values[0] for workload, values in found.items() if len(values) == 1}
