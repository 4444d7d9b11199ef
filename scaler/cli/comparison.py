"""The document of a comparison as lines that say what is known, and what is not."""

from collections.abc import Iterator, Mapping
from typing import Any

from scaler.studies.times import iso

Document = Mapping[str, Any]

_NOT_IN_IT = (
    "work is what arrived; queue and latency are those of the fleet that was",
    "the HPA is taken to follow at once, and every replica to come up",
    "forecasts are left out",
)


def compared(document: Document) -> Iterator[str]:
    """Yield cost, time over the objective, disagreements, and the caveats."""
    span = document["to"] - document["from"]
    yield (
        f"{document['namespace']}/{document['name']}: {_time(span)} from {iso(document['from'])},"
        f" mode {document['mode']}"
    )
    if not document["known_seconds"]:
        yield "  nobody reported how many replicas there were: nothing can be compared"
        return
    yield f"  replicas known for {_share(document['known_seconds'], span)} of the time"
    happened, would = document["happened"], document["would"]
    yield (
        f"  replica-hours    {happened['replica_hours']:,.1f} happened,"
        f" {would['replica_hours']:,.1f} would have"
        f" ({_change(happened['replica_hours'], would['replica_hours'])})"
    )
    yield _over(document)
    yield _short(document)
    yield from _disagreements(document)
    yield f"  not in it: {'; '.join(_NOT_IN_IT)}"


def _over(document: Document) -> str:
    judged = document["judged_seconds"]
    if not judged:
        return "  over objective   not known: no latency was measured"
    return (
        f"  over objective   {_time(document['over_seconds'])} over"
        f" {document['objective']:g} s happened, of {_time(judged)} measured;"
        " what would have been cannot be measured"
    )


def _short(document: Document) -> str:
    if not document["sized_seconds"]:
        return "  too few          not known: what a replica bears was never seen"
    capacity = document["capacity"]
    by = "" if capacity is None else f" ({capacity:,.6g} {document['unit']}/s a replica)"
    return (
        f"  too few          {_time(document['happened']['short_seconds'])} happened,"
        f" {_time(document['would']['short_seconds'])} would have, by the capacity learned{by}"
    )


def _disagreements(document: Document) -> Iterator[str]:
    found = document["disagreements"]
    if not found:
        yield "  it would have asked for what there was, all the time"
        return
    yield "  disagreements, the largest"
    for each in found:
        more = each["would"] - each["wanted"]
        limits = f", then {', '.join(each['limits'])}" if each["limits"] else ""
        yield (
            f"    {iso(each['start'])} for {_time(each['stop'] - each['start'])}:"
            f" {each['replica_hours']:+,.1f} replica-hours;"
            f" {each['would']} instead of {each['wanted']} at {iso(each['at'])}"
            f" ({more:+d}), by {each['winner']}{limits}"
        )


def _time(seconds: float) -> str:
    """A duration in the units that a person would choose."""
    minutes = round(seconds / 60)
    if minutes < 120:  # noqa: PLR2004 - two hours
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:  # noqa: PLR2004 - two days
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def _share(part: float, whole: float) -> str:
    return f"{min(1.0, part / whole):.1%}"


def _change(before: float, after: float) -> str:
    return f"{after / before - 1.0:+.1%}" if before else "from nothing"
