"""Stabilization windows with the HPA's semantics, and the one ceiling.

They move what is *wanted*, a reading, rather than what was answered, so the past is forgotten
as the windows move on.
"""

from math import ceil

from scaler.policy.model import Window
from scaler.policy.remember import TREND
from scaler.policy.situation import Situation
from scaler.policy.spec import Spec
from scaler.policy.window import highest, lowest

EPSILON = 1e-6
"""Keeps 3.0000000001, a sum of rounding errors, from becoming four replicas."""

DEFAULT_DOWN_WINDOW = 300


def ceiling(replicas: float) -> int:
    """The one place where a real number of replicas becomes a whole one."""
    return ceil(replicas - EPSILON)


def down_window(spec: Spec, *, lead_time: int) -> int:
    """Seconds that scale-in waits: not to drop what takes a lead time to get back."""
    if spec.scale_down_window is not None:
        return spec.scale_down_window
    return max(DEFAULT_DOWN_WINDOW, lead_time)


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
    if not situation.readings.counted:
        # Pods that fell silent look like pods that are gone, and must not lower what is current.
        current = max(current, down)
    return up if up > current else min(down, current)
