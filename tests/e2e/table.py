"""What a run showed, as rows for the documentation."""

from collections.abc import Sequence

import attrs

from tests.e2e.shown import keep


@attrs.define(kw_only=True)
class Table:
    """Rows of what failed, what the replicas did with a minimum of 0 and of 1, and how long it was
    until they followed again, in seconds."""

    rows: list[str] = attrs.field(factory=list)

    def add(self, what: str, courses: Sequence[Sequence[int]], *, seconds: float) -> None:
        steps = (" → ".join(map(str, course)) for course in courses)
        self.rows.append(f"| {what} | {' | '.join(steps)} | {seconds:.0f} s |")

    def write(self) -> None:
        """Keep the rows for the documentation."""
        if self.rows:
            keep("faults.md", "\n".join([*self.rows, ""]))
