"""History in a Prometheus, or in what answers like one (Thanos, Mimir, VictoriaMetrics)."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence

import attrs
import structlog

from scaler.config.sources import PrometheusSource
from scaler.config.workload import Workload
from scaler.errors import (
    ConfigError,
    ForescaleError,
    SignalError,
    SignalMalformed,
    SignalTimeout,
    SignalUnavailable,
)
from scaler.policy.model import Gap, Readings, Reason
from scaler.signals.catalog import ROWS
from scaler.signals.client import Client
from scaler.signals.histories import Answer
from scaler.signals.matchers import parse
from scaler.signals.meter import Meter
from scaler.signals.pace import Pace
from scaler.signals.plan import Question, own_key, questions
from scaler.signals.quantity import Quantity, Track, Windows, is_meant, windows
from scaler.signals.readings import assemble, silenced
from scaler.signals.reply import Series
from scaler.signals.starts import starts

_LOG = structlog.get_logger()
_CONCURRENCY = 8
_MAX_POINTS = 10_000
"""Prometheus refuses more than 11,000 per series."""
_MAX_CELLS = 20_000
"""Values in one answer: decoded in about 10 ms, during which nobody else is served."""
_AT_ONCE = 50
"""Readings put together before others get their turn."""
_MOST_SKEW = 10.0
"""Seconds that the source's clock may differ from ours."""
_REFUSED_FOR = 300.0
"""Seconds until a query that the source refused is tried again."""
_MOST_REFUSED = 1000

_Found = dict[Workload, dict[Quantity, list[Track]]]


@attrs.frozen(kw_only=True)
class _Share:
    """Workloads and ticks that are looked at through the same windows."""

    members: Sequence[Workload]
    ticks: range
    windows: Windows


