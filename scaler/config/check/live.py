"""What one look at a workload's signals says about the way they are asked for."""

from collections.abc import Iterator

import attrs

from scaler.config.check.finding import Code, Finding, Severity
from scaler.config.check.report import Asked
from scaler.config.keys import KEYS
from scaler.config.workload import SourceKind, Watch
from scaler.errors import ForescaleError, SignalMalformed
from scaler.policy.model import BENIGN, Gap, Readings, Reason, Signal

_DEMAND = (Signal.RUNNING, Signal.WAITING, Signal.TOKENS, Signal.REQUESTS)
_WRONG = {
    Reason.AMBIGUOUS: Code.AMBIGUOUS,
    Reason.MALFORMED: Code.BAD_SIGNAL,
    Reason.STALE: Code.BAD_SIGNAL,
}
_DO = {
    Reason.AMBIGUOUS: "name one by model, or narrow them by matchers",
    Reason.MALFORMED: "a value must be finite and not negative: run the query by hand",
    Reason.STALE: "look whether its pods are still scraped, or raise staleAfter",
}


def looked(asked: Asked, answer: Readings | ForescaleError) -> list[Finding]:
    """What is wrong, as far as one look can tell."""
    if isinstance(answer, ForescaleError):
        return [_unanswered(asked, answer)]
    return [*_signals(asked, answer), *_demand(asked, answer)]


def unseen(asked: Asked) -> Finding | None:
    """Why a workload cannot be looked at from here, if so."""
    if asked.hidden:
        says = "is known to its container only, so that the signals cannot be looked at"
        do = "look at them by `forescale explain` once it runs"
        return attrs.evolve(
            _finding(asked, Code.NO_ANSWER, says, key=asked.hidden, do=do), severity=Severity.NOTE
        )
    if asked.reachable:
        return None
    return _finding(
        asked,
        Code.NO_ANSWER,
        "is not among the settings here, so that the signals cannot be looked at",
        key="prometheus",
        value=asked.workload.watch.prometheus,
        do="name the configuration by --config, or set FORESCALE_PROMETHEUS_URL",
    )


def _finding(asked: Asked, code: Code, says: str, *, key: str, do: str, value: str = "") -> Finding:
    at = asked.trigger.at(key)
    return asked.scaled.finding(code, says, at=at, key=key, value=value, do=do)


def _unanswered(asked: Asked, error: ForescaleError) -> Finding:
    watch = asked.workload.watch
    key, address = _place(watch)
    do = f"is {address} right, and can it be reached from here?"
    own = watch.queries or watch.activation_query
    if isinstance(error, SignalMalformed) and own:
        do = "run your own queries by hand: one of them is not PromQL, or the address is wrong"
    return _finding(asked, Code.NO_ANSWER, f"gives no answer: {error}", key=key, do=do)


def _place(watch: Watch) -> tuple[str, str]:
    """The key that says where signals are read, and how to speak of what it says."""
    if watch.source is SourceKind.SCRAPE:
        return "endpoints", ", ".join(watch.endpoints)
    if watch.server_address is not None:
        return "serverAddress", watch.server_address
    return "prometheus", f"the url of source {watch.prometheus}"


def _signals(asked: Asked, readings: Readings) -> Iterator[Finding]:
    """Signals that are there and cannot be used, and queries that find nothing."""
    own = asked.workload.watch.queries
    for signal, reading in readings.signals.items():
        if not isinstance(reading, Gap):
            continue
        key = _query(signal)
        if signal in own and reading.reason is Reason.ABSENT:
            says, do = "finds no series", "run it in Prometheus: it must give one series"
            yield _finding(asked, Code.EMPTY_QUERY, says, key=key, value=own[signal], do=do)
        elif reading.reason in _WRONG:
            detail = f" ({reading.detail})" if reading.detail else ""
            says = f"{signal} is {reading.reason}{detail}"
            key = "model" if reading.reason is Reason.AMBIGUOUS else key
            do = _DO[reading.reason]
            yield _finding(asked, _WRONG[reading.reason], says, key=key, do=do)


def _query(signal: Signal) -> str:
    """The key of the metadata that replaces the query of `signal`."""
    named = [name for name, key in KEYS.items() if key.into == f"queries.{signal}"]
    return named[0] if named else "engine"


def _demand(asked: Asked, readings: Readings) -> Iterator[Finding]:
    """At least one signal must say how much work there is, or that there is none."""
    gaps = [reading for signal in _DEMAND if (reading := readings.signals.get(signal))]
    if any(not isinstance(each, Gap) or each.reason in BENIGN for each in gaps):
        return
    watch = asked.workload.watch
    if watch.source is SourceKind.SCRAPE:
        do = f"look at {watch.endpoints[0]}: is it the /metrics page of {watch.engine}?"
    elif watch.queries:
        do = "run the queries in Prometheus by hand"
    else:
        do = (
            f"look in Prometheus for {watch.engine}'s metrics with namespace "
            f'"{watch.namespace}" and pods of {watch.kind} {watch.workload}; else correct engine, '
            "workload, model or matchers"
        )
    says = f"no metric of {watch.engine} is found, so that nobody knows how much work there is"
    yield _finding(asked, Code.NO_DEMAND, says, key="engine", value=watch.engine, do=do)
