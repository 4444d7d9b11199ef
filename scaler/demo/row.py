"""One line of the demo: what the fleet does and what the service makes of it, at one moment."""

from collections.abc import Mapping
from typing import Any

import attrs

from scaler.simulation.snapshot import FleetSnapshot

Document = Mapping[str, Any]


@attrs.frozen(kw_only=True)
class Row:
    """The fleet at `elapsed` simulated seconds, and the service's last decision.

    `target` and `ttft` are None where the service says nothing of them; `ttft` is in seconds.
    """

    elapsed: int
    requests_per_second: float
    running: int
    waiting: int
    wanted: int
    ready: int
    target: int | None = None
    ttft: float | None = None
    reason: str = ""
    event: str = ""


def row(snapshot: FleetSnapshot, decision: Document | None, *, elapsed: float, rate: float) -> Row:
    """Return the row of this moment; `decision` is the service's answer about the workload."""
    engines = [replica.engine for replica in snapshot.replicas if replica.engine]
    seen = Row(
        elapsed=round(elapsed),
        requests_per_second=rate,
        running=sum(engine.running for engine in engines),
        waiting=snapshot.held + sum(engine.waiting for engine in engines),
        wanted=snapshot.wanted,
        ready=snapshot.ready,
    )
    if decision is None:
        return seen
    return attrs.evolve(
        seen,
        target=decision["target"],
        ttft=decision["readings"]["latency"].get("value"),
        reason=_reason(decision),
    )


def _reason(decision: Document) -> str:
    """Who won, and what moved the number after that."""
    limits = [
        f"{limit['by']} {limit['before']:g} to {limit['after']:g}" for limit in decision["limits"]
    ]
    return ", ".join([decision["winner"] or decision["note"], *limits])


def clock(seconds: float) -> str:
    """Return simulated time as `h:mm:ss`."""
    minutes, second = divmod(round(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}"
