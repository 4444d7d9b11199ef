"""Documents of the workloads API as lines that a person can check by hand."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from scaler.serving.formula import by_hand

Document = Mapping[str, Any]

_COLUMN = 14
_NOT_KEPT = "as far as this process knows: `state` is not set, so that no history is kept"
_OCCASIONS = 5
"""Declared events that are listed, the next ones."""


def explained(workload: Document) -> list[str]:
    """The last decision of one workload, and everything that led to it."""
    return [
        *_heading(workload),
        *_block("asks for", map(_recommendation, workload["recommendations"])),
        *_block("then", map(_limit, workload["limits"])),
        *_block("missing", (_row(name, why) for name, why in workload["missing"].items())),
        *_block("read", _readings(workload)),
        *_block("known", _knowledge(workload)),
        *_block("last mile", _last_mile(workload)),
    ]


def served(document: Document) -> list[str]:
    """What was served, an answer a line."""
    name = f"{document['namespace']}/{document['name']}"
    if not document["decisions"]:
        # A service of an earlier version does not say whether its record lasts.
        kept = "as far as is remembered" if document.get("lasting", True) else _NOT_KEPT
        return [f"{name}: nothing was served at {_when(document['to'])}, {kept}"]
    return [
        f"{name}: {_replicas(answer)} since {_when(answer['at'])}, by {answer['winner']}, "
        f"decided at {_when(answer['decided'])} by version {answer['build']}"
        for answer in document["decisions"]
    ]


def _heading(workload: Document) -> Iterator[str]:
    name = f"{workload['namespace']}/{workload['name']}"
    model = f", model {workload['model']}" if workload["model"] else ""
    yield f"{name} ({workload['engine']}{model})"
    if workload["target"] is None:
        yield f"  no target: {workload['note']}"
    else:
        won = f", by {workload['winner']}" if workload["winner"] else ""
        yield f"  target {_replicas(workload)}{won}"
    yield f"  decided {workload['age']} s ago, at {_when(workload['at'])}"
    if workload["note"] and workload["target"] is not None:
        yield f"  {workload['note']}"
    if workload["trouble"]:
        yield f"  the newest read failed: {workload['trouble']}"


def _replicas(answer: Document) -> str:
    return f"{answer['target']}, {'active' if answer['active'] else 'inactive'}"


def _recommendation(recommendation: Document) -> str:
    replicas = recommendation["replicas"]
    parts = ["no say" if replicas is None else f"{_number(replicas)} replicas"]
    if recommendation["formula"]:
        terms = recommendation["terms"]
        parts.append(f"= {recommendation['formula']} = {by_hand(recommendation['formula'], terms)}")
    elif recommendation["terms"]:
        parts.append(", ".join(f"{k} {_number(v)}" for k, v in recommendation["terms"].items()))
    if recommendation["holds"]:
        parts.append("[forbids fewer]")
    if recommendation["agrees"]:
        parts.append("[agrees to fewer]")
    if recommendation["note"]:
        parts.append(f"({recommendation['note']})")
    return _row(recommendation["signal"], " ".join(parts))


def _limit(limit: Document) -> str:
    detail = f" ({limit['detail']})" if limit["detail"] else ""
    return f"{limit['by']}: {_number(limit['before'])} became {_number(limit['after'])}{detail}"


def _readings(workload: Document) -> Iterator[str]:
    for name, reading in workload["readings"].items():
        guessed = name in ("wanted", "ready") and "value" in reading and not workload["counted"]
        note = ", by the pods that report: nobody counts them" if guessed else ""
        if name == "stuck":
            note = "".join(f", {count:g} {reason}" for reason, count in workload["stuck"].items())
        yield _row(name, f"{_reading(reading)}{note}")


def _reading(reading: Document) -> str:
    if "gap" in reading:
        return f"- {reading['gap']}" + (f" ({reading['detail']})" if reading["detail"] else "")
    return f"{_number(reading['value'])}, {reading['age']} s old"


def _knowledge(workload: Document) -> Iterator[str]:
    knowledge, unit = workload["knowledge"], workload["spec"]["unit"]
    capacity = knowledge["capacity"]
    if capacity is None:
        yield _row("capacity", "not yet")
    else:
        least = "at least " if capacity["lower_bound"] else ""
        value = f"{least}{_number(capacity['value'])} {unit}/s a replica"
        yield _row("capacity", f"{value}, {_origin(capacity, given=workload['spec']['prior'])}")
    if knowledge["tokens_per_request"] is not None:
        yield _row("a request", f"{_number(knowledge['tokens_per_request'])} tokens")
    yield _row("lead time", f"{knowledge['lead_time']} s")
    told = []
    if knowledge["outlook"] is not None:
        told.append(f"{_number(knowledge['outlook'])} {unit}/s within the lead time")
    if knowledge.get("forecast") is not None:
        told.append(_forecast(knowledge["forecast"]))
    for title, text in zip(("forecast", ""), told, strict=False):
        yield _row(title, text)
    declared = knowledge.get("declared", ())
    texts = [_occasion(each, unit=unit) for each in declared[:_OCCASIONS]]
    if len(declared) > _OCCASIONS:
        texts.append(f"and {len(declared) - _OCCASIONS} more in the next two days")
    for number, text in enumerate(texts):
        yield _row("" if number else "declared", text)


def _occasion(occasion: Document, *, unit: str) -> str:
    """When an event that was declared happens, and what it means."""
    means = [
        f"{_number(occasion['multiplier'])} times the usual" * (occasion["multiplier"] != 1.0),
        f"{_number(occasion['minimum'])} {unit}/s at least" * bool(occasion["minimum"]),
        f"{occasion['replicas']} replicas at least" * bool(occasion["replicas"]),
        f"builds up and fades over {occasion['ramp']} s" * bool(occasion["ramp"]),
    ]
    when = f"{_when(occasion['start'])} to {_when(occasion['end'])}"
    return f"{occasion['name']}: {when}, {', '.join(filter(None, means))}"


def _last_mile(workload: Document) -> Iterator[str]:
    """Who asked for the number, and what became of it."""
    asked, mile = workload["asked"], workload["lastMile"]
    if asked is not None:
        yield _row("KEDA", f"last asked at {_when(int(asked))}")
    if mile is None:
        return
    if mile["hpa"]:
        yield _row("HPA", f"asks for {mile['hpa']['desired']}")
        for kind, why in mile["hpa"]["conditions"].items():
            yield _row("", f"{kind}: {why}")
    if mile["seen"]:
        yield _row("pods", _pods(mile["seen"]))
    if mile["trouble"]:
        yield _row("", f"not seen since: {mile['trouble']}")


def _pods(seen: Document) -> str:
    longest = f" for up to {seen['pending'][-1]} s" if seen["pending"] else ""
    counts = [
        f"{seen['created']} created",
        f"{seen['ready']} ready",
        f"{len(seen['pending'])} pending{longest}",
        f"{seen['terminating']} terminating",
        *(f"{count} stuck: {reason}" for reason, count in seen["stuck"].items()),
    ]
    return f"{', '.join(counts)}, {seen['age']} s ago"


def _forecast(forecast: Document) -> str:
    """How far a forecast is believed, and what it was made of."""
    parts = [
        forecast["belief"].replace("_", " "),
        *([forecast["note"]] if forecast["note"] else []),
    ]
    if forecast["skill"] is not None:
        parts.append(f"skill {_number(forecast['skill'])}")
    if forecast["coverage"] is not None:
        parts.append(
            f"{forecast['coverage']:.0%} of the bounds held, {forecast['quantile']:.0%} promised"
        )
    if forecast["chosen"]:
        parts.append("by " + ", ".join(f"{name} {part:.0%}" for name, part in forecast["chosen"]))
    return "; ".join(parts)


def _origin(capacity: Document, *, given: float | None) -> str:
    """Where a capacity comes from: one that was given holds until replicas bore more, or less."""
    samples = capacity["samples"]
    if samples:
        return f"from {samples} sample{'' if samples == 1 else 's'}"
    return "as given" if capacity["value"] == given else "the most that one bore so far"


def _block(title: str, rows: Iterable[str]) -> list[str]:
    lines = [f"    {row}" for row in rows]
    return [f"  {title}", *lines] if lines else []


def _row(name: str, text: str) -> str:
    return f"{name:<{_COLUMN}}{text}"


def _number(value: float) -> str:
    return f"{value:.6g}"


def _when(at: int) -> str:
    return datetime.fromtimestamp(at, tz=UTC).isoformat().replace("+00:00", "Z")
