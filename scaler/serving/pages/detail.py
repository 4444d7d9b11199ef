"""One workload laid out: why this number, from what was read to what was served."""

from collections.abc import Iterator, Mapping, Sequence

import attrs

from scaler.config.structure import camel
from scaler.policy.model import (
    BENIGN,
    Capacity,
    Decision,
    Foreseen,
    Gap,
    Reading,
    Reason,
    Recommendation,
    Sample,
)
from scaler.policy.occasion import Occasion
from scaler.runtime.board import Published
from scaler.serving.formula import by_hand, names
from scaler.serving.pages.chart import Chart, draw, span
from scaler.serving.pages.overview import Assessed, assess
from scaler.serving.pages.subject import Subject
from scaler.serving.pages.trails import Trail
from scaler.serving.pages.wording import (
    age,
    ago,
    duration,
    meaning,
    number,
    plural,
    quantity,
    setting,
    when,
)
from scaler.serving.served import Answer

ANSWERS = 25
"""Changes of what was served that the page lists."""

_OCCASIONS = 3
"""Declared events that the page names, the next ones."""

_FLEET = ("wanted", "ready", "stuck", "reporting")


@attrs.frozen(kw_only=True)
class Bar:
    """One recommendation; `share` is its length in percent of the longest.

    `worked` is the formula with its numbers, `beside` the numbers that are in no formula.
    """

    recommendation: Recommendation
    share: float
    wins: bool
    worked: str
    beside: Mapping[str, str]


@attrs.frozen(kw_only=True)
class Line:
    """One reading. `loud` is a gap that somebody should look at, `quiet` one that nobody need."""

    name: str
    text: str
    about: str
    age: str = ""
    loud: bool = False
    quiet: bool = False


@attrs.frozen(kw_only=True)
class Detail:
    """Everything on the page of one workload; `published` is None before its first decision.

    `unread` is why what was served cannot be told.
    """

    assessed: Assessed
    chart: Chart
    answers: Sequence[Answer] = ()
    unread: str = ""
    published: Published | None
    bars: Sequence[Bar] = ()
    wish: str = ""
    readings: Sequence[Line] = ()
    knowledge: Mapping[str, str] = attrs.field(factory=dict)
    spec: Mapping[str, str] = attrs.field(factory=dict)


def detail(subject: Subject, *, trail: Trail) -> Detail:
    """Lay out what stands for a workload."""
    seconds = span(trail.start, now=subject.now)
    bare = Detail(
        assessed=assess(subject),
        chart=draw(trail.runs(), now=subject.now, seconds=seconds),
        published=subject.published,
        spec=_spec(subject),
    )
    if subject.published is None:
        return bare
    return attrs.evolve(
        bare,
        bars=_bars(subject.published.decision),
        wish=_wish(subject.published.decision),
        readings=list(_readings(subject.published, now=subject.now)),
        knowledge=dict(_knowledge(subject.published)),
    )


def serving(shown: Detail, answers: Sequence[Answer]) -> Detail:
    """The page with what was served; `answers` come oldest first."""
    return attrs.evolve(shown, answers=list(reversed(answers))[:ANSWERS])


def _bars(decision: Decision) -> Sequence[Bar]:
    asked = [r.replicas for r in decision.recommendations if r.replicas is not None]
    longest = max([*asked, decision.target or 0, 1])
    return [
        Bar(
            recommendation=each,
            share=round((each.replicas or 0) / longest * 100, 1),
            wins=each.signal == decision.winner,
            worked=by_hand(each.formula, each.terms),
            beside={k: number(v) for k, v in each.terms.items() if k not in names(each.formula)},
        )
        for each in decision.recommendations
    ]


def _wish(decision: Decision) -> str:
    """Where the chain begins: what the winner asks for."""
    for each in decision.recommendations:
        if each.signal == decision.winner and each.replicas is not None:
            return number(each.replicas)
    first = next((limit.before for limit in decision.limits), decision.target)
    return "nothing" if first is None else number(first)


def _readings(published: Published, *, now: int) -> Iterator[Line]:
    readings = published.readings
    for name in _FLEET:
        yield _reading(name, getattr(readings, name), now=now)
    for signal, reading in readings.signals.items():
        yield _reading(signal.value, reading, now=now)


def _reading(name: str, reading: Reading, *, now: int) -> Line:
    match reading:
        case Sample():
            text, old = quantity(name, reading.value), age(now - reading.at)
            return Line(name=name, text=text, about=meaning(name), age=old)
        case Gap():
            quiet = reading.reason in {*BENIGN, Reason.ABSENT}
            return Line(
                name=name,
                text=reading.reason.value.replace("_", " "),
                about=reading.detail,
                loud=not quiet,
                quiet=quiet,
            )


def _knowledge(published: Published) -> Iterator[tuple[str, str]]:
    knowledge, unit = published.knowledge, published.workload.spec.unit.value
    capacity = knowledge.capacity
    if capacity is None:
        yield "capacity of a replica", "not known yet"
    else:
        least = "at least " if capacity.lower_bound else ""
        origin = _origin(capacity, given=published.workload.spec.prior)
        yield "capacity of a replica", f"{least}{number(capacity.value)} {unit}/s, {origin}"
    if knowledge.tokens_per_request is not None:
        yield "a request", f"{number(knowledge.tokens_per_request)} tokens"
    yield "lead time", duration(knowledge.lead_time)
    outlook = knowledge.outlook
    text = "none" if outlook is None else f"{number(outlook)} {unit}/s within the lead time"
    yield "forecast", text
    if knowledge.forecast is not None:
        yield "how it is believed", _belief(knowledge.forecast)
    if knowledge.declared:
        yield "declared", "; ".join(map(_occasion, knowledge.declared[:_OCCASIONS]))
    yield "learned up to", ago(published.decision.at - knowledge.at)


def _belief(forecast: Foreseen) -> str:
    """Its standing, its skill, and what it was made of."""
    parts = [forecast.belief.value.replace("_", " ")]
    if forecast.skill is not None:
        parts.append(f"skill {number(forecast.skill)} over the present")
    if forecast.coverage is not None:
        parts.append(f"{forecast.coverage:.0%} of the bounds held")
    names = ", ".join(name for name, _ in forecast.chosen)
    return "; ".join([*parts, *([f"by {names}"] if names else []), *filter(None, [forecast.note])])


def _occasion(occasion: Occasion) -> str:
    return f"{occasion.name}, {when(occasion.start)} to {when(occasion.end)}"


def _origin(capacity: Capacity, *, given: float | None) -> str:
    """Where a capacity comes from."""
    if capacity.samples:
        return f"from {plural(capacity.samples, 'sample')}"
    return "as given" if capacity.value == given else "the most that one bore so far"


def _spec(subject: Subject) -> Mapping[str, str]:
    """The policy under the names and in the form that its owner writes."""
    spec = subject.workload.spec
    fields = attrs.asdict(spec, recurse=False)
    shown = {camel(name): setting(name, value) for name, value in fields.items()}
    # Inside, some settings go by the policy's words.
    owners = {
        "step": "evaluationInterval",
        "prior": f"{spec.unit.value}PerReplica",
        "objective": "latencyTarget",
        "fixedCapacity": "capacity",
    }
    shown["fixedCapacity"] = "fixed" if spec.fixed_capacity else "learn"
    return {owners.get(name, name): text for name, text in shown.items()}
