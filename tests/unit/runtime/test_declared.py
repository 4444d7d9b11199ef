"""Events as they fall into these days: the same ones that forecasts are made with."""

from datetime import UTC, datetime

import attrs
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from forecasting.calendar import Calendar
from scaler.config.calendars import Event
from scaler.config.workload import Workload
from scaler.runtime.declared import AHEAD, event, foretold, occasions
from scaler.runtime.fold import Fold
from scaler.runtime.knowledge import Learning, teach
from tests.simulated import asked
from tests.unit.runtime.histories import FakeHistory

HOUR = 3600
NINE = """
- name: opening
  start: 2026-03-02T09:00
  end: 2026-03-02T10:00
  every: 24h
  weekdays: [mon, tue, wed, thu, fri, sat, sun]
  minReplicas: 4
"""


def unix(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def declaring(events: str, **metadata: str) -> Workload:
    return asked(events=events, **{"timezone": "Europe/Berlin", **metadata})


def test_repetitions_keep_local_time_over_a_change_of_clocks() -> None:
    saturday = unix("2026-03-28T00:00")
    found = occasions(declaring(NINE), at=saturday)

    assert [unix("2026-03-28T08:00"), unix("2026-03-29T07:00")] == [o.start for o in found]
    assert {HOUR} == {o.end - o.start for o in found}
    assert {("opening", 4)} == {(o.name, o.replicas) for o in found}


def test_of_an_hour_that_comes_twice_the_right_one_is_meant() -> None:
    once = "- {name: x, start: 2026-10-25T02:30+01:00, end: 2026-10-25T03:30+01:00, minimum: 1}"
    (found,) = occasions(declaring(once), at=unix("2026-10-25T00:00"))

    assert unix("2026-10-25T01:30") == found.start


def test_what_has_faded_is_over_and_what_builds_up_counts() -> None:
    ramped = "- {name: x, start: 2026-05-04T10:00Z, end: 2026-05-04T11:00Z, ramp: 1h, minimum: 1}"
    workload = declaring(ramped)

    at = [unix(f"2026-05-0{day}T{clock}") for day, clock in ((2, "08:59"), (2, "09:00"))]
    assert [0, 1] == [len(occasions(workload, at=each)) for each in at]
    at = [unix(f"2026-05-04T{clock}") for clock in ("11:59", "12:00")]
    assert [1, 0] == [len(occasions(workload, at=each)) for each in at]


def test_only_what_changes_a_forecast_is_told_to_it() -> None:
    events = """
- {name: floor, start: 2026-05-04T10:00, end: 2026-05-04T11:00, minimum: 9, minReplicas: 3}
- {name: sale, start: 2026-05-04T10:00, end: 2026-05-04T11:00, minimum: 9, multiplier: 3}
- {name: strike, start: 2026-05-05, end: 2026-05-06, treatAsSunday: true}
- {name: outage, start: 2026-05-01, end: 2026-05-02, leaveOut: true}
"""
    workload = declaring(events)
    told = foretold(workload)

    assert [("sale", 0.0), ("strike", 0.0), ("outage", 0.0)] == [(e.name, e.minimum) for e in told]
    assert ["floor", "sale"] == [o.name for o in occasions(workload, at=unix("2026-05-04T00:00"))]


async def test_knowledge_says_what_is_declared_forecast_or_not() -> None:
    fold = Fold(workload=declaring(NINE, forecast="disabled"))
    epoch = unix("2026-05-04T00:00")
    await teach([fold], epochs=[epoch], history=FakeHistory(), learning=Learning())

    assert occasions(fold.workload, at=epoch) == fold.known[epoch].declared != ()


@given(
    st.integers(0, AHEAD),
    st.integers(60, 86_400),
    st.one_of(st.none(), st.sampled_from([HOUR, 86_400, 7 * 86_400])),
    st.sets(st.integers(0, 6), min_size=1),
    st.integers(0, 7200),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
)
def test_the_policy_and_the_forecast_see_the_same_events(
    after: int, length: int, every: int | None, weekdays: set[int], ramp: int, zone: str
) -> None:
    at = unix("2026-10-24T00:00")
    declared = Event(
        name="any",
        start=at + after - (20 * 86_400 if every else 0),
        end=at + after - (20 * 86_400 if every else 0) + length,
        every=every,
        weekdays=tuple(sorted(weekdays)),
        ramp=ramp,
        minimum=10.0,
    )
    workload = asked(timezone=zone)
    forecasting = attrs.evolve(workload.forecasting, events=(declared,))
    workload = attrs.evolve(workload, forecasting=forecasting)
    times = np.arange(at, at + AHEAD, 1800, dtype=np.int64)

    found = occasions(workload, at=at)
    ours = [10.0 * max((o.strength(t, t) for o in found), default=0.0) for t in times.tolist()]
    theirs = Calendar(zone=zone, events=(event(declared),)).minimums(times)
    np.testing.assert_allclose(ours, theirs)
