"""Measuring traces, here or elsewhere."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from forecasting.series import Series
from scaler.errors import ConfigError
from scaler.studies.backtests import Account, measure, run
from scaler.studies.executors import Here, executor
from scaler.studies.figures import figures
from scaler.studies.plan import Plan, span
from scaler.studies.traces import Trace
from tests.unit.studies.builders import PLAN, a_trace


def test_a_daily_shape_is_learned(account: Account) -> None:
    assert account.overall.skill > 0.5
    assert account.skill.low <= account.overall.skill <= account.skill.high
    assert account.looks_ahead is False
    assert 1.0 == pytest.approx(sum(rival.share for rival in account.rivals))


def test_one_window_is_one_origin_a_horizon_before_the_end() -> None:
    plan = Plan(horizon=span("48"), windows=1, causal_origins=0)

    account = measure(a_trace(days=30), plan=plan)

    assert [28 * 86_400] == account.result.times.tolist()
    assert account.looks_ahead is None


def test_a_series_that_is_too_short_is_refused_by_name() -> None:
    trace = Trace(name="short", series=Series(start=0, step=60, values=np.ones(10)))

    with pytest.raises(ConfigError, match=r"short: .*no origin.*shorter --horizon"):
        measure(trace, plan=Plan(horizon=span("48")))


def test_accounts_are_told_apart_by_place_whatever_ends_first() -> None:
    found = [a_trace(name="one"), a_trace(name="two", seed=1)]

    with ThreadPoolExecutor(2) as pool:
        apart = dict(run(found, plan=PLAN, executor=pool))
    here = dict(run(found, plan=PLAN, executor=Here()))

    assert ["one", "two"] == [apart[place].trace.name for place in (0, 1)]
    assert figures(here[1]) == figures(apart[1])


def test_what_work_raises_comes_out_of_the_future() -> None:
    with executor() as here, pytest.raises(ZeroDivisionError):
        here.submit(divmod, 1, 0).result()
