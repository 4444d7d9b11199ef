"""The grid of ticks: one phase a workload, so that a thousand of them do not tick at once."""

from zlib import crc32

from scaler.config.workload import Workload


def phase(workload: Workload) -> int:
    """Seconds by which the workload's ticks lie after multiples of its step.

    A hash of the name: everyone who watches the workload ticks at the same times.
    """
    return crc32(str(workload.key).encode()) % workload.spec.step


def last_tick(workload: Workload, *, at: float) -> int:
    """The workload's newest tick that is not after `at`."""
    offset = phase(workload)
    return int(at) - (int(at) - offset) % workload.spec.step
