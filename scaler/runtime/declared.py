"""Declared events as the policy and the forecasts need them: when they happen, what they change."""

import attrs

from forecasting.events import Event
from scaler.config import calendars
from scaler.config.workload import Workload
from scaler.policy.occasion import Occasion

AHEAD = 2 * 86_400
"""Seconds for which knowledge says what is declared: it may be all there is while reads fail."""


def event(declared: calendars.Event) -> Event:
    """The event in the words of a forecast, which does not count replicas."""
    return Event(
        name=declared.name,
        start=declared.start,
        end=declared.end,
        every=declared.every,
        until=declared.until,
        weekdays=frozenset(declared.weekdays),
        ramp=declared.ramp,
        multiplier=declared.multiplier,
        minimum=declared.minimum,
        treat_as_sunday=declared.treat_as_sunday,
        leave_out=declared.leave_out,
    )


def foretold(workload: Workload) -> tuple[Event, ...]:
    """The events that change what is forecast; what is wanted at least is left to the policy."""
    told = (attrs.evolve(event(each), minimum=0.0) for each in workload.forecasting.events)
    return tuple(e for e in told if e.multiplier != 1.0 or e.treat_as_sunday or e.leave_out)


def occasions(workload: Workload, *, at: int) -> tuple[Occasion, ...]:
    """What is declared for the days behind `at`, by when it begins."""
    found = [
        Occasion(
            name=each.name,
            start=start,
            end=end,
            ramp=each.ramp,
            multiplier=each.multiplier,
            minimum=each.minimum,
            replicas=each.min_replicas,
        )
        for each in workload.forecasting.events
        if each.multiplier != 1.0 or each.minimum or each.min_replicas
        for start, end in event(each).occurrences(
            zone=workload.forecasting.timezone, first=at, last=at + AHEAD
        )
        if end + each.ramp > at
    ]
    return tuple(sorted(found, key=lambda occasion: (occasion.start, occasion.name)))
