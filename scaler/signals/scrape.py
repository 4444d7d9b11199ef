"""History by direct scrape: pages of the replicas themselves, remembered in this process.

For one scaler without a Prometheus. Reading the newest tick scrapes; older ticks come from memory,
and what nobody watched is a gap that says so.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import attrs

from scaler.config.workload import Workload
from scaler.errors import SignalError, SignalUnavailable
from scaler.policy.model import Gap, Readings, Reason, Sample, Signal
from scaler.signals.catalog.gateways import HELD
from scaler.signals.catalog.metric import Names, Rate
from scaler.signals.evaluate import evaluate, held, names_for
from scaler.signals.exposition import Page, read_page_in_turns
from scaler.signals.memory import Memory, nothing
from scaler.signals.pages import Pages
from scaler.signals.quantity import Fact, Quantity, Track, is_meant, windows, wish
from scaler.signals.readings import assemble
from scaler.signals.targets import Missing, Outcome, Targets

_MOST_WORKLOADS = 1000
_ONE_PAGE = Gap(reason=Reason.NO_HISTORY, detail="one page is no rate")


@attrs.define(kw_only=True)
class _Lookout:
    """What is kept about one workload between two scrapes."""

    memory: Memory = attrs.field(factory=Memory)
    pages: Pages = attrs.field(factory=Pages)
    gateways: Pages = attrs.field(factory=Pages)
    replicas: set[str] = attrs.field(factory=set)
    """Endpoints that have exposed the engine's metrics."""
    exporters: set[str] = attrs.field(factory=set)
    """Endpoints that answered without ever having exposed them."""
    turn: asyncio.Lock = attrs.field(factory=asyncio.Lock)

    def there(self, outcomes: Mapping[str, Outcome], *, probe: Names) -> int:
        """How many of the endpoints are replicas that are there, reporting or not."""
        answered = {url for url, outcome in outcomes.items() if isinstance(outcome, bytes)}
        self.replicas |= {line.endpoint for name in probe for line in self.pages.instant(name)}
        self.exporters = (self.exporters | answered) - self.replicas
        silent = {url for url, outcome in outcomes.items() if outcome is Missing.SILENT}
        return len((answered & self.replicas) | (silent - self.exporters))


class ScrapeHistory:
    """Readings of ticks that it scraped itself. Implements the runtime's `History`."""

    def __init__(self, targets: Targets, *, clock: Callable[[], float]) -> None:
        self._targets = targets
        self._clock = clock
        self._lookouts: dict[Workload, _Lookout] = {}

    async def close(self) -> None:
        """Close the connections."""
        await self._targets.close()

    async def read(
        self, workloads: Sequence[Workload], ticks: range
    ) -> Mapping[Workload, Sequence[Readings]]:
        """Readings of every workload at every tick; scrapes if the last tick is now.

        A workload of whose endpoints none gave a page or refused is left out.

        Raises:
            SignalError: no workload's endpoints answered.
        """
        answers = await asyncio.gather(*(self._one(workload, ticks) for workload in workloads))
        found = {
            workload: answer
            for workload, answer in zip(workloads, answers, strict=True)
            if not isinstance(answer, SignalError)
        }
        for answer in answers:
            if isinstance(answer, SignalError) and not found:
                raise answer
        return found

    async def _one(self, workload: Workload, ticks: range) -> list[Readings] | SignalError:
        lookout = self._lookout(workload)
        signals = _signals(workload)
        fresh_for = workload.spec.stale_after
        async with lookout.turn:
            if self._is_due(lookout.memory.newest, ticks[-1], step=workload.spec.step):
                try:
                    lookout.memory.keep(await self._scraped(workload, lookout, at=ticks[-1]))
                except SignalError as failure:
                    return failure
        return [
            lookout.memory.at(tick, fresh_for=fresh_for) or nothing(tick, signals) for tick in ticks
        ]

    def _lookout(self, workload: Workload) -> _Lookout:
        """What is kept about `workload`; that which was asked for longest ago makes room."""
        lookout = self._lookouts.pop(workload, None) or _Lookout()
        self._lookouts[workload] = lookout
        if len(self._lookouts) > _MOST_WORKLOADS:
            del self._lookouts[next(iter(self._lookouts))]
        return lookout

    def _is_due(self, newest: int | None, tick: int, *, step: int) -> bool:
        """Whether what is seen now may stand for `tick`."""
        return (newest is None or newest < tick) and abs(self._clock() - tick) <= step

    async def _scraped(self, workload: Workload, lookout: _Lookout, *, at: int) -> Readings:
        watch, looks_back = workload.watch, windows(workload.spec.step)
        now = self._clock()
        outcomes = await self._targets.scrape((*watch.endpoints, *watch.activation_endpoints))
        mine = {url: outcomes[url] for url in watch.endpoints}
        _demand_an_answer(workload, mine)
        lookout.pages.turn(
            await _parsed(mine, names_for(workload)), now=now, keep=looks_back.latency
        )
        gateways = {url: outcomes[url] for url in watch.activation_endpoints}
        lookout.gateways.turn(await _parsed(gateways, HELD), now=now, keep=looks_back.rate)
        answer: dict[Quantity, list[Track]] = {}
        for quantity, model, value in evaluate(workload, lookout.pages, at=at, windows=looks_back):
            track = Track(values={at: value}, model=model)
            if is_meant(workload, track):
                answer.setdefault(quantity, []).append(track)
        waiting = held(lookout.gateways)
        if waiting is not None:
            answer[Signal.ACTIVATION] = [Track(values={at: waiting})]
        readings = assemble(answer, workload=workload, at=at, windows=looks_back)
        there = lookout.there(mine, probe=wish(watch, workload.spec).row.probe)
        if Fact.WANTED not in answer and _replicas_report(workload):
            count = Sample(value=float(there), at=at)
            readings = attrs.evolve(readings, wanted=count, ready=count)
        return readings if lookout.pages.deep else _without_rates(readings, workload)


def _signals(workload: Workload) -> frozenset[Signal]:
    """Every signal that `workload` is watched for."""
    readings = assemble({}, workload=workload, at=0, windows=windows(workload.spec.step))
    return frozenset(readings.signals)


def _replicas_report(workload: Workload) -> bool:
    row = wish(workload.watch, workload.spec).row
    return row.own_pods and bool(row.probe)


def _demand_an_answer(workload: Workload, outcomes: Mapping[str, Outcome]) -> None:
    """A page is an answer, and so is a refusal: nobody is there."""
    if not any(each is Missing.REFUSED or isinstance(each, bytes) for each in outcomes.values()):
        msg = f"{workload.key}: none of {len(outcomes)} endpoints answered"
        raise SignalUnavailable(msg)


async def _parsed(outcomes: Mapping[str, Outcome], names: frozenset[str]) -> dict[str, Page]:
    return {
        url: await read_page_in_turns(outcome, names=names)
        for url, outcome in outcomes.items()
        if isinstance(outcome, bytes)
    }


def _without_rates(readings: Readings, workload: Workload) -> Readings:
    """`readings` of the first page, which cannot have rates."""
    wanted = wish(workload.watch, workload.spec)
    rates = {signal for signal, metric in wanted.metrics if isinstance(metric, Rate)}
    if wanted.latency is not None:
        rates.add(Signal.LATENCY)
    return attrs.evolve(readings, signals={**readings.signals, **dict.fromkeys(rates, _ONE_PAGE)})
