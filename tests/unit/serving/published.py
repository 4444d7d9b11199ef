"""A published decision with something in every part of it."""

from collections.abc import Mapping

from scaler.config.workload import Key, Watch, Workload
from scaler.policy.model import (
    Belief,
    Capacity,
    Decision,
    Foreseen,
    Gap,
    Knowledge,
    Limit,
    Readings,
    Reason,
    Recommendation,
    Sample,
    Signal,
)
from scaler.policy.occasion import Occasion
from scaler.policy.spec import Spec
from scaler.runtime.board import Board, Published
from scaler.serving.operations import Operations
from scaler.serving.served import MemoryServed
from scaler.telemetry import Telemetry

NOW = 1_700_000_020
AT = NOW - 10


def workload(name: str = "llama", *, digest: str = "abc") -> Workload:
    return Workload(
        key=Key(namespace="models", name=name, digest=digest),
        spec=Spec(),
        watch=Watch(namespace="models", workload=name, engine="vllm", model="llama-3"),
    )


def published(
    name: str = "llama", *, at: int = AT, target: int | None = 5, digest: str = "abc"
) -> Published:
    return Published(
        workload=workload(name, digest=digest),
        decision=Decision(
            at=at,
            target=target,
            active=True,
            recommendations=(
                Recommendation(
                    signal="tokens",
                    replicas=5.0,
                    formula="demand / (headroom * capacity)",
                    terms={"demand": 2000.0, "headroom": 0.8, "capacity": 500.0},
                ),
                Recommendation(signal="latency", holds=True, note="near its objective"),
            ),
            winner="tokens",
            limits=(Limit(by="maxReplicas", before=7, after=5, detail="asked for 7"),),
            missing={"utilization": Reason.ABSENT},
            note="" if target is not None else "no demand signal for 1800 s (holdFor)",
        ),
        readings=Readings(
            at=at,
            signals={
                Signal.TOKENS: Sample(value=2000.0, at=at - 5),
                Signal.UTILIZATION: Gap(reason=Reason.ABSENT, detail="no DCGM"),
            },
            wanted=Sample(value=4.0, at=at),
            ready=Sample(value=3.0, at=at),
            stuck=Sample(value=1.0, at=at),
            reporting=Gap(reason=Reason.STALE),
            stuck_for={"Unschedulable": 1},
        ),
        knowledge=Knowledge(
            at=at,
            capacity=Capacity(value=500.0, samples=12),
            tokens_per_request=900.0,
            lead_time=240,
            outlook=2500.0,
            forecast=Foreseen(
                at=at,
                belief=Belief.SKILL,
                bound=2500.0,
                skill=0.25,
                coverage=0.91,
                chosen=(("ridge_short", 0.75), ("ar_short", 0.25)),
            ),
            declared=(
                Occasion(name="launch", start=at - 60, end=at + 3600, replicas=4),
                Occasion(name="sale", start=at + 3600, end=at + 7200, ramp=6600, multiplier=2.5),
                Occasion(name="batch", start=at + 86_400, end=at + 90_000, minimum=800.0),
            ),
        ),
    )


def showing(
    *decided: Published, now: int = NOW, waiting: Mapping[Workload, str] | None = None
) -> Operations:
    """What a service shows that has these decisions, and waits for others."""
    board = Board()
    for each in decided:
        board.post(each)
    return Operations(
        board=board,
        served=MemoryServed(build="1"),
        telemetry=Telemetry(version="1"),
        now=lambda: now,
        unready=str,
        troubles=lambda: waiting or {},
    )