class PrometheusHistory:
    """Readings of any ticks, from one source. Implements the runtime's `History`.

    `clock` is ours, to be held against the source's; without one the two are taken to agree.

    Raises:
        ConfigError: the matchers that the source forces cannot be read.
    """

    def __init__(
        self,
        name: str,
        source: PrometheusSource,
        *,
        meter: Meter,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._name = name
        self._source = source
        self._client = Client(name, source, meter=meter, clock=clock)
        self._slots = asyncio.Semaphore(_CONCURRENCY)
        self._pace = Pace(self._client.query, forced=parse(source.matchers))
        self._refused: dict[str, tuple[float, SignalError]] = {}
        self._told: frozenset[str] = frozenset()
        self._answered = 0.0

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def read(self, workloads: Sequence[Workload], ticks: range) -> Mapping[Workload, Answer]:
        """Readings of every workload at every tick, in the order of `ticks`.

        A workload has an error in their place when one of the queries about it failed, when its
        matchers cannot be read, or when this source does not allow its namespace.

        Raises:
            SignalError: not one query was answered.
        """
        failed: dict[Workload, ForescaleError] = {}
        began = asyncio.get_running_loop().time()
        shares = await self._shares(self._known(workloads, failed), ticks)
        parts = [
            (question, part)
            for share in shares
            for question in questions(share.members, source=self._source, windows=share.windows)
            for part in _parts(question, share.ticks)
        ]
        answers = await asyncio.gather(
            *(self._ask(question, part, since=began) for question, part in parts)
        )
        if answers and all(isinstance(answer, SignalError) for answer in answers):
            raise next(answer for answer in answers if isinstance(answer, SignalError))
        found: _Found = {member: {} for share in shares for member in share.members}
        for (question, _), answer in zip(parts, answers, strict=True):
            if isinstance(answer, SignalError):
                failed.update(dict.fromkeys(question.members, answer))
            else:
                _sort(question, answer, found)
        self._tell(failed)
        return {**await self._assembled(shares, found), **failed}

    async def lead_times(self, workloads: Sequence[Workload], *, at: int) -> Mapping[Workload, int]:
        """How long nine in ten replicas took to start up to `at`, in seconds, as far as it is said.

        Raises:
            SignalError: a query was not answered.
        """
        known = self._known(workloads, {})
        return await starts(known, source=self._source, query=self._client.query, at=at)

    def _known(
        self, workloads: Sequence[Workload], failed: dict[Workload, ForescaleError]
    ) -> Sequence[Workload]:
        """Those that can be asked for here; the others' reasons go to `failed`."""
        for each in workloads:
            namespace = each.watch.namespace
            if not self._source.allows(namespace):
                failed[each] = SignalUnavailable(f"{self._name}: not for namespace {namespace}")
                continue
            try:
                parse(each.watch.matchers)
            except ConfigError as failure:
                failed[each] = failure
        return [each for each in workloads if each not in failed]

    async def _shares(self, workloads: Sequence[Workload], ticks: range) -> Sequence[_Share]:
        """Cut where the samples' interval changes, between engines and in time.

        Raises:
            SignalError: the source gave no answer.
        """
        engines: dict[str, list[Workload]] = {}
        for each in workloads:
            engines.setdefault(each.watch.engine, []).append(each)
        shares = []
        for engine, members in engines.items():
            for span, interval in await self._spans(engine, ticks):
                shares.append(_Share(members=members, ticks=span, windows=windows(interval)))
        return shares

    async def _spans(self, engine: str, ticks: range) -> Sequence[tuple[range, int]]:
        if self._source.scrape_interval is not None:
            return [(ticks, self._source.scrape_interval)]
        return await self._pace.spans(ROWS[engine], ticks)

    def _tell(self, failed: Mapping[Workload, ForescaleError]) -> None:
        """Log what has no readings, when it changes."""
        problems = {str(failure): workload for workload, failure in failed.items()}
        for problem, workload in problems.items():
            if problem not in self._told:
                source, example = self._name, str(workload.key)
                _LOG.warning("workloads_left_out", source=source, example=example, problem=problem)
        self._told = frozenset(problems)

    async def _ask(
        self, question: Question, ticks: range, *, since: float
    ) -> list[Series] | SignalError:
        """The answer, or why there is none; none is waited for once the source has gone silent.

        It has where nobody had an answer `since` then: whoever waits behind others only waits.
        """
        clock = asyncio.get_running_loop().time
        async with self._slots:
            until, refusal = self._refused.get(question.text, (0.0, None))
            if refusal is not None and clock() < until:
                return refusal
            if clock() - max(since, self._answered) >= self._source.timeout:
                return SignalTimeout(f"{self._name}: not asked, it has stopped answering")
            try:
                series = await self._client.query(question.text, ticks)
            except SignalMalformed as failure:
                return self._refusal(question, failure) if question.own else failure
            except SignalError as failure:
                return failure
            self._answered = clock()
            return series

    def _refusal(self, question: Question, failure: SignalMalformed) -> SignalError:
        """`failure` in the words of the query's owner; the query is not tried again for a while."""
        refusal = SignalMalformed(f"{own_key(question.quantity)}: {failure}")
        if len(self._refused) >= _MOST_REFUSED:
            self._refused.clear()
        until = asyncio.get_running_loop().time() + _REFUSED_FOR
        self._refused[question.text] = until, refusal
        return refusal

    async def _assembled(
        self, shares: Sequence[_Share], found: _Found
    ) -> Mapping[Workload, Sequence[Readings]]:
        readings: dict[Workload, list[Readings]] = {member: [] for member in found}
        gap = self._skewed()
        done = 0
        for share in shares:
            for workload in share.members:
                for at in share.ticks:
                    one = assemble(found[workload], workload=workload, at=at, windows=share.windows)
                    readings[workload].append(silenced(one, gap) if gap else one)
                done += len(share.ticks)
                if done >= _AT_ONCE:
                    await asyncio.sleep(0)
                    done = 0
        return readings

    def _skewed(self) -> Gap | None:
        """Why no time that this source tells can be believed, if so."""
        skew = self._client.skew
        if abs(skew) <= _MOST_SKEW:
            return None
        return Gap(reason=Reason.STALE, detail=f"the source's clock is {skew:+g} s from ours")


def _parts(question: Question, ticks: range) -> Iterator[range]:
    """`ticks` in pieces whose answers stay small."""
    size = min(_MAX_POINTS, max(1, _MAX_CELLS // len(question.members)))
    for start in range(0, len(ticks), size):
        yield ticks[start : start + size]


def _sort(question: Question, answer: Sequence[Series], found: _Found) -> None:
    """Put every series of `answer` where it belongs."""
    owners = question.owners()
    for series in answer:
        track = question.track(series.labels, series.values)
        for member in owners.get(question.about(series.labels), ()):
            if member in found and (question.own or is_meant(member, track)):
                found[member].setdefault(question.quantity, []).append(track)
