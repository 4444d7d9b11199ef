"""Workloads in every condition, with six hours behind them, for a page to show."""

from collections.abc import Iterator, Mapping
from math import sin

import attrs

from scaler.config.workload import Key, Watch, Workload
from scaler.policy.model import (
    Decision,
    Gap,
    Limit,
    Reading,
    Reason,
    Recommendation,
    Sample,
    Signal,
)
from scaler.policy.spec import Mode
from scaler.runtime.board import Board, Published
from scaler.serving.pages.trails import KEPT, Trails
from scaler.serving.served import MemoryServed, Served
from scaler.telemetry import Telemetry
from tests.unit.serving.published import NOW, published

FAILURE = "default: Cannot connect to host prometheus.monitoring:9090 [Name or service not known]"


@attrs.frozen(kw_only=True)
class Fleets:
    """What a status page is made from."""

    board: Board = attrs.field(factory=Board)
    trails: Trails = attrs.field(factory=Trails)
    served: Served = attrs.field(factory=lambda: MemoryServed(build="1.2.3"))
    telemetry: Telemetry = attrs.field(factory=lambda: Telemetry(version="1.2.3"))
    troubles: dict[Workload, str] = attrs.field(factory=dict)

    def add(self, newest: Published, *, asked: int | None = NOW - 12) -> None:
        """Show this, and a past that leads to it."""
        key = newest.workload.key
        for each in past(newest):
            self.trails.add(each)
            self.served.record(each, at=each.decision.at + 5)
        self.board.post(newest)
        if asked is not None:
            self.telemetry.polled(key.namespace, key.name, at=asked)


def past(newest: Published) -> Iterator[Published]:
    """Six hours of waves; what is ready follows what is wanted, five minutes behind."""
    target = newest.decision.target
    target = 2 if target is None else target
    phase = len(newest.workload.key.name)
    for ago in range(KEPT, 60, -60):
        at = newest.decision.at - ago
        yield attrs.evolve(
            newest,
            decision=attrs.evolve(newest.decision, at=at, target=_wave(at, phase, target)),
            readings=attrs.evolve(
                newest.readings,
                wanted=Sample(value=_wave(at - 30, phase, target), at=at),
                ready=Sample(value=_wave(at - 330, phase, target), at=at),
            ),
        )
    yield newest


def _wave(at: int, phase: int, size: int) -> int:
    return round(size * (1 + 0.6 * sin(at / 3400 + phase) + 0.2 * sin(at / 900)))


def named(newest: Published, name: str, *, engine: str = "vllm", model: str = "") -> Published:
    """The same under another name."""
    namespace, _, short = name.rpartition("/")
    namespace = namespace or "models"
    watch = Watch(
        namespace=namespace, workload=short, engine=engine, model=model or f"{short}-instruct"
    )
    key = Key(namespace=namespace, name=short, digest="abc")
    workload = attrs.evolve(newest.workload, key=key, watch=watch)
    return attrs.evolve(newest, workload=workload)


def fine(name: str = "llama", *, target: int = 5) -> Published:
    """Nothing to look at."""
    given = named(published(name, target=target), name)
    full: Mapping[Signal, Reading] = {
        Signal.RUNNING: Sample(value=41.0, at=NOW - 12),
        Signal.WAITING: Sample(value=6.0, at=NOW - 12),
        Signal.TOKENS: Sample(value=7840.5, at=NOW - 12),
        Signal.REQUESTS: Sample(value=8.71, at=NOW - 12),
        Signal.REJECTED: Sample(value=0.0, at=NOW - 12),
        Signal.LATENCY: Sample(value=0.84, at=NOW - 12),
        Signal.CACHE: Sample(value=0.61, at=NOW - 12),
        Signal.UTILIZATION: Gap(reason=Reason.ABSENT, detail="no DCGM series of these pods"),
        Signal.ACTIVATION: Gap(reason=Reason.IDLE),
    }
    level = Sample(value=float(target), at=NOW - 12)
    return attrs.evolve(
        given,
        decision=attrs.evolve(
            given.decision,
            limits=(),
            winner="tokens",
            recommendations=_recommendations(target),
        ),
        readings=attrs.evolve(
            given.readings,
            signals=full,
            wanted=level,
            ready=level,
            reporting=level,
            stuck=Sample(value=0.0, at=NOW - 12),
        ),
    )


