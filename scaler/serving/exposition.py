"""`/metrics` in pieces: what was published, written as series when somebody asks.

Rendering 200,000 series in one go stops the event loop for seconds, so the page is an iterator of
pieces that each take some tenths of a millisecond.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

import attrs

from scaler.policy.model import Gap, Sample, value_of
from scaler.policy.recommendations.event import strengths
from scaler.policy.spec import Unit, Vote
from scaler.runtime.board import Published
from scaler.telemetry import (
    CAPACITY_REQUESTS,
    CAPACITY_TOKENS,
    DECISIONS,
    DECLARED_EVENT,
    FORECAST_BELIEF,
    FORECAST_COVERAGE,
    FORECAST_DEMAND,
    FORECAST_SKILL,
    FORECAST_WEIGHT,
    LAST_POLL,
    LEAD_TIME,
    LIMITED,
    OBJECTIVE,
    READY,
    RECOMMENDATION,
    REPORTING,
    SIGNAL_AGE,
    SIGNAL_GAP,
    SIGNAL_VALUE,
    STUCK,
    TARGET,
    UNMET,
    WANTED,
    Metric,
    Telemetry,
)

Labels = Mapping[str, str]
Series = Iterator[tuple[Labels, float]]
PIECE = 50
"""Workloads in one piece."""

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


@attrs.frozen(kw_only=True)
class Moment:
    """When the page is asked for, and by whom the counters are kept."""

    telemetry: Telemetry
    now: int


def pieces(published: Iterable[Published], *, telemetry: Telemetry, now: int) -> Iterator[str]:
    """The whole page, piece by piece; `published` is what stands at `now`, one a ScaledObject."""
    yield telemetry.page()
    shown = []
    for each in published:
        shown.append(each)
        if len(shown) % PIECE == 0:
            # To find them takes its time, too.
            yield ""
    moment = Moment(telemetry=telemetry, now=now)
    for metric in SERIES:
        yield metric.header
        for first in range(0, len(shown), PIECE):
            some = shown[first : first + PIECE]
            yield "".join(line for each in some for line in _lines(metric, each, moment))


def _lines(metric: Metric, published: Published, moment: Moment) -> Iterator[str]:
    key = published.workload.key
    owner = f'namespace="{_escaped(key.namespace)}",scaledobject="{_escaped(key.name)}"'
    for labels, value in SERIES[metric](published, moment):
        added = "".join(f',{name}="{_escaped(text)}"' for name, text in labels.items())
        yield f"{metric.name}{{{owner}{added}}} {value!r}\n"


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def _target(published: Published, moment: Moment) -> Series:
    # An old target is no target: nothing is served from it either.
    return _known(published.target(moment.now))


def _recommendations(published: Published, moment: Moment) -> Series:
    for recommendation in published.decision.recommendations:
        if recommendation.replicas is not None:
            yield {"signal": recommendation.signal}, recommendation.replicas


def _values(published: Published, moment: Moment) -> Series:
    for signal, reading in published.readings.signals.items():
        if isinstance(reading, Sample):
            yield {"signal": signal.value}, reading.value


def _ages(published: Published, moment: Moment) -> Series:
    for signal, reading in published.readings.signals.items():
        if isinstance(reading, Sample):
            yield {"signal": signal.value}, max(0, moment.now - reading.at)


def _gaps(published: Published, moment: Moment) -> Series:
    for signal, reading in published.readings.signals.items():
        if isinstance(reading, Gap):
            yield {"signal": signal.value, "reason": reading.reason.value}, 1


def _wanted(published: Published, moment: Moment) -> Series:
    return _known(value_of(published.readings.wanted))


def _ready(published: Published, moment: Moment) -> Series:
    return _known(value_of(published.readings.ready))


def _reporting(published: Published, moment: Moment) -> Series:
    return _known(value_of(published.readings.reporting))


def _stuck(published: Published, moment: Moment) -> Series:
    stuck, reasons = value_of(published.readings.stuck), published.readings.stuck_for
    if stuck is not None:
        # Always there, so that none is something that is said.
        yield {"reason": "unknown"}, max(0.0, stuck - sum(reasons.values()))
    for reason, count in reasons.items():
        yield {"reason": reason}, count


def _unmet(published: Published, moment: Moment) -> Series:
    for limit in published.decision.limits:
        if limit.after < limit.before:
            yield {"reason": limit.by}, limit.before - limit.after


def _objective(published: Published, moment: Moment) -> Series:
    if published.workload.spec.latency is not Vote.OFF:
        yield {}, published.workload.spec.objective


def _tokens(published: Published, moment: Moment) -> Series:
    return _capacity(published, unit=Unit.TOKENS)


def _requests(published: Published, moment: Moment) -> Series:
    return _capacity(published, unit=Unit.REQUESTS)


def _capacity(published: Published, *, unit: Unit) -> Series:
    capacity = published.knowledge.capacity
    if capacity is not None and published.workload.spec.unit is unit:
        yield {}, capacity.value


def _known(value: float | None, **labels: str) -> Series:
    if value is not None:
        yield labels, value


def _lead_time(published: Published, moment: Moment) -> Series:
    yield {}, published.knowledge.lead_time


def _outlook(published: Published, moment: Moment) -> Series:
    quantile = f"{published.workload.forecasting.quantile:g}"
    return _known(published.knowledge.outlook, quantile=quantile)


def _skill(published: Published, moment: Moment) -> Series:
    forecast = published.knowledge.forecast
    return _known(None if forecast is None else forecast.skill)


def _coverage(published: Published, moment: Moment) -> Series:
    forecast = published.knowledge.forecast
    return _known(None if forecast is None else forecast.coverage)


def _belief(published: Published, moment: Moment) -> Series:
    forecast = published.knowledge.forecast
    if forecast is not None:
        yield {"belief": forecast.belief.value}, 1


def _weights(published: Published, moment: Moment) -> Series:
    forecast = published.knowledge.forecast
    for model, part in forecast.chosen if forecast is not None else ():
        yield {"model": model}, part


def _events(published: Published, moment: Moment) -> Series:
    counting = strengths(published.knowledge, at=published.decision.at)
    # One that ends as it begins again is still one event.
    most: dict[str, float] = {}
    for occasion, strength in counting:
        most[occasion.name] = max(strength, most.get(occasion.name, 0.0))
    for name, strength in most.items():
        yield {"event": name}, strength


def _limited(published: Published, moment: Moment) -> Series:
    # What moved the target twice is still one series.
    for by in {limit.by: None for limit in published.decision.limits}:
        yield {"by": by}, 1


def _decisions(published: Published, moment: Moment) -> Series:
    key = published.workload.key
    for winner, count in moment.telemetry.decisions(key.namespace, key.name).items():
        yield {"winner": winner}, count


def _last_poll(published: Published, moment: Moment) -> Series:
    key = published.workload.key
    at = moment.telemetry.last_poll(key.namespace, key.name)
    if at is not None:
        yield {}, at


SERIES: Mapping[Metric, Callable[[Published, Moment], Series]] = {
    TARGET: _target,
    RECOMMENDATION: _recommendations,
    SIGNAL_VALUE: _values,
    SIGNAL_AGE: _ages,
    SIGNAL_GAP: _gaps,
    WANTED: _wanted,
    READY: _ready,
    REPORTING: _reporting,
    STUCK: _stuck,
    UNMET: _unmet,
    OBJECTIVE: _objective,
    CAPACITY_TOKENS: _tokens,
    CAPACITY_REQUESTS: _requests,
    LEAD_TIME: _lead_time,
    FORECAST_DEMAND: _outlook,
    FORECAST_SKILL: _skill,
    FORECAST_COVERAGE: _coverage,
    FORECAST_BELIEF: _belief,
    FORECAST_WEIGHT: _weights,
    DECLARED_EVENT: _events,
    LIMITED: _limited,
    DECISIONS: _decisions,
    LAST_POLL: _last_poll,
}
"""Each metric of a workload, and where its values come from."""
