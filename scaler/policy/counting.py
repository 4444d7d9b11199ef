"""How many replicas there are, where whoever counts them has gone silent, or nobody ever did.

The cluster counts what is wanted. Without it there are only the pods that report, and a pod that
is silent looks like one that is gone. So a count that was there stands until `holdFor`, and fewer
pods that report are believed once they were fewer for a whole scale-down window.
"""

import attrs

from scaler.policy.model import Readings, Sample, State, Window, value_of
from scaler.policy.spec import Mode, Spec, down_window
from scaler.policy.window import TREND, highest, since


def believed(readings: Readings, *, state: State, spec: Spec) -> Readings:
    """`readings` with the last count of what is wanted, where whoever counted is silent now.

    More pods than were counted are more all the same.
    """
    last = lost(readings, state=state, spec=spec)
    reporting = value_of(readings.reporting) or 0.0
    if last is None or reporting > last[1]:
        return readings
    at, wanted = last
    return attrs.evolve(readings, wanted=Sample(value=wanted, at=at))


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
    # The window holds those that reported, without the standby.
    oldest = readings.at - silence(spec, lead_time=lead_time)
    most = highest(state.recent.get("wanted", ()), at=oldest, default=0.0)
    reported = most + spec.standby if most else None
    return max((count for count in (wanted, reported) if count is not None), default=None)


def deserted(readings: Readings) -> bool:
    """Nothing is wanted and nothing runs."""
    counts = (readings.ready, readings.reporting)
    return value_of(readings.wanted) == 0 and not any(value_of(count) for count in counts)


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
