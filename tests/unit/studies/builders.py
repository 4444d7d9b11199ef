"""A trace with a daily shape, quick to evaluate."""

import numpy as np

from forecasting.series import Series
from scaler.studies.backtests import Account, measure
from scaler.studies.plan import Plan
from scaler.studies.traces import Trace

HOUR = 3_600
PLAN = Plan(causal_origins=1)


def a_trace(*, name: str = "load", days: int = 14, seed: int = 0, shift: int = 0) -> Trace:
    clock = np.arange(24 * days)
    noise = np.random.default_rng(seed).normal(size=clock.size)
    values = 100 + 60 * np.sin(2 * np.pi * clock / 24) + 5 * noise
    return Trace(name=name, series=Series(start=0, step=HOUR, values=values), shift=shift)


def an_account(*, name: str = "load", seed: int = 0, plan: Plan = PLAN) -> Account:
    return measure(a_trace(name=name, seed=seed), plan=plan)
