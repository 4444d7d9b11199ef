"""What can go wrong in a fleet, by name, as `demo --fault` switches it on."""

from collections.abc import Callable, Mapping

from scaler.simulation.fleet import Fleet

SLOW_FACTOR = 3.0


def slow(fleet: Fleet) -> None:
    """Make the oldest ready replica three times as slow."""
    for replica in fleet.ready[:1]:
        replica.slow(SLOW_FACTOR)


def stuck(fleet: Fleet) -> None:
    """From now on, no replica becomes ready: there is no node for it."""
    fleet.stick("Unschedulable")


def restart(fleet: Fleet) -> None:
    """Restart the oldest ready replica: what it runs fails, its counters start at 0 again."""
    for replica in fleet.ready[:1]:
        fleet.restart(replica)


def silent(fleet: Fleet) -> None:
    """Make every second ready replica stop reporting, from the oldest on; all go on working."""
    for replica in fleet.ready[::2]:
        replica.silent = True


def mute(fleet: Fleet) -> None:
    """Make every replica stop reporting, as a broken scrape does; all go on working."""
    for replica in fleet.replicas:
        replica.silent = True


def garbled(fleet: Fleet) -> None:
    """Make every replica report a queue that is not a number."""
    for replica in fleet.replicas:
        replica.garbled = True


def heal(fleet: Fleet) -> None:
    """End every fault above; replicas that were stuck become ready a lead time from now."""
    fleet.unstick()
    for replica in fleet.replicas:
        replica.slow(1.0)
        replica.silent = False
        replica.garbled = False


FAULTS: Mapping[str, Callable[[Fleet], None]] = {
    "slow": slow,
    "stuck": stuck,
    "restart": restart,
    "silent": silent,
    "mute": mute,
    "garbled": garbled,
}
