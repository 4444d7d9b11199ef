"""One workload watched by scraping: its recent pages, and readings made of them."""

from collections.abc import Iterable, Mapping, Sequence

import attrs
from yarl import URL

from scaler.config.workload import Workload
from scaler.errors import SignalUnavailable
from scaler.policy.model import Gap, Reading, Readings, Reason, Sample, Signal
from scaler.policy.spec import Vote
from scaler.signals.catalog.gateways import HELD
from scaler.signals.catalog.metric import Names, Rate
from scaler.signals.evaluate import evaluate, held, names_for
from scaler.signals.exposition import Page, read_page_in_turns
from scaler.signals.pages import Pages
from scaler.signals.quantity import Fact, Quantity, Track, Windows, is_meant, windows, wish
from scaler.signals.readings import assemble
from scaler.signals.targets import Missing, Outcome, Silence, Targets

Outcomes = Mapping[str, Outcome]
_ONE_PAGE = Gap(reason=Reason.NO_HISTORY, detail="one page is no rate")
_OF_GATEWAYS = (Signal.ACTIVATION,)


class Lookout:
    """What is known of one workload between two scrapes.

    It looks for every signal that the workload could be decided by, so that what it finds depends
    on what is watched alone. Where no endpoints are named, it looks at the gateways.
    """

    def __init__(self, workload: Workload) -> None:
        self._workload = _widest(workload)
        self._windows = windows(workload.spec.step)
        self._pages = Pages()
        self._gateways = Pages()
        self._replicas: set[str] = set()
        """Endpoints that have exposed the engine's metrics."""
        self._exporters: set[str] = set()
        """Endpoints that answered without ever having exposed them."""

    async def look(self, targets: Targets, *, now: float, at: int) -> Readings:
        """Readings of the tick `at`, by what is seen `now`.

        Raises:
            SignalUnavailable: nothing can be said by what was seen.
        """
        watch = self._workload.watch
        found = await targets.scrape((*watch.endpoints, *watch.activation_endpoints))
        gateways = _of(found, watch.activation_endpoints)
        self._gateways.turn(await _parsed(gateways, HELD), now=now, keep=self._windows.rate)
        if not watch.endpoints:
            _demand_a_page(self._workload, gateways)
            return self._assembled({}, at=at)
        outcomes = _of(found, watch.endpoints)
        _demand_an_answer(self._workload, outcomes)
        names = names_for(self._workload)
        self._pages.turn(await _parsed(outcomes, names), now=now, keep=self._windows.latency)
        readings = self._counted(self._evaluated(at), outcomes, at=at)
        if watch.activation_endpoints and not any(map(_is_page, gateways.values())):
            detail = _troubles(gateways)
            unseen = {Signal.ACTIVATION: Gap(reason=Reason.STALE, detail=detail)}
            readings = attrs.evolve(readings, signals={**readings.signals, **unseen})
        return readings

    def _evaluated(self, at: int) -> dict[Quantity, list[Track]]:
        answer: dict[Quantity, list[Track]] = {}
        workload = self._workload
        for quantity, track in evaluate(workload, self._pages, at=at, windows=self._windows):
            if is_meant(workload, track):
                answer.setdefault(quantity, []).append(track)
        return answer

    def _assembled(self, answer: Mapping[Quantity, list[Track]], *, at: int) -> Readings:
        answer = dict(answer)
        waiting = held(self._gateways)
        if waiting is not None:
            answer[Signal.ACTIVATION] = [Track(values={at: waiting})]
        return assemble(answer, workload=self._workload, at=at, windows=self._windows)

    def _counted(
        self, answer: Mapping[Quantity, list[Track]], outcomes: Outcomes, *, at: int
    ) -> Readings:
        """Where the cluster says nothing, the replicas that are there are those asked for.

        That nobody is there says how many are wanted only of a workload that is meant to sleep:
        a fleet that crashed looks the same.
        """
        workload = self._workload
        readings = self._assembled(answer, at=at)
        row = wish(workload.watch, workload.spec).row
        there = self._there(outcomes, probe=row.probe)
        if Fact.WANTED not in answer and row.own_pods and row.probe:
            count: Reading = Gap(reason=Reason.ABSENT, detail=_nobody(outcomes, workload))
            if there or workload.watch.sleeps:
                count = Sample(value=float(there), at=at)
            readings = attrs.evolve(readings, wanted=count, ready=count)
        return readings if self._pages.deep else _without_rates(readings, workload)

    def _there(self, outcomes: Outcomes, *, probe: Names) -> int:
        """How many of the endpoints are replicas that are there, reporting or not."""
        answered = {each for each, outcome in outcomes.items() if _is_page(outcome)}
        seen = {line.endpoint for name in probe for line in self._pages.instant(name)}
        # Addresses come and go with their pods.
        self._replicas = (self._replicas & outcomes.keys()) | seen
        self._exporters = ((self._exporters & outcomes.keys()) | answered) - self._replicas
        silent = {each for each, outcome in outcomes.items() if isinstance(outcome, Silence)}
        return len((answered & self._replicas) | (silent - self._exporters))


