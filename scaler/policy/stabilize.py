"""Stabilization windows with the HPA's semantics, and the one ceiling.

They move what is *wanted*, a reading, rather than what was answered, so the past is forgotten
as the windows move on. Where nobody counts, what was answered stands while more is needed than
reports, and a wish in the window calls for as much.
"""

from math import ceil

from scaler.policy.model import Window
from scaler.policy.situation import Situation
from scaler.policy.spec import down_window
from scaler.policy.window import TREND, highest, lowest

EPSILON = 1e-6
"""Keeps 3.0000000001, a sum of rounding errors, from becoming four replicas."""


def ceiling(replicas: float) -> int:
    """The one place where a real number of replicas becomes a whole one."""
    return ceil(replicas - EPSILON)


def within_windows(wish: float, *, wishes: Window, situation: Situation) -> float:
    """`wish` after both windows: up to the least of the one, down to the most of the other."""
    base = situation.supply.base
    current = wish if base is None else base
    spec, at = situation.spec, situation.at
    up = lowest(wishes, at=at - spec.scale_up_window, default=wish)
    lead_time = situation.knowledge.lead_time
    window = down_window(spec, lead_time=lead_time)
    if not situation.supply.settled:
        window = max(window, TREND)
    down = highest(wishes, at=at - window, default=wish)
    return max(up, min(down, _on_its_way(situation))) if up > current else min(down, current)


def _on_its_way(situation: Situation) -> float:
    """What was answered last, where nobody counts: it is wanted, and shows only once it reports.

    Behind a scale-up window an answer could outlive all that is remembered, and does not count.
    """
    if situation.readings.counted or situation.spec.scale_up_window:
        return 0.0
    return float(situation.state.target or 0)
