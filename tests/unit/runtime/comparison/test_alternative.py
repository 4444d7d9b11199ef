import pytest

from scaler.policy.model import Capacity, Knowledge, Signal, value_of
from scaler.runtime.comparison.alternative import Alternative, Step, actual
from tests.unit.runtime.comparison.pasts import CAPACITY, LEAD_TIME, START, observed, readings

KNOWLEDGE = Knowledge(
    at=START,
    capacity=Capacity(value=CAPACITY),
    tokens_per_request=100.0,
    lead_time=LEAD_TIME,
)


def steps(*, seconds: int, tokens: float, replicas: int, since: int = START) -> list[Step]:
    alternative = Alternative(spec=observed().spec)
    return [
        alternative.step(readings(at, tokens=tokens, replicas=replicas), knowledge=KNOWLEDGE)
        for at in range(since, since + seconds, 15)
    ]


def test_what_it_asks_for_is_ready_a_lead_time_later() -> None:
    found = steps(seconds=600, tokens=8000.0, replicas=4)

    asked = next(step for step in found if step.would_want >= 10)
    ready = next(step for step in found if step.would_be_ready >= 10)
    assert LEAD_TIME == ready.at - asked.at
    assert 4 == found[-1].wanted == found[-1].ready


def test_it_follows_its_own_fleet_and_not_the_one_that_was() -> None:
    found = steps(seconds=3600, tokens=2000.0, replicas=10)

    assert found[-1].would_want <= 4
    assert found[0].would_want == 10


@pytest.mark.parametrize(("replicas", "reporting"), [(10, 10), (None, 7)])
def test_pods_that_report_stand_for_replicas_that_nobody_counted(
    replicas: int | None, reporting: int
) -> None:
    counted = readings(START, replicas=10 if replicas else None)
    heard = readings(START, replicas=reporting).reporting

    told = (
        counted
        if replicas
        else type(counted)(
            at=START,
            signals=counted.signals,
            wanted=counted.wanted,
            ready=counted.ready,
            stuck=counted.stuck,
            reporting=heard,
        )
    )
    assert (reporting, reporting) == actual(told)


def test_a_smaller_fleet_is_taken_to_have_fuller_caches() -> None:
    alternative = Alternative(spec=observed().spec)
    for at in range(START, START + 3600, 15):
        alternative.step(readings(at, tokens=4000.0, cache=0.5), knowledge=KNOWLEDGE)
    seen = alternative.seen(readings(START + 3600, tokens=4000.0, cache=0.5))

    count = value_of(seen.ready)
    assert count is not None
    assert count < 10
    assert min(1.0, 0.5 * 10 / count) == pytest.approx(value_of(seen.signals[Signal.CACHE]))
