"""Keeps every workload's forecast fresh: reads what is new, has it forecast, tells the fold."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from math import inf

import structlog

from scaler.errors import ForecastFailed, ForescaleError, SignalError, SignalMalformed
from scaler.policy.model import Belief, Foreseen, Readings
from scaler.runtime.apart import read_apart
from scaler.runtime.clock import Clock
from scaler.runtime.fold import Fold
from scaler.runtime.forecasts.past import Past
from scaler.runtime.forecasts.refreshing import DAY, HOUR
from scaler.runtime.forecasts.worker import Foresees
from scaler.runtime.history import History
from scaler.runtime.turns import Turn

TOGETHER = 50
"""Workloads in one read of what is new."""

CHUNK = 1440
"""Ticks in one read, of all workloads together."""

LOOK = 4 * HOUR
"""Seconds between two looks for the day on which history begins."""

REST = 0.001
"""Seconds between two rounds."""

RETRY = 60
"""Seconds until a source or a process that failed is asked again."""

Observe = Callable[[float, str | None], None]
"""Is told of each forecast: the seconds it took, and why it failed, if it did."""

log = structlog.get_logger()


class Forecaster:
    """One task for all workloads. It takes its time: no decision waits for it.

    `folds` are those that are watched now. What is `delay()` seconds old is settled. A workload's
    failure is its own.
    """

    def __init__(
        self,
        *,
        folds: Callable[[], Sequence[Fold]],
        history: History,
        clock: Clock,
        worker: Foresees,
        delay: Callable[[], float],
        observe: Observe = lambda seconds, error: None,
    ) -> None:
        self._folds = folds
        self._history = history
        self._clock = clock
        self._worker = worker
        self._delay = delay
        self._observe = observe
        self._pasts: dict[Fold, Past] = {}
        self._followed = 0
        self._said: dict[str, float] = {}

    async def run(self) -> None:
        """Forecast until cancelled."""
        while True:
            try:
                worked = await self.round()
            except Exception:
                log.exception("forecasting_failed")
                worked = False
            if worked:
                # With a source that answers at once, nobody else would have a turn.
                await asyncio.sleep(REST)
            else:
                await self._clock.sleep_until(self._clock.now() + 1.0)

    async def round(self) -> bool:
        """Forecast whose history is read, then read some more; whether there was anything to do."""
        now = self._clock.now()
        if int(now) != self._followed:
            self._followed = int(now)
            await self._follow(now)
        due = await self._due(now)
        new = [past for past in due if past.start is None]
        # After a restart there may be thousands: each round takes some, and lets others on.
        await self._begin({past: due[past] for past in new[:TOGETHER]})
        behind: dict[Past, int] = {}
        for past, refresh in due.items():
            if past.start is None:
                continue
            if past.end < refresh:
                behind[past] = refresh
            else:
                await self._forecast(past, refresh=refresh)
        if behind:
            await self._read(behind)
        return bool(due)

    async def _follow(self, now: float) -> None:
        """Take up new folds, let go of those that are gone, lose patience where it is over."""
        known, self._pasts = self._pasts, {}
        turn = Turn()
        for fold in self._folds():
            if turn.over:
                await turn.rest()
            outlooks = fold.outlooks
            if outlooks is None:
                continue
            past = known.get(fold) or Past(fold=fold, outlooks=outlooks, met=now)
            self._pasts[fold] = past
            patience = outlooks.refreshing.patience
            if not past.done and now - past.met > patience and not outlooks.failure:
                outlooks.fail(f"not there {patience} s after the start")

    async def _due(self, now: float) -> dict[Past, int]:
        """Whose newest refresh has not been forecast, and that refresh."""
        settled = now - self._delay()
        due: dict[Past, int] = {}
        turn = Turn()
        for past in self._pasts.values():
            if turn.over:
                await turn.rest()
            if past.rests_until > now:
                continue
            refresh = past.newest(settled)
            if refresh > past.done:
                due[past] = refresh
            else:
                past.rests_until = past.done + past.refreshing.every + self._delay()
        return due

    async def _begin(self, due: Mapping[Past, int]) -> None:
        """Find where history begins: behind what is kept, or where there is any.

        Who has not been there for a season has no forecast, and is looked at again next time.
        """
        new: dict[range, list[Past]] = defaultdict(list)
        for past, refresh in due.items():
            oldest = past.refreshing.base(refresh) - past.refreshing.memory
            kept = await self._worker.kept(past.name)
            if kept is not None and oldest <= kept <= refresh:
                past.begin(kept)
            else:
                new[past.season_before(refresh)].append(past)
        for ticks, members in new.items():
            for past, answer in (await self._answers(members, ticks)).items():
                if past.is_known(answer[: len(answer) // 4]):
                    await self._begin_new(past, refresh=due[past])
                else:
                    cold = [Foreseen(at=at, belief=Belief.COLD) for at in past.refreshes(due[past])]
                    past.deliver(cold, kept=None)

    async def _begin_new(self, past: Past, *, refresh: int) -> None:
        """Go through the days of the memory, oldest first, until one of them is known."""
        oldest = past.refreshing.base(refresh) - past.refreshing.memory
        for first in range(oldest, refresh, DAY):
            ticks = range(first, first + DAY, LOOK)
            answer = (await self._answers([past], ticks)).get(past)
            if answer is None:
                return
            if past.is_known(answer) or ticks[-1] >= refresh:
                past.begin(first)
                return

    async def _read(self, behind: Mapping[Past, int]) -> None:
        """Read what those miss that miss least; who misses weeks goes on when nobody else is due.

        A rest of the same length follows: this is in nobody's way.
        """
        groups: dict[range, list[Past]] = defaultdict(list)
        turn = Turn()
        for past, refresh in behind.items():
            groups[past.missing(refresh, most=CHUNK)].append(past)
            if turn.over:
                await turn.rest()
        ticks = min(groups, key=len)
        members = groups[ticks][: max(1, min(TOGETHER, CHUNK // len(ticks)))]
        clock = asyncio.get_running_loop().time
        began = clock()
        for past, answer in (await self._answers(members, ticks)).items():
            past.take(answer)
            if turn.over:
                await turn.rest()
        await asyncio.sleep(clock() - began)

    async def _answers(
        self, pasts: Sequence[Past], ticks: range
    ) -> Mapping[Past, Sequence[Readings]]:
        """What is known of each at these ticks; who has no answer is asked again later."""
        workloads = [past.lean for past in pasts]
        try:
            said = await read_apart(self._history, workloads, ticks)
        except SignalError as error:
            said = dict.fromkeys(workloads, error)
        found: dict[Past, Sequence[Readings]] = {}
        for past in pasts:
            answer = said.get(past.workload, ())
            if isinstance(answer, ForescaleError):
                self._failed(past, answer)
            elif len(answer) < len(ticks):
                self._failed(past, SignalMalformed("the source left out some of its history"))
            else:
                found[past] = answer
        return found

    async def _forecast(self, past: Past, *, refresh: int) -> None:
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            answer = await self._worker.foresee(past.job(refresh))
        except ForecastFailed as failure:
            self._failed(past, failure)
            self._observe(clock() - began, "failed")
            return
        past.deliver(answer.foreseen, kept=answer.kept)
        self._observe(clock() - began, None)

    def _failed(self, past: Past, failure: ForescaleError) -> None:
        """Say it to the fold, and to people once an hour, for all who have the same trouble.

        The last forecast goes on until it is stale.
        """
        problem, now = str(failure), self._clock.now()
        if now - self._said.get(problem, -inf) >= HOUR:
            self._said = {old: at for old, at in self._said.items() if now - at < HOUR}
            self._said[problem] = now
            log.warning("not_forecast", example=str(past.workload.key), problem=problem)
        past.outlooks.fail(problem)
        past.rests_until = now + RETRY
