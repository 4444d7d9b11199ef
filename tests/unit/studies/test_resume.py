"""A run that was ended goes on where it was."""

import pickle
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import attrs
import pytest

from scaler.runtime.archive import read, write
from scaler.studies.backtests import resumed, run
from scaler.studies.executors import Here
from scaler.studies.figures import figures
from scaler.studies.plan import Plan
from scaler.studies.resume import Finished
from tests.unit.studies.builders import PLAN, a_trace

TRACES = [a_trace(name=name, seed=seed) for seed, name in enumerate(("one", "two"))]


class Counting(Here):
    def __init__(self) -> None:
        self.done = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.done += 1
        return super().submit(fn, *args, **kwargs)


def measured(folder: Path, *, plan: Plan = PLAN) -> tuple[int, dict[int, Any]]:
    """How many were measured, and the figures of all."""
    executor = Counting()
    found = resumed(TRACES, plan=plan, executor=executor, known=Finished(folder))
    accounts = {place: figures(account) for place, account in found}
    return executor.done, accounts


def test_what_is_kept_is_not_measured_again(tmp_path: Path) -> None:
    first, found = measured(tmp_path)
    second, again = measured(tmp_path)

    assert (2, 0) == (first, second)
    assert found == again


def test_a_series_without_a_scale_is_kept_as_well(tmp_path: Path) -> None:
    trace = attrs.evolve(TRACES[0], series=attrs.evolve(TRACES[0].series, values=[0.0] * 336))
    finished = Finished(tmp_path)
    (found,) = (account for _, account in run([trace], plan=PLAN, executor=Here()))
    finished.keep(found, plan=PLAN)

    again = finished.account(trace, plan=PLAN)
    assert again is not None
    assert repr(figures(found)) == repr(figures(again))


def test_what_is_left_is_measured(tmp_path: Path) -> None:
    _, found = measured(tmp_path)
    min(tmp_path.iterdir()).unlink()

    assert (1, found) == measured(tmp_path)


def test_another_plan_is_another_run(tmp_path: Path) -> None:
    measured(tmp_path)

    assert 2 == measured(tmp_path, plan=attrs.evolve(PLAN, quantile=0.8))[0]


@pytest.mark.parametrize("damage", [b"", b"no archive", pickle.dumps(TRACES)])
def test_what_cannot_be_read_is_measured_again(tmp_path: Path, damage: bytes) -> None:
    measured(tmp_path)
    for path in tmp_path.iterdir():
        path.write_bytes(damage)

    assert 2 == measured(tmp_path)[0]


def test_what_another_version_kept_is_measured_again(tmp_path: Path) -> None:
    measured(tmp_path)
    for path in tmp_path.iterdir():
        kept = read(path)
        assert kept is not None
        write(path, attrs.evolve(kept, document={**kept.document, "schema": "another"}))

    assert 2 == measured(tmp_path)[0]
