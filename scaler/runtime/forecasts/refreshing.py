"""When a workload is forecast, and from which history: aligned, so that all scalers agree."""

from zlib import crc32

import attrs

from scaler.config.workload import Workload

HOUR = 3600
DAY = 24 * HOUR

LEAD_TIMES = (60, 120, 180, 300, 450, 600, 900, 1200, 1800)
"""Seconds that are reckoned with; one in between counts as the next."""


@attrs.frozen(kw_only=True)
class Refreshing:
    """Times of refreshes and refits. All are seconds, and multiples of `step`.

    A forecast of the history up to a refresh counts from `grace` after it, so that a scaler which
    is a little slower still decides by the same one. Coefficients are learned at multiples of
    `refit` from `memory` before that; their *base* is what a refresh starts from.
    """

    every: int = 300
    grace: int = 120
    step: int = 60
    memory: int = 28 * DAY
    refit: int = 6 * HOUR
    record_every: int = 900
    """Between the origins that the record is made of; a step on the first day."""

    patience: int = 900
    """How long after a start nothing is lowered for want of a forecast."""

    def newest(self, workload: Workload, *, at: float) -> int:
        """The last refresh that is not after `at`."""
        return self.last(at, phase=self.phase(workload))

    def last(self, at: float, *, phase: int) -> int:
        """The last refresh with this phase that is not after `at`."""
        return int(at) - (int(at) - phase) % self.every

    def phase(self, workload: Workload) -> int:
        """Seconds by which its refreshes lie after multiples of the interval, to spread them."""
        return crc32(str(workload.key).encode()) % self.every // self.step * self.step

    def is_stale(self, refresh: int, *, at: int) -> bool:
        """Whether a forecast is more than two refreshes behind."""
        return at - refresh > self.grace + 2 * self.every

    def base(self, refresh: int) -> int:
        """When the coefficients that count at `refresh` were learned."""
        return refresh - refresh % self.refit

    def window(self, lead_time: int) -> int:
        """Seconds ahead of a refresh for which its forecast must hold.

        It counts until `grace + every` after it, and what is ordered last comes a lead time later.
        A lead time that was seen to change a little changes nothing: each window is learned anew.
        """
        reckoned = next((each for each in LEAD_TIMES if each >= lead_time), lead_time)
        return -(-(self.grace + self.every + reckoned) // self.step) * self.step
