"""How many replicas there are, where whoever counts them has gone silent, or nobody ever did.

The cluster counts what is wanted. Without it there are only the pods that report, and a pod that
is silent looks like one that is gone. So a count that was there stands until `holdFor`, and fewer
pods that report are believed once they were fewer for a whole scale-down window. More pods are
more, but for the surge of a rollout, which who only watches or adds would take for growth.
"""

from math import ceil

import attrs

from scaler.policy.model import Readings, Sample, State, Window, value_of
from scaler.policy.spec import Mode, Spec, down_window
from scaler.policy.window import TREND, highest, since

SURGE = 0.25
"""Share of what is wanted that a rollout adds, by Kubernetes' default."""


def believed(readings: Readings, *, state: State, spec: Spec) -> Readings:
    """`readings` with the last count of what is wanted, where whoever counted is silent now.

    Where more report than were counted, they are what is known.
    """
    last = lost(readings, state=state, spec=spec)
    reporting = value_of(readings.reporting) or 0.0
    if last is None or _are_more(reporting, than=last[1], spec=spec):
        return readings
    at, wanted = last
    return attrs.evolve(readings, wanted=Sample(value=wanted, at=at))


def _are_more(pods: float, *, than: float, spec: Spec) -> bool:
    """Whether `pods` are more than `than`, and no surge.

    Only `on` may take a surge for pods: it asks for no more because there are more.
    """
    surge = 0 if spec.mode is Mode.ON else ceil(SURGE * than)
    return pods > than + surge


def lost(readings: Readings, *, state: State, spec: Spec) -> tuple[int, float] | None:
    """When replicas were counted last and how many, if they no longer are; None after `holdFor`."""
    if readings.counted:
        return None
    window = since(state.recent.get("counted", ()), at=readings.at - spec.hold_for)
    return window[-1] if window else None


def counted(readings: Readings, *, state: State, spec: Spec) -> Window:
    """The newest count, to stand while there is none."""
    if readings.counted and isinstance(readings.wanted, Sample):
        return ((readings.at, readings.wanted.value),)
    return since(state.recent.get("counted", ()), at=readings.at - spec.hold_for)


def silence(spec: Spec, *, lead_time: int) -> int:
    """Seconds for which pods that no longer report may be there all the same.

    Nobody who only watches, or only adds, may lower a fleet because some of it are silent; beyond
    `holdFor` nobody can tell.
    """
    window = max(TREND, down_window(spec, lead_time=lead_time))
    return window if spec.mode is Mode.ON else max(window, spec.hold_for)


def standing(readings: Readings, *, state: State, spec: Spec, lead_time: int) -> float | None:
    """What the fleet has been asked for, as far as can be told; None where nobody knows."""
    wanted = value_of(readings.wanted)
    if readings.counted:
        return wanted
    reported = _reported(readings, state=state, spec=spec, lead_time=lead_time)
    return max((count for count in (wanted, reported) if count is not None), default=None)


def _reported(readings: Readings, *, state: State, spec: Spec, lead_time: int) -> float | None:
    """The most that reported since the last count, lately; None where that is no more than it."""
    oldest = readings.at - silence(spec, lead_time=lead_time)
    last = lost(readings, state=state, spec=spec)
    if last is not None:
        oldest = max(oldest, last[0])
    # The window is without the standby.
    most = highest(state.recent.get("wanted", ()), at=oldest, default=0.0)
    reported = most + spec.standby
    news = most and (last is None or _are_more(reported, than=last[1], spec=spec))
    return reported if news else None


def deserted(readings: Readings) -> bool:
    """Nothing is wanted and nothing runs; nor is there work, where nobody says what runs."""
    counts = [value_of(count) for count in (readings.ready, readings.reporting)]
    if value_of(readings.wanted) != 0 or any(counts):
        return False
    untold = not readings.counted and all(count is None for count in counts)
    return not (untold and readings.working)


def asleep(readings: Readings, *, state: State, spec: Spec, lead_time: int) -> bool:
    """Nothing is wanted and nothing runs: missing engine metrics are normal then.

    Where nobody counts, that nobody is there is believed once they have been gone for as long as
    silence may last; until then what was said of them stands.
    """
    if not deserted(readings):
        return False
    if readings.counted:
        return True
    return not standing(readings, state=state, spec=spec, lead_time=lead_time)