def signals_of(workload: Workload) -> Sequence[Signal]:
    """Every signal that a scrape is to find for `workload`, always in one order."""
    if not workload.watch.endpoints:
        return _OF_GATEWAYS
    return tuple(_empty(workload, windows(workload.spec.step)).signals)


def _empty(workload: Workload, looks_back: Windows) -> Readings:
    return assemble({}, workload=workload, at=0, windows=looks_back)


def _widest(workload: Workload) -> Workload:
    """`workload` with every vote: a vote may be given later, and history is for then."""
    spec = workload.spec
    if spec.latency is Vote.OFF:
        spec = attrs.evolve(spec, latency=Vote.CONFIRM)
    if spec.utilization is Vote.OFF:
        spec = attrs.evolve(spec, utilization=Vote.CONFIRM)
    return attrs.evolve(workload, spec=spec)


def _of(found: Mapping[str, Outcomes], urls: Iterable[str]) -> Outcomes:
    return {each: outcome for url in urls for each, outcome in found[url].items()}


def _is_page(outcome: Outcome) -> bool:
    return isinstance(outcome, bytes)


def _demand_a_page(workload: Workload, outcomes: Outcomes) -> None:
    if not any(map(_is_page, outcomes.values())):
        raise SignalUnavailable(f"{workload.key}: {_troubles(outcomes)}")


def _demand_an_answer(workload: Workload, outcomes: Outcomes) -> None:
    """A page is an answer, and so is a refusal: nobody is there.

    So is a name without addresses where a workload sleeps; else it is a mistake. Where a name may
    have any number of addresses, no total can be told.
    """
    told = {outcome for outcome in outcomes.values() if isinstance(outcome, Missing)}
    nobody = {Missing.REFUSED, *({Missing.UNRESOLVED} if workload.watch.sleeps else ())}
    answered = any(map(_is_page, outcomes.values())) or told & nobody
    if Missing.UNKNOWN in told or not answered:
        raise SignalUnavailable(f"{workload.key}: {_troubles(outcomes)}")


def _nobody(outcomes: Outcomes, workload: Workload) -> str:
    """Why no endpoint counts as a replica."""
    pages = sum(map(_is_page, outcomes.values()))
    if not pages:
        return _troubles(outcomes)
    engine = workload.watch.engine
    return (
        f"{pages} of {len(outcomes)} endpoints answered, without a metric of {engine}: "
        "is engine right, and is this its /metrics?"
    )


def _troubles(outcomes: Outcomes) -> str:
    """What is wrong, by the first endpoint that is."""
    total = f"none of {len(outcomes)} endpoints gave a page"
    for each, outcome in outcomes.items():
        if isinstance(outcome, Missing | Silence):
            return f"{total}: {_trouble(URL(each.partition(' ')[0]), outcome)}"
    return total


def _trouble(url: URL, outcome: Missing | Silence) -> str:
    """What is wrong with an endpoint; no more of its address than is no secret."""
    if isinstance(outcome, Missing):
        return f"{url.host}:{url.port} {outcome.value}"
    return f"{url.with_user(None).with_query(None).with_fragment(None)} {outcome.why}"


async def _parsed(outcomes: Outcomes, names: frozenset[str]) -> dict[str, Page]:
    return {
        each: await read_page_in_turns(outcome, names=names)
        for each, outcome in outcomes.items()
        if isinstance(outcome, bytes)
    }


def _without_rates(readings: Readings, workload: Workload) -> Readings:
    """`readings` of the first page, which cannot have rates."""
    wanted = wish(workload.watch, workload.spec)
    rates = {signal for signal, metric in wanted.metrics if isinstance(metric, Rate)}
    if wanted.latency is not None:
        rates.add(Signal.LATENCY)
    return attrs.evolve(readings, signals={**readings.signals, **dict.fromkeys(rates, _ONE_PAGE)})
