"""The loop: ticks every workload in its own second, and answers whoever asks meanwhile."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress

import attrs
import structlog

from scaler.config.workload import Workload
from scaler.errors import DecisionExpired, SignalError, UnknownWorkload
from scaler.policy.bounds import keep
from scaler.policy.model import value_of
from scaler.runtime.advance import AT_ONCE, advance
from scaler.runtime.board import Board, Published
from scaler.runtime.brakes import Brakes, NoBrakes
from scaler.runtime.clock import Clock
from scaler.runtime.fold import Fold, Progress
from scaler.runtime.forecasts.outlooks import outlooks_for
from scaler.runtime.history import History
from scaler.runtime.knowledge import Learning, teach
from scaler.runtime.troubles import reported
from scaler.runtime.turns import Turn, tidy
from scaler.runtime.watched import Newcomers, Watched, by_origin
from scaler.runtime.watchlist import Watchlist

LAG = 1.0
"""Seconds after a tick at which it is asked for: a younger sample is often not there yet."""

FIRST_LOOK = 1.8
"""Seconds that the first question about a workload may wait for an answer."""

LESSONS_AT_ONCE = 25
"""Workloads whose new knowledge is learned after one slot: a day of history each."""

PULSE = 2.0
"""Seconds that a wait for the next second may take, whatever happens to the clock meanwhile."""

log = structlog.get_logger()


class Listener:
    """Is told what happens, for logs, metrics and the record. Does nothing by itself."""

    def progressed(self, progress: Progress) -> None:
        """A workload was decided on, by the metadata that were asked for last."""

    def ticked(self, seconds: float) -> None:
        """Workloads of one second and one origin were read and decided."""

    def forgotten(self, workload: Workload, *, alone: bool) -> None:
        """Nobody asks for this workload any more; if `alone`, nor for its ScaledObject."""


class Loop:
    """Owns every fold. Reading, folding and publishing happen here and nowhere else."""

    def __init__(
        self,
        *,
        history: History,
        clock: Clock,
        settle: int,
        learning: Learning | None = None,
        listener: Listener | None = None,
        brakes: Brakes | None = None,
    ) -> None:
        self.board = Board()
        self._history = history
        self._clock = clock
        self._settle = settle
        self._learning = learning or Learning()
        self._listener = listener or Listener()
        self._brakes = brakes or NoBrakes()
        self._watchlist = Watchlist()
        self._looks: set[asyncio.Task[None]] = set()
        self._newcomers = Newcomers()
        self._greeters: Counter[str] = Counter()
        self._passed = False
        self._frozen = False

    def use(self, *, settle: int, frozen: bool) -> None:
        """From the next tick on, settle answers after `settle` s; while frozen, keep targets."""
        self._settle = settle
        self._frozen = frozen

    @property
    def passed(self) -> bool:
        """Whether every workload known at the start has had its first look."""
        return self._passed and self._watchlist.passed

    @property
    def looking(self) -> bool:
        """Whether anybody is being looked at now."""
        return bool(self._looks)

    def troubles(self) -> Mapping[Workload, str]:
        """Each workload that waits for an answer of its source, and why; the newest last."""
        return self._watchlist.troubles()

    def folds(self) -> Sequence[Fold]:
        """Of every workload under watch that has had its first look."""
        return self._watchlist.folds()

    def declare(self, workloads: Iterable[Workload]) -> None:
        """Watch these, whether somebody asks for them or not; those no longer named may go."""
        named = {workload.key: workload for workload in workloads}
        self._watchlist.keep(named.keys())
        for workload in named.values():
            self._meet(workload).declared = True

    async def answer(self, workload: Workload) -> Published:
        """What stands on the board; for an unseen workload, what a first look finds in time.

        Raises:
            UnknownWorkload: the first look is not over yet, or its source gave no answer.
            DecisionExpired: nothing true can be said any more.
        """
        watched = self._meet(workload)
        self.board.ask(workload.key)
        if not watched.looked.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(watched.looked.wait(), FIRST_LOOK)
        return self._stands(watched)

    def standing(self, workload: Workload) -> Published | None:
        """What stands on the board, at once; None for a workload whose first look is not over.

        Raises:
            UnknownWorkload: its source has not answered yet.
            DecisionExpired: nothing true can be said any more.
        """
        watched = self._meet(workload)
        self.board.ask(workload.key)
        return self._stands(watched) if watched.looked.is_set() else None

    def _stands(self, watched: Watched) -> Published:
        now = self._clock.now()
        watched.asked_at = now
        try:
            return self.board.answer(watched.fold.workload.key, now=int(now))
        except (UnknownWorkload, DecisionExpired) as error:
            trouble = watched.fold.trouble
            if trouble is None:
                raise
            msg = f"{error}; {trouble}"
            raise type(error)(msg) from trouble

    async def wait_active(
        self, workload: Workload, *, known: bool | None, within: float
    ) -> bool | None:
        """Whether it is active, once that differs from `known`, at the latest after `within` s.

        Who knows nothing yet asks anew; who goes on waiting may do so by metadata of the past.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        watched = self._meet(workload)
        if known is None:
            self.board.ask(workload.key)
        while True:
            edge = watched.edge
            active = self._active(workload)
            watched.asked_at = self._clock.now()
            left = deadline - loop.time()
            if (active is not None and active != known) or left <= 0:
                return active
            with suppress(TimeoutError):
                await asyncio.wait_for(edge.wait(), left)

    def _active(self, workload: Workload) -> bool | None:
        try:
            now = int(self._clock.now())
            return self.board.answer(workload.key, now=now).decision.active
        except (DecisionExpired, UnknownWorkload):
            return None

    async def run(self) -> None:
        """Tick until cancelled: every second, the workloads whose tick has come."""
        try:
            while True:
                now = self._clock.now()
                for due in by_origin(self._watchlist.due(at=int(now - LAG))):
                    self._start(self._look(due, now=now))
                tidy()
                self._passed = True
                self._forget(now)
                with suppress(TimeoutError):
                    async with asyncio.timeout(PULSE):
                        await self._clock.sleep_until(int(now) + 1 + LAG % 1)
        finally:
            for task in self._looks:
                task.cancel()
            await asyncio.gather(*self._looks, return_exceptions=True)

    def _meet(self, workload: Workload) -> Watched:
        known = self._watchlist.get(workload.key)
        if known is not None:
            return known
        now = self._clock.now()
        outlooks = outlooks_for(workload, refreshing=self._learning.refreshing)
        fold = Fold(workload=workload, outlooks=outlooks)
        met = Watched(fold=fold, asked_at=now, busy=True)
        met.ticked = fold.last_tick(now - LAG)
        self._watchlist.add(met)
        self.board.ask(workload.key)
        log.info("workload_met", workload=str(workload.key))
        self._greet(self._newcomers.add(met))
        return met

    def _greet(self, origin: str) -> None:
        """See to it that somebody looks at the newcomers.

        After a restart there may be thousands. While a few reads are under way those who come wait,
        and are then read together; each origin has reads of its own, should one not answer.
        """
        if self._greeters[origin] < AT_ONCE:
            self._greeters[origin] += 1
            self._start(self._first_looks(origin))

    async def _first_looks(self, origin: str) -> None:
        try:
            while newcomers := self._newcomers.take(origin, at=self._clock.now() - LAG):
                await self._look(newcomers, now=self._clock.now())
        finally:
            self._greeters[origin] -= 1
            self._greeters = +self._greeters

    def _start(self, look: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(look)
        self._looks.add(task)
        task.add_done_callback(self._looks.discard)

    async def _look(self, due: Sequence[Watched], *, now: float) -> None:
        """Advance these, publish, then learn what is new; one slot's trouble is its own."""
        began = asyncio.get_running_loop().time()
        try:
            folds = [watched.fold for watched in due]
            turn = Turn()
            with reported(folds):
                for progress in await advance(
                    folds,
                    history=self._history,
                    to=now - LAG,
                    settle=self._settle,
                    learning=self._learning,
                ):
                    self._publish(progress)
                    if turn.over:
                        await turn.rest()
                await self._learn(due, now=now)
        except SignalError as error:
            log.debug("not_learned", error=str(error))
        except Exception:
            log.exception("slot_failed", workloads=len(due))
        finally:
            for watched in due:
                watched.busy = False
                watched.looked.set()
        self._listener.ticked(asyncio.get_running_loop().time() - began)

    def _publish(self, progress: Progress) -> None:
        watched = self._watchlist.get(progress.published.workload.key)
        if watched is None:
            return
        published = self._braked(progress.published)
        before = self._active(published.workload)
        self.board.post(published)
        if self.board.shows(published.workload.key):
            self._listener.progressed(attrs.evolve(progress, published=published))
        watched.looked.set()
        if self._active(published.workload) != before:
            watched.edge.set()
            watched.edge = asyncio.Event()

    def _braked(self, published: Published) -> Published:
        """As it may be served: while frozen, what was published last; else what the brakes say."""
        workload, decision = published.workload, published.decision
        if self._frozen or self._brakes.frozen(workload, at=decision.at):
            return self._kept(published)
        return attrs.evolve(published, decision=self._brakes.apply(decision, workload=workload))

    def _kept(self, published: Published) -> Published:
        """What was published last goes on; at first sight, what the scale target asks for.

        The reading of what is wanted lags: to serve it again and again would swing with the HPA.
        """
        try:
            at = self.board.latest(published.workload.key).decision.target
        except UnknownWorkload:
            at = None
        if at is None:
            wanted = value_of(published.readings.wanted)
            at = None if wanted is None else int(wanted)
        return attrs.evolve(published, decision=keep(published.decision, at=at))

    async def _learn(self, due: Sequence[Watched], *, now: float) -> None:
        epoch = self._learning.coming(now)
        behind = [w.fold for w in due if w.fold.known and epoch not in w.fold.known]
        if behind:
            await teach(
                behind[:LESSONS_AT_ONCE],
                epochs=[epoch],
                history=self._history,
                learning=self._learning,
            )

    def _forget(self, now: float) -> None:
        gone = self._watchlist.leave(now=now)
        left = self._watchlist.names() if gone else ()
        for workload in gone:
            key = workload.key
            self.board.remove(key)
            self._listener.forgotten(workload, alone=(key.namespace, key.name) not in left)
            log.info("workload_forgotten", workload=str(workload.key))
