"""A workload as the page sees it, and what is wrong with it."""

from collections.abc import Iterator
from enum import IntEnum

import attrs

from scaler.config.workload import Workload
from scaler.policy.model import Gap, Reason, value_of
from scaler.policy.spec import Mode
from scaler.runtime.board import Published
from scaler.serving.pages.wording import ago, duration, plural

LATE_TICKS = 4
"""A decision that is older has missed ticks: each one asks a second after its time."""
UNASKED = 300
"""KEDA asks every 30 s and the HPA every 15 s by default; a longer interval is a choice."""


class Level(IntEnum):
    """How bad it is; the page shows the worst first."""

    FINE = 0
    NOTE = 1
    WARNING = 2
    TROUBLE = 3


@attrs.frozen(kw_only=True)
class Trouble:
    """One thing that a person should know, in a sentence."""

    level: Level
    text: str


@attrs.frozen(kw_only=True)
class Subject:
    """One workload at `now`. `failure` is why its newest read failed, `asked` when KEDA asked."""

    workload: Workload
    published: Published | None
    failure: str
    asked: int | None
    now: int

    @property
    def name(self) -> str:
        """Namespace and name."""
        return str(self.workload.key)

    @property
    def age(self) -> int | None:
        """Seconds since the newest decision."""
        return self.now - self.published.decision.at if self.published else None

    @property
    def target(self) -> int | None:
        """What KEDA is given; None where it is given none."""
        return self.published.target(self.now) if self.published else None


def troubles(subject: Subject) -> list[Trouble]:
    """Everything worth a word, the worst first; empty where all is fine."""
    found = [
        Trouble(level=level, text=text)
        for source in (_decision, _readings, _limits, _poll, _mode)
        for level, text in source(subject)
    ]
    return sorted(found, key=lambda trouble: -trouble.level)


Found = Iterator[tuple[Level, str]]


def _decision(subject: Subject) -> Found:
    """Whether anything true can be said."""
    published, failure = subject.published, subject.failure
    if published is None:
        yield Level.TROUBLE, f"no decision yet: {failure}"
        return
    decision, spec, age = published.decision, published.workload.spec, subject.age or 0
    why = f": {failure}" if failure else ""
    if not published.is_current(subject.now):
        yield Level.TROUBLE, f"{published.note(subject.now)}, so KEDA gets no target{why}"
    elif decision.target is None:
        yield Level.TROUBLE, f"no target, so KEDA gets none: {decision.note}"
    elif age > LATE_TICKS * spec.step:
        yield Level.WARNING, f"decided {ago(age)}, every {duration(spec.step)} is due{why}"
    elif decision.note:
        yield Level.NOTE, decision.note


def _readings(subject: Subject) -> Found:
    """Signals that are lost, and replicas that do not come up."""
    if subject.published is None:
        return
    decision, readings = subject.published.decision, subject.published.readings
    # Without a target, the decision's own note names what it lacks.
    missing = decision.missing if decision.target is not None else {}
    lost = {name: why for name, why in missing.items() if why is not Reason.ABSENT}
    fleet = {name: getattr(readings, name) for name in ("wanted", "ready", "stuck")}
    lost |= {
        name: reading.reason
        for name, reading in fleet.items()
        if isinstance(reading, Gap) and reading.reason is not Reason.ABSENT
    }
    for name, why in lost.items():
        yield Level.WARNING, f"{name} is {why.value}"
    stuck = value_of(readings.stuck)
    if stuck:
        verb = "does" if stuck == 1 else "do"
        reasons = ", ".join(f"{count} {reason}" for reason, count in readings.stuck_for.items())
        told = f": {reasons}" if reasons else ""
        yield Level.WARNING, f"{plural(stuck, 'replica')} {verb} not come up{told}"
    coming = (subject.target or 0) - (value_of(readings.ready) or 0)
    if value_of(readings.ready) is not None and coming > 0:
        yield Level.NOTE, f"{plural(coming, 'replica')} short of the target"


def _limits(subject: Subject) -> Found:
    """Limits that somebody may want to lift."""
    for limit in subject.published.decision.limits if subject.published else ():
        if limit.by == "maxReplicas":
            yield Level.WARNING, f"maxReplicas {limit.after:g} forbids {limit.before:g}"
        elif limit.by == "gap":
            yield Level.WARNING, f"held at {limit.after:g} for want of {limit.detail}"


def _poll(subject: Subject) -> Found:
    """Whether the target reaches anybody."""
    if subject.published is None:
        return
    if subject.asked is None:
        yield Level.WARNING, "KEDA has not asked since this process started"
    elif subject.now - subject.asked > UNASKED:
        yield Level.WARNING, f"KEDA asked {ago(subject.now - subject.asked)}, and not since"


def _mode(subject: Subject) -> Found:
    """What is decided and not served."""
    if subject.workload.spec.mode is not Mode.ON:
        yield Level.NOTE, f"mode {subject.workload.spec.mode.value}"
