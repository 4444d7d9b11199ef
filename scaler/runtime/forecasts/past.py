"""One workload's history on its way to the forecasting process: what is not kept there yet."""

from array import array
from collections.abc import Iterable, Sequence

import attrs

from scaler.config.workload import ForecastUse, Workload
from scaler.policy.learn import prior_lead_time
from scaler.policy.lesson import lesson
from scaler.policy.model import Foreseen, Readings
from scaler.policy.spec import Vote
from scaler.runtime.declared import foretold
from scaler.runtime.fold import Fold
from scaler.runtime.forecasts.job import Job, name_of
from scaler.runtime.forecasts.outlooks import Outlooks
from scaler.runtime.forecasts.refreshing import DAY, Refreshing

LOOKS = 12
"""Times in the shortest season at which it is looked whether there is any history."""


@attrs.define(kw_only=True, eq=False)
class Past:
    """Mutable. Work per second from `start` on, in steps; `start` is None until it is known.

    A value stands for the step that ends with the tick it was read at. `done` is the last refresh
    that was forecast; until `rests_until` there is nothing to do.
    """

    fold: Fold
    outlooks: Outlooks
    met: float
    start: int | None = None
    done: int = 0
    rests_until: float = 0.0
    values: "array[float]" = attrs.field(factory=lambda: array("d"))
    least: bytearray = attrs.field(factory=bytearray)
    _phase: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Remember the phase: it is asked for every second."""
        self._phase = self.refreshing.phase(self.fold.workload)

    @property
    def workload(self) -> Workload:
        """Whose past this is."""
        return self.fold.workload

    @property
    def lean(self) -> Workload:
        """The same without the signals that a forecast learns nothing from: they cost the most."""
        spec = attrs.evolve(self.workload.spec, latency=Vote.OFF, utilization=Vote.OFF)
        return attrs.evolve(self.workload, spec=spec)

    @property
    def refreshing(self) -> Refreshing:
        """When it is forecast."""
        return self.outlooks.refreshing

    def newest(self, at: float) -> int:
        """The last refresh that is not after `at`."""
        return self.refreshing.last(at, phase=self._phase)

    @property
    def end(self) -> int:
        """The end of what is known."""
        return (self.start or 0) + self.refreshing.step * len(self.values)

    @property
    def window(self) -> int:
        """Seconds that a forecast looks ahead of its refresh."""
        known = self.fold.known
        lead_time = known[max(known)].lead_time if known else prior_lead_time(self.workload.spec)
        return self.refreshing.window(lead_time)

    @property
    def name(self) -> str:
        """Under which name its base is kept."""
        return name_of(self.workload, refreshing=self.refreshing)

    def missing(self, refresh: int, *, most: int) -> range:
        """The ticks to read next on the way to a refresh, `most` at a time."""
        step = self.refreshing.step
        ticks = range(self.end + step, refresh + 1, step)
        return ticks[:most]

    def take(self, answer: Sequence[Readings]) -> None:
        """Put what was read at the missing ticks behind what is known."""
        for readings in answer:
            learned = lesson(readings, spec=self.workload.spec)
            self.values.append(float("nan") if learned.work is None else learned.work)
            self.least.append(learned.least)
        most = self.refreshing.memory + self.refreshing.refit
        self._drop(len(self.values) - most // self.refreshing.step)

    def begin(self, at: int) -> None:
        """History begins here, or goes on behind what is kept."""
        self.start = at
        self.values = array("d")
        self.least = bytearray()

    def season_before(self, refresh: int) -> range:
        """Times at which to look whether it was there for the shortest season before a refresh.

        They are the same for everybody with this season, so that one read tells of many.
        """
        season = min(self.workload.forecasting.seasons, default=DAY)
        step = self.refreshing.step
        every = max(season // LOOKS // step * step, step)
        return range((refresh - season) // every * every, refresh, every)

    def is_known(self, answer: Iterable[Readings]) -> bool:
        """Whether any of these say how much work there was."""
        return any(lesson(each, spec=self.workload.spec).work is not None for each in answer)

    def refreshes(self, newest: int) -> tuple[int, ...]:
        """Those since the last one, or all that the fold looks back on."""
        oldest = max(self.done, newest - self.outlooks.back)
        return tuple(reversed(range(newest, oldest, -self.refreshing.every)))

    def job(self, refresh: int) -> Job:
        """What to ask for."""
        forecasting, refreshing = self.workload.forecasting, self.refreshing
        return Job(
            name=self.name,
            workload=str(self.workload.key),
            refreshing=refreshing,
            window=self.window,
            quantile=forecasting.quantile,
            seasons=forecasting.seasons,
            timezone=forecasting.timezone,
            events=foretold(self.workload),
            holidays=forecasting.holidays,
            start=self.start or 0,
            values=self.values,
            least=bytes(self.least),
            refreshes=self.refreshes(refresh),
        )

    def deliver(self, foreseen: Sequence[Foreseen], *, kept: int | None) -> None:
        """Hand forecasts to the fold, and forget what the process keeps, up to `kept`."""
        self.outlooks.take(self._used(each) for each in foreseen)
        self.done = foreseen[-1].at
        if kept is not None and self.start is not None:
            self._drop((kept - self.start) // self.refreshing.step)

    def _drop(self, gone: int) -> None:
        """Forget so many of the oldest steps."""
        if gone > 0:
            self.start = (self.start or 0) + gone * self.refreshing.step
            self.values = self.values[gone:]
            self.least = self.least[gone:]

    def _used(self, foreseen: Foreseen) -> Foreseen:
        forecasting = self.workload.forecasting
        used = forecasting.use is ForecastUse.ENABLED
        return attrs.evolve(foreseen, used=used, max_extra=forecasting.max_extra)
