"""What somebody has declared, as it falls into these days: nothing that history would tell."""

import attrs


@attrs.frozen(kw_only=True)
class Occasion:
    """One time at which a declared event happens, in Unix seconds; `end` is not part of it.

    It builds up over `ramp` seconds before that, and fades over as many after. Meanwhile demand is
    reckoned with at `multiplier` times what it would be, and at `minimum` at least, in work per
    second; and `replicas` are wanted at least.
    """

    name: str
    start: int
    end: int
    ramp: int = 0
    multiplier: float = 1.0
    minimum: float = 0.0
    replicas: int = 0

    def strength(self, first: int, last: int) -> float:
        """The most of it between two times, both included: 1 inside it, less on its ramps."""
        outside = max(self.start - last, first - self.end + 1, 0)
        if outside == 0:
            return 1.0
        return max(0.0, 1.0 - outside / self.ramp) if self.ramp else 0.0
