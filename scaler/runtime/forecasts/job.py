"""What is asked of the process that forecasts, and what it answers. Both travel through a pipe."""

import re
from array import array
from hashlib import sha256

import attrs

from forecasting.events import Event
from scaler.config.workload import Workload
from scaler.policy.model import Foreseen
from scaler.runtime.forecasts.refreshing import Refreshing


@attrs.frozen(kw_only=True)
class Job:
    """One workload to be forecast at some refreshes, oldest first.

    `values` are work per second at `start`, `start + step`, ...; NaN where it is not known. `least`
    has a 1 where the value is a lower bound. They continue the base that is kept under `name`, and
    where nothing is kept they are all there is.
    """

    name: str
    workload: str
    refreshing: Refreshing
    window: int
    quantile: float
    seasons: tuple[int, ...]
    timezone: str
    events: tuple[Event, ...]
    holidays: tuple[str, ...]
    start: int
    values: "array[float]"
    least: bytes
    refreshes: tuple[int, ...]

    @property
    def asked(self) -> str:
        """Whatever makes another forecast of the same history, as text."""
        calendar = (self.timezone, self.events, self.holidays)
        return repr((self.window, self.quantile, self.seasons, *calendar))


@attrs.frozen(kw_only=True)
class Answer:
    """A forecast for each refresh. `kept` is the end of the newest base that is kept, if any."""

    foreseen: tuple[Foreseen, ...]
    kept: int | None


def name_of(workload: Workload, *, refreshing: Refreshing) -> str:
    """Whose history this is, as a file name: whatever changes what is read is part of it."""
    watch = attrs.asdict(workload.watch, filter=lambda _, value: bool(value))
    asked = (
        sorted((name, repr(value)) for name, value in watch.items()),
        workload.spec.unit.value,
        attrs.astuple(refreshing),
    )
    digest = sha256(repr(asked).encode()).hexdigest()[:16]
    plain = re.sub(r"[^a-z0-9.-]", "-", f"{workload.key.namespace}_{workload.key.name}".lower())
    return f"{plain[:100]}-{digest}"
