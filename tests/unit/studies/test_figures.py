"""Figures by name, and conditions on them."""

import math

import attrs
import pytest

from scaler.config.values import Invalid
from scaler.studies.backtests import Account
from scaler.studies.figures import NAMES, failures, figures, gate


def test_every_figure_that_a_condition_can_name_is_there(account: Account) -> None:
    assert set(NAMES) == set(figures(account))
    assert all(math.isfinite(value) for value in figures(account).values())


def test_the_coverage_is_the_mean_over_the_horizon(account: Account) -> None:
    shares = [at.coverage for at in account.horizons]

    assert min(shares) <= figures(account)["coverage"] <= max(shares)


@pytest.mark.parametrize(
    ("condition", "fails"),
    [("skill<0.05", False), ("skill < 0.999", True), ("mase>=0", True), ("mase<=-1", False)],
)
def test_a_condition_that_holds_fails(account: Account, *, condition: str, fails: bool) -> None:
    assert fails == gate(condition).fails(account)


def test_an_unknown_figure_passes_no_gate(account: Account) -> None:
    unknown = attrs.evolve(account, overall=attrs.evolve(account.overall, mase=math.nan))

    assert gate("mase>9").fails(unknown)


def test_a_failure_names_series_figure_and_condition(account: Account) -> None:
    (line,) = failures([account], [gate("skill<0.999"), gate("skill<0")])

    assert line.startswith("load: skill is 0.")
    assert line.endswith("which fails on 'skill<0.999'")


@pytest.mark.parametrize("given", ["skill", "skill=0.1", "skil<0.1", "skill<", "", "skill<nan"])
def test_what_is_no_condition_is_refused(given: str) -> None:
    with pytest.raises(Invalid):
        gate(given)
