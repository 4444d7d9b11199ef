"""A frozen target stays where it is, and the decision says so."""

import pytest

from scaler.policy.bounds import keep
from scaler.policy.model import Decision, Limit

DECIDED = Decision(at=0, target=7, active=True, winner="queue")
SILENT = Decision(at=0, target=None, active=True, note="no demand signal for 1800 s")


def test_a_frozen_target_stays_and_names_what_was_decided() -> None:
    kept = keep(DECIDED, at=4)
    assert (4, True, "queue") == (kept.target, kept.active, kept.winner)
    assert (Limit(by="freeze", before=7, after=4),) == kept.limits


def test_a_freeze_is_named_even_where_it_moves_nothing() -> None:
    assert (Limit(by="freeze", before=7, after=7),) == keep(DECIDED, at=7).limits


def test_a_frozen_fleet_of_none_stays_inactive() -> None:
    kept = keep(DECIDED, at=0)
    assert (0, False) == (kept.target, kept.active)


def test_a_freeze_outlasts_the_signals() -> None:
    kept = keep(SILENT, at=4)
    assert (4, "") == (kept.target, kept.note)
    assert [SILENT.note] == [limit.detail for limit in kept.limits]


@pytest.mark.parametrize("decision", [DECIDED, SILENT])
def test_where_nobody_knows_what_is_wanted_nothing_is_invented(decision: Decision) -> None:
    kept = keep(decision, at=None)
    assert (None, "frozen, and what is wanted is not known") == (kept.target, kept.note)
