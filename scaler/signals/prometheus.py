"""History in a Prometheus, or in what answers like one (Thanos, Mimir, VictoriaMetrics)."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence

import attrs
import structlog

from scaler.config.sources import PrometheusSource
from scaler.config.workload import Workload
from scaler.errors import ConfigError, ForescaleError, SignalError, SignalTimeout
from scaler.policy.model import Readings
from scaler.signals.client import Client
from scaler.signals.matchers import parse
from scaler.signals.meter import Meter
from scaler.signals.plan import Question, questions
from scaler.signals.quantity import Quantity, Track, is_meant, windows
from scaler.signals.readings import assemble
from scaler.signals.reply import Series

_LOG = structlog.get_logger()
_CONCURRENCY = 8
_MAX_POINTS = 10_000
"""Prometheus refuses more than 11,000 per series."""
_MAX_CELLS = 20_000
"""Values in one answer: decoded in about 10 ms, during which nobody else is served."""
_AT_ONCE = 50
"""Readings put together before others get their turn."""

_Found = dict[Workload, dict[Quantity, list[Track]]]


@attrs.define
class _Pulse:
    """Tells a source that is slow from one that hangs: when it last answered."""

    last: float

    def silent(self, now: float, *, limit: float) -> bool:
        return now - self.last >= limit


class PrometheusHistory:
    """Readings of any ticks, from one source. Implements the runtime's `History`.

    Raises:
        ConfigError: the matchers that the source forces cannot be read.
    """

    def __init__(self, name: str, source: PrometheusSource, *, meter: Meter) -> None:
        self._name = name
        self._source = source
        self._client = Client(name, source, meter=meter)
        self._slots = asyncio.Semaphore(_CONCURRENCY)
        self._windows = windows(source.scrape_interval)
        self._told: frozenset[str] = frozenset()
        parse(source.matchers)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def read(
        self, workloads: Sequence[Workload], ticks: range
    ) -> Mapping[Workload, Sequence[Readings]]:
        """Readings of every workload at every tick, in the order of `ticks`.

        A workload is left out when one of the queries about it failed, when its matchers cannot be
        read, or when this source does not allow its namespace.

        Raises:
            SignalError: not one query was answered.
        """
        asked = list(self._planned(workloads))
        pulse = _Pulse(asyncio.get_running_loop().time())
        parts = [(question, part) for question in asked for part in _parts(question, ticks)]
        answers = await asyncio.gather(
            *(self._ask(question, part, pulse) for question, part in parts)
        )
        failed = {
            member: answer
            for (question, _), answer in zip(parts, answers, strict=True)
            if isinstance(answer, SignalError)
            for member in question.members
        }
        if answers and all(isinstance(answer, SignalError) for answer in answers):
            raise next(iter(failed.values()))
        self._tell(failed)
        found: _Found = {
            member: {} for question in asked for member in question.members if member not in failed
        }
        for (question, _), answer in zip(parts, answers, strict=True):
            if not isinstance(answer, SignalError):
                _sort(question, answer, found)
        return await self._assembled(found, ticks)

    def _planned(self, workloads: Sequence[Workload]) -> Iterator[Question]:
        allowed = [each for each in workloads if self._source.allows(each.watch.namespace)]
        try:
            yield from questions(allowed, source=self._source)
        except ConfigError:
            # One bad matcher must not cost the others their readings.
            for each in allowed:
                yield from self._planned_alone(each)

    def _planned_alone(self, workload: Workload) -> Iterator[Question]:
        try:
            yield from questions([workload], source=self._source)
        except ConfigError as failure:
            self._tell({workload: failure})

    def _tell(self, failed: Mapping[Workload, ForescaleError]) -> None:
        """Log what is left out, when it changes: the answer itself has no place for reasons."""
        problems = {str(failure): workload for workload, failure in failed.items()}
        for problem, workload in problems.items():
            if problem not in self._told:
                source, example = self._name, str(workload.key)
                _LOG.warning("workloads_left_out", source=source, example=example, problem=problem)
        self._told = frozenset(problems)

    async def _ask(
        self, question: Question, ticks: range, pulse: _Pulse
    ) -> list[Series] | SignalError:
        """The answer, or why there is none; none is waited for once the source has gone silent."""
        clock = asyncio.get_running_loop().time
        async with self._slots:
            if pulse.silent(clock(), limit=self._source.timeout):
                return SignalTimeout(f"{self._name}: not asked, it has stopped answering")
            try:
                series = await self._client.query(question.text, ticks)
            except SignalError as failure:
                return failure
            pulse.last = clock()
            return series

    async def _assembled(
        self, found: _Found, ticks: range
    ) -> Mapping[Workload, Sequence[Readings]]:
        readings: dict[Workload, list[Readings]] = {}
        done = 0
        for workload, answer in found.items():
            readings[workload] = [
                assemble(answer, workload=workload, at=at, windows=self._windows) for at in ticks
            ]
            done += len(ticks)
            if done >= _AT_ONCE:
                await asyncio.sleep(0)
                done = 0
        return readings


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
