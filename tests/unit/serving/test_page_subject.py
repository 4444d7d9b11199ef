from typing import Any

import attrs
import pytest

from scaler.policy.model import Decision, Gap, Limit, Reason, Sample
from scaler.policy.spec import Mode
from scaler.runtime.board import Published
from scaler.serving.pages.subject import Level, Subject, troubles
from tests.unit.serving.published import AT, NOW, published, workload


def healthy(**decision: Any) -> Published:
    base = published()
    level = Sample(value=5.0, at=AT)
    return attrs.evolve(
        base,
        decision=attrs.evolve(base.decision, **{"limits": (), "missing": {}, **decision}),
        readings=attrs.evolve(
            base.readings,
            ready=level,
            wanted=level,
            stuck=Sample(value=0.0, at=AT),
            stuck_for={},
        ),
    )


def found(
    shown: Published | None, *, failure: str = "", asked: int | None = NOW - 12, now: int = NOW
) -> list[tuple[Level, str]]:
    subject = Subject(
        workload=shown.workload if shown else workload(),
        published=shown,
        failure=failure,
        asked=asked,
        now=now,
    )
    return [(trouble.level, trouble.text) for trouble in troubles(subject)]


def read(**readings: Any) -> Published:
    base = healthy()
    return attrs.evolve(base, readings=attrs.evolve(base.readings, **readings))


def test_nothing_is_wrong_with_a_healthy_workload() -> None:
    assert [] == found(healthy())


def test_no_decision_yet_is_trouble_and_says_why() -> None:
    assert [(Level.TROUBLE, "no decision yet: default: refused")] == found(
        None, failure="default: refused", asked=None
    )


def test_no_target_is_trouble() -> None:
    silent = Decision(at=AT, target=None, active=True, note="no demand signal was ever read")
    (worst, *_) = found(attrs.evolve(healthy(), decision=silent))
    assert (Level.TROUBLE, "no target, so KEDA gets none: no demand signal was ever read") == worst


def test_decision_past_hold_for_is_trouble() -> None:
    late = AT + 1801
    (worst, *_) = found(healthy(), now=late, asked=late, failure="default: no answer in 10 s")
    text = "the last decision is 1801 s old, and holdFor is over, so KEDA gets no target"
    assert (Level.TROUBLE, f"{text}: default: no answer in 10 s") == worst


def test_decision_ahead_of_a_clock_that_was_set_back_is_trouble() -> None:
    (worst, *_) = found(healthy(), now=AT - 60, asked=AT - 60)
    text = "the last decision is 60 s ahead: the clock was set back, so KEDA gets no target"
    assert (Level.TROUBLE, text) == worst


def test_late_decision_is_a_warning() -> None:
    late = AT + 180
    assert [(Level.WARNING, "decided 3 min ago, every 15s is due")] == found(
        healthy(), now=late, asked=late
    )


def test_lost_signal_is_loud_and_absent_one_is_quiet() -> None:
    missing = {"waiting": Reason.STALE, "utilization": Reason.ABSENT}
    assert [(Level.WARNING, "waiting is stale")] == found(healthy(missing=missing))


@pytest.mark.parametrize("name", ["wanted", "ready", "stuck"])
def test_lost_fact_is_loud(name: str) -> None:
    assert (Level.WARNING, f"{name} is stale") in found(read(**{name: Gap(reason=Reason.STALE)}))
    assert [] == found(read(**{name: Gap(reason=Reason.ABSENT)}))


def test_stuck_replicas_are_a_warning() -> None:
    one, two = Sample(value=1.0, at=AT), Sample(value=2.0, at=AT)
    assert [(Level.WARNING, "1 replica does not come up")] == found(read(stuck=one))
    assert [(Level.WARNING, "2 replicas do not come up")] == found(read(stuck=two))
    assert [(Level.WARNING, "2 replicas do not come up: 2 NotCreated")] == found(
        read(stuck=two, stuck_for={"NotCreated": 2})
    )


def test_replicas_on_their_way_are_a_note() -> None:
    fewer = Sample(value=4.0, at=AT)
    assert [(Level.NOTE, "1 replica short of the target")] == found(read(ready=fewer))


def test_limits_that_somebody_may_lift_are_warnings() -> None:
    limits = (
        Limit(by="scaleUpPolicies", before=12, after=9),
        Limit(by="maxReplicas", before=9, after=5),
        Limit(by="gap", before=2, after=5, detail="waiting"),
    )
    assert [
        (Level.WARNING, "maxReplicas 5 forbids 9"),
        (Level.WARNING, "held at 5 for want of waiting"),
    ] == found(healthy(limits=limits))


def test_nobody_asking_is_a_warning() -> None:
    assert [(Level.WARNING, "KEDA has not asked since this process started")] == found(
        healthy(), asked=None
    )
    assert [(Level.WARNING, "KEDA asked 10 min ago, and not since")] == found(
        healthy(), asked=NOW - 600
    )


def test_mode_in_which_not_all_is_served_is_a_note() -> None:
    base = healthy()
    spec = attrs.evolve(base.workload.spec, mode=Mode.OBSERVE)
    observed = attrs.evolve(base, workload=attrs.evolve(base.workload, spec=spec))
    assert [(Level.NOTE, "mode observe")] == found(observed)


def test_the_worst_comes_first() -> None:
    noted = attrs.evolve(read(ready=Sample(value=4.0, at=AT)))
    levels = [level for level, _ in found(noted, asked=None)]
    assert [Level.WARNING, Level.NOTE] == levels
