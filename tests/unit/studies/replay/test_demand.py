import numpy as np
import pytest

from scaler.errors import ConfigError
from scaler.studies.plan import span
from scaler.studies.replay.demand import STEP, Stretch
from tests.unit.studies.replay.builders import CAPACITY, START, STRETCH, a_demand, a_trace


def test_the_highest_demand_of_what_is_scored_is_what_the_peak_bears() -> None:
    found = a_demand()
    scored = found.times() >= found.start

    assert 6.0 * CAPACITY == pytest.approx(found.rate(found.times()[scored]).max())
    assert (5400, 1800) == (found.stop - found.start, found.start - found.first)


def test_as_many_requests_come_as_the_rate_says() -> None:
    found = a_demand()

    assert STEP * found.rate(found.times()).sum() == pytest.approx(found.arrivals.sum(), rel=0.02)


def test_the_same_seed_draws_the_same_requests_and_another_others() -> None:
    one, same = a_demand(), a_demand()
    other = a_demand(stretch=Stretch(last=span("90m"), warm_up=1800, peak=6.0, seed=2))

    assert (one.arrivals == same.arrivals).all()
    assert (one.arrivals != other.arrivals).any()


def test_what_came_before_the_world_is_known_up_to_its_beginning() -> None:
    found = a_demand()
    counted = [found.past_at(at) for at in range(START, found.first, 60)]

    assert found.rate(np.arange(START, found.first, 60.0)) == pytest.approx(counted, rel=0.7)
    assert found.past_at(START - 1) is None
    assert found.past_at(found.first) == counted[-1]


def test_a_gap_is_bridged_and_told_and_teaches_nothing() -> None:
    values = np.full(240, 5.0)
    values[[10, 11, 200, 201, 202]] = np.nan
    found = a_demand(a_trace(values))

    assert found.past_at(START + 10 * 60) is None
    assert 3 / 90 == pytest.approx(found.missing)
    assert 6.0 * CAPACITY == pytest.approx(found.rate_at(START + 201 * 60.0))


def test_a_trace_that_is_played_whole_warms_up_in_its_first_quarter() -> None:
    stretch = Stretch(last=span("30d"), warm_up=7200, peak=6.0, seed=1)
    found = a_demand(stretch=stretch)

    assert (START, 3600) == (found.first, found.start - found.first)


@pytest.mark.parametrize(
    ("minutes", "value", "said"),
    [(8, 1.0, "needs 20 min at least"), (240, 0.0, "nothing but zeros")],
)
def test_what_cannot_be_played_is_refused_in_a_line(minutes: int, value: float, said: str) -> None:
    values = np.full(minutes, value)
    with pytest.raises(ConfigError, match=f"load: .*{said}"):
        a_demand(a_trace(values), stretch=STRETCH)
