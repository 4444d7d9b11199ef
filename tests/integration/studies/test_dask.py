"""The same backtest on a Dask cluster: a real scheduler and two workers on this machine."""

from collections.abc import Iterator

import pytest

from scaler.errors import ConfigError
from scaler.studies.backtests import run
from scaler.studies.executors import Here, executor
from scaler.studies.figures import figures
from scaler.studies.plan import Plan
from tests.unit.studies.builders import a_trace

PLAN = Plan(causal_origins=0)


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """The address of a scheduler with two workers."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


# Dask leaves sockets to the garbage collector.
@pytest.mark.filterwarnings("default::ResourceWarning", "default::DeprecationWarning")
def test_a_cluster_measures_what_one_process_measures(scheduler: str) -> None:
    found = [a_trace(name=name, seed=seed) for seed, name in enumerate(("one", "two", "three"))]

    with executor(scheduler=scheduler) as cluster:
        there = dict(run(found, plan=PLAN, executor=cluster))
    here = dict(run(found, plan=PLAN, executor=Here()))

    assert [figures(here[place]) for place in range(3)] == [
        figures(there[place]) for place in range(3)
    ]


def test_an_address_without_a_scheduler_is_refused() -> None:
    with (
        pytest.raises(ConfigError, match="--scheduler: "),
        executor(scheduler="tcp://127.0.0.1:1"),
    ):
        pass
