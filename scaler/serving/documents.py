"""Decisions as JSON documents: the workloads API, and what `explain` reads. Schema v1."""

from typing import Any

import attrs

from scaler.cluster.mile import LastMile
from scaler.config.structure import camel
from scaler.config.workload import Workload
from scaler.policy.model import Decision, Gap, Reading, Recommendation
from scaler.policy.spec import Spec
from scaler.runtime.board import Published
from scaler.runtime.comparison.account import Comparison

SCHEMA = "forescale/v1"
"""Raised when a reader of the old documents could misread a new one."""

Document = dict[str, Any]


def summary(published: Published, *, now: int) -> Document:
    """One line of the list of workloads; its target is null where KEDA is given none."""
    decision = published.decision
    return {
        "namespace": published.workload.key.namespace,
        "name": published.workload.key.name,
        "digest": published.workload.key.digest,
        "target": published.target(now),
        "active": decision.active,
        "winner": decision.winner,
        "at": decision.at,
        "age": now - decision.at,
        "missing": _missing(decision),
        "note": published.note(now),
    }


def explanation(
    published: Published,
    *,
    now: int,
    trouble: str = "",
    asked: int | None = None,
    mile: LastMile | None = None,
) -> Document:
    """Everything that led to the last decision of one workload, and what became of it.

    `trouble` is of the newest read; KEDA `asked` last then.
    """
    decision, watch = published.decision, published.workload.watch
    # Own queries and addresses stay out: they are the owner's, and may hold secrets.
    return {
        "schema": SCHEMA,
        **summary(published, now=now),
        "trouble": trouble or None,
        "asked": asked,
        "lastMile": None if mile is None else _mile(mile, now=now),
        "recommendations": [_recommendation(each) for each in decision.recommendations],
        "limits": [attrs.asdict(limit) for limit in decision.limits],
        "readings": _readings(published, now=now),
        "counted": published.readings.counted,
        "stuck": dict(published.readings.stuck_for),
        "knowledge": attrs.asdict(published.knowledge),
        "engine": watch.engine,
        "model": watch.model,
        "workload": {"kind": watch.kind, "name": watch.workload},
        "source": watch.source.value,
        "spec": _spec(published.workload.spec),
    }


def _mile(mile: LastMile, *, now: int) -> Document:
    hpa, facts = mile.hpa, mile.facts
    return {
        "hpa": hpa and {"desired": hpa.desired, "conditions": dict(hpa.conditions)},
        "seen": facts
        and {
            "at": facts.at,
            "age": now - facts.at,
            "wanted": facts.wanted,
            "created": facts.present,
            "ready": facts.ready,
            "pending": list(facts.pending),
            "terminating": facts.terminating,
            "stuck": dict(facts.stuck),
        },
        "trouble": mile.trouble or None,
    }


def comparison(workload: Workload, made: Comparison) -> Document:
    """What would have been, against what was; seconds and replica-hours."""
    found = {**attrs.asdict(made), "from": made.start, "to": made.stop}
    del found["start"], found["stop"]
    spec = workload.spec
    return {
        "schema": SCHEMA,
        "namespace": workload.key.namespace,
        "name": workload.key.name,
        "mode": spec.mode.value,
        "objective": spec.objective,
        "unit": spec.unit.value,
        "forecast": False,
        **found,
    }


def _missing(decision: Decision) -> dict[str, str]:
    return {signal: reason.value for signal, reason in decision.missing.items()}


def _recommendation(recommendation: Recommendation) -> Document:
    return {**attrs.asdict(recommendation), "terms": dict(recommendation.terms)}


def _readings(published: Published, *, now: int) -> Document:
    readings = published.readings
    fleet = {name: getattr(readings, name) for name in ("wanted", "ready", "stuck", "reporting")}
    signals = {signal.value: reading for signal, reading in readings.signals.items()}
    return {name: _reading(reading, now=now) for name, reading in {**fleet, **signals}.items()}


def _reading(reading: Reading, *, now: int) -> Document:
    if isinstance(reading, Gap):
        return {"gap": reading.reason.value, "detail": reading.detail}
    return {"value": reading.value, "at": reading.at, "age": now - reading.at}


def _spec(spec: Spec) -> Document:
    return {camel(name): value for name, value in attrs.asdict(spec).items()}
