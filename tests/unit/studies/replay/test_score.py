import numpy as np
import pytest

from scaler.studies.replay.demand import STEP
from scaler.studies.replay.score import score
from tests.unit.studies.replay.builders import a_course


def test_cost_and_supply_are_added_up_over_what_is_scored() -> None:
    course = a_course()
    found = score(course)

    hours = (course.demand.stop - course.demand.start) / 3600
    assert 3.0 * hours == pytest.approx(found.replica_hours)
    assert 3600.0 * hours == pytest.approx(found.extra)
    assert 0.0 == found.under
    assert (0.0, 0.0, 0, 0) == (found.over, found.time_over, found.longest_over, found.changes)


def test_requests_are_late_in_a_slot_an_hour_and_a_stretch() -> None:
    course = a_course()
    late = np.zeros(course.over.size)
    first = (course.demand.start - course.demand.first) // STEP
    late[first + 6 : first + 12] = course.demand.arrivals[first + 6 : first + 12]
    late[first + 30] = 0.01 * course.demand.arrivals[first + 30]
    found = score(a_course(over=late))

    total = course.demand.arrivals[first:].sum()
    assert late.sum() / total == pytest.approx(found.over)
    assert 30 == found.longest_over
    assert 30 / (course.demand.stop - course.demand.start) == pytest.approx(found.time_over)
    assert found.over < found.worst_hour < 1.0


def test_what_is_late_before_the_score_does_not_count() -> None:
    course = a_course()
    late = np.zeros(course.over.size)
    late[:10] = course.demand.arrivals[:10]

    assert 0.0 == score(a_course(over=late)).over


@pytest.mark.parametrize(("apart", "reversals"), [(590, 1), (700, 0)])
def test_a_change_back_within_ten_minutes_is_a_reversal(apart: int, reversals: int) -> None:
    course = a_course()
    wanted = np.full(course.over.size, 2.0)
    up = (course.demand.start - course.demand.first) // STEP + 10
    wanted[up : up + apart // STEP] = 3.0
    found = score(a_course(wanted=wanted))

    assert (2, reversals, 3) == (found.changes, found.reversals, found.most)


def test_going_on_in_the_same_direction_is_no_reversal() -> None:
    course = a_course()
    wanted = np.full(course.over.size, 2.0)
    wanted[-40:] = 3.0
    wanted[-20:] = 4.0

    assert 0 == score(a_course(wanted=wanted)).reversals
