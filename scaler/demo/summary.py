"""What happened in a demo: the books, against fleets of constant size, as words and as data."""

from collections.abc import Sequence
from typing import Any

import attrs

from scaler.demo.row import Row, clock
from scaler.demo.scene import OBJECTIVE
from scaler.simulation.objective import Score, fixed_fleet
from scaler.simulation.spec import FleetSpec
from scaler.simulation.traffic import Traffic

MINUTE = 60


@attrs.frozen(kw_only=True)
class Stretch:
    """What was played: from `start` to `stop`, in Unix seconds."""

    spec: FleetSpec
    traffic: Traffic
    start: float
    stop: float

    def fixed(self, replicas: int) -> "Fixed":
        """Return how a fleet of constant size would have done."""
        score = fixed_fleet(
            self.spec,
            replicas=replicas,
            traffic=self.traffic,
            start=self.start,
            stop=self.stop,
            objective=OBJECTIVE,
        )
        return Fixed(replicas=replicas, score=score)


@attrs.frozen(kw_only=True)
class Fixed:
    """A fleet of constant size on the same traffic."""

    replicas: int
    score: Score


@attrs.frozen(kw_only=True)
class Summary:
    """How the fleet did that followed its load, and how two others would have done.

    `peak` had the most replicas that were wanted from the start on; `equal` cost about the same.
    """

    score: Score
    rows: Sequence[Row]
    sizes: Sequence[int]
    """The replicas wanted after each poll."""
    peak: Fixed
    equal: Fixed

    def paragraph(self) -> str:
        """Return it in words."""
        return (
            f"{self._traffic()} {self._service()} "
            f"{self._beside(self.peak, 'its peak size')} "
            f"{self._beside(self.equal, 'about as dear')}"
        )

    def document(self) -> dict[str, Any]:
        """Return it as data."""
        return {
            "objective": {"seconds": OBJECTIVE.seconds, "quantile": OBJECTIVE.quantile},
            "fleet": {
                "replicas_min": min(self.sizes),
                "replicas_max": max(self.sizes),
                "changes": self._changes(),
                **_books(self.score),
            },
            "fixed_at_peak": {"replicas": self.peak.replicas, **_books(self.peak.score)},
            "fixed_at_equal_cost": {"replicas": self.equal.replicas, **_books(self.equal.score)},
            "rows": [attrs.asdict(row) for row in self.rows],
        }

    def _traffic(self) -> str:
        rates = [row.requests_per_second for row in self.rows]
        events = [f"{row.event} at {clock(row.elapsed)}" for row in self.rows if row.event]
        return (
            f"In {_span(self.score.seconds)} of simulated time {self.score.requests:,} requests "
            f"came, {min(rates):.0f} to {max(rates):.0f} a second. The fleet followed without a "
            f"hand on it: {min(self.sizes)} to {max(self.sizes)} replicas in "
            f"{self._changes()} changes{''.join(f'; {event}' for event in events)}."
        )

    def _service(self) -> str:
        score = self.score
        plural = "request was" if score.unserved == 1 else "requests were"
        return (
            f"Its p{100 * OBJECTIVE.quantile:g} time to first token was "
            f"{_over(score, what=f'its objective of {OBJECTIVE.seconds:g} s')}; {score.unserved} "
            f"{plural} not served. It took {score.replica_hours:.1f} replica-hours."
        )

    def _beside(self, fixed: Fixed, what: str) -> str:
        more = fixed.score.replica_seconds / self.score.replica_seconds - 1.0
        return (
            f"A fixed fleet of {fixed.replicas}, {what}, takes {fixed.score.replica_hours:.1f} "
            f"({_percent(abs(more))} {'more' if more > 0 else 'less'}) and is "
            f"{_over(fixed.score, what='the objective')}."
        )

    def _changes(self) -> int:
        return sum(
            before != after for before, after in zip(self.sizes, self.sizes[1:], strict=False)
        )


def summary(
    stretch: Stretch, *, score: Score, rows: Sequence[Row], sizes: Sequence[int]
) -> Summary:
    """Return the whole account; plays both fixed fleets, which takes a second or two each."""
    mean = score.replica_seconds / score.seconds
    return Summary(
        score=score,
        rows=rows,
        sizes=sizes,
        peak=stretch.fixed(max(sizes)),
        equal=stretch.fixed(max(1, round(mean))),
    )


def _over(score: Score, *, what: str) -> str:
    if not score.seconds_over:
        return f"never over {what}"
    share = _percent(score.share_of_time_over)
    return f"over {what} for {share} of the time ({_span(score.seconds_over)})"


def _span(seconds: float) -> str:
    """A duration in the units that a person would choose."""
    if seconds < 2 * MINUTE:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / MINUTE), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _books(score: Score) -> dict[str, float]:
    return {
        **attrs.asdict(score),
        "replica_hours": score.replica_hours,
        "share_of_time_over": score.share_of_time_over,
        "share_of_requests_over": score.share_of_requests_over,
    }