def _recommendations(target: int) -> tuple[Recommendation, ...]:
    return (
        Recommendation(
            signal="tokens",
            replicas=target - 0.1,
            formula="(throughput + (queue_growth + rejected) * per_request)"
            " / (headroom * capacity)",
            terms={
                "throughput": 7840.5,
                "queue_growth": 0.04,
                "rejected": 0.0,
                "per_request": 900.0,
                "headroom": 0.8,
                "capacity": 2009.0,
            },
        ),
        Recommendation(
            signal="queue",
            replicas=target * 0.71,
            formula="(demand + backlog * per_request / drain_within) / capacity",
            terms={
                "demand": 7876.5,
                "waiting": 6.0,
                "backlog": 0.0,
                "per_request": 900.0,
                "drain_within": 60.0,
                "capacity": 2009.0,
            },
            agrees=True,
        ),
        Recommendation(
            signal="cache",
            replicas=target * 0.61 / 0.9,
            formula="ready * cache / cache_target",
            terms={"ready": float(target), "cache": 0.61, "cache_target": 0.9},
        ),
        Recommendation(
            signal="latency",
            holds=True,
            terms={"latency": 1.7, "objective": 2.0},
            note="near its objective",
        ),
        Recommendation(signal="utilization"),
    )


def capped() -> Published:
    """Asks for more than it may have, and a replica does not come up."""
    base = fine("llama-70b", target=12)
    limits = (
        Limit(by="scaleUpPolicies", before=17, after=14),
        Limit(by="standby", before=14, after=15),
        Limit(by="maxReplicas", before=15, after=12),
    )
    return attrs.evolve(
        base,
        decision=attrs.evolve(base.decision, limits=limits, recommendations=_recommendations(17)),
        readings=attrs.evolve(
            base.readings,
            ready=Sample(value=9.0, at=NOW - 12),
            stuck=Sample(value=2.0, at=NOW - 12),
        ),
    )


def gapped() -> Published:
    """Has lost a signal that it had."""
    base = fine("whisper-large-v3", target=4)
    lost = Gap(reason=Reason.STALE, detail="newest sample is 190 s old")
    held = Limit(by="gap", before=2, after=4, detail="waiting")
    return attrs.evolve(
        base,
        decision=attrs.evolve(
            base.decision, limits=(held,), missing={"waiting": Reason.STALE}, winner="tokens"
        ),
        readings=attrs.evolve(
            base.readings, signals={**base.readings.signals, Signal.WAITING: lost}
        ),
    )


def silent() -> Published:
    """Knows nothing any more."""
    base = fine("speech/kokoro", target=2)
    note = "no demand signal for 1800 s (holdFor); tokens: stale, waiting: stale"
    missing = {"tokens": Reason.STALE, "waiting": Reason.STALE}
    decision = Decision(at=base.decision.at, target=None, active=True, missing=missing, note=note)
    gaps = {signal: Gap(reason=Reason.STALE) for signal in base.readings.signals}
    return attrs.evolve(base, decision=decision, readings=attrs.evolve(base.readings, signals=gaps))


def asleep() -> Published:
    """Nothing runs and nothing should."""
    base = fine("batch/embeddings", target=0)
    none = Sample(value=0.0, at=NOW - 12)
    woken = Recommendation(
        signal="activation",
        replicas=0.0,
        formula="activation > threshold",
        terms={"activation": 0.0, "threshold": 0.0},
    )
    decision = attrs.evolve(
        base.decision, active=False, winner="asleep", recommendations=(woken,), missing={}
    )
    readings = attrs.evolve(base.readings, wanted=none, ready=none, reporting=none, signals={})
    return attrs.evolve(base, decision=decision, readings=readings)


def observed() -> Published:
    """Only watched."""
    base = fine("qwen-coder", target=3)
    spec = attrs.evolve(base.workload.spec, mode=Mode.OBSERVE)
    workload = attrs.evolve(base.workload, spec=spec)
    return attrs.evolve(base, workload=workload)


def everything() -> Fleets:
    """One of each, and one that waits for its first answer."""
    fleets = Fleets()
    for each in (fine(), capped(), gapped(), silent(), asleep(), observed()):
        fleets.add(each)
    fleets.add(fine("mistral-small", target=7), asked=NOW - 1900)
    long_name = "a-team-with-a-long-name/deepseek-v3-2-reasoning-distilled-int4-canary"
    fleets.add(fine(long_name, target=1))
    waiting = fine("gemma-3")
    fleets.troubles[waiting.workload] = FAILURE
    return fleets


def many(count: int) -> Fleets:
    """So many workloads, a few of them with trouble."""
    fleets = Fleets()
    for i in range(count):
        newest = fine(f"model-{i:05}", target=1 + i % 9)
        if i % 97 == 96:
            newest = named(capped(), f"model-{i:05}")
        fleets.board.post(newest)
        fleets.telemetry.polled("models", f"model-{i:05}", at=NOW - 12)
    for i in range(96, count, 97):
        fleets.add(named(capped(), f"model-{i:05}"))
    return fleets
