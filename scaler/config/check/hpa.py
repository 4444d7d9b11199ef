"""What the HPA does to our number on its way: one layer damps, and it should be ours."""

from collections.abc import Iterator

from scaler.config.check.finding import Code, Finding
from scaler.config.check.objects import Scaled, Trigger, mapping
from scaler.config.workload import Workload
from scaler.policy.learn import prior_lead_time
from scaler.policy.spec import down_window

BACKSTOP = 120
"""Seconds of stabilization that absorb scalers which disagree for a moment."""
HPA_WINDOW = 300
"""The HPA's own window for scaling in, where none is given."""
_BEHAVIOR = "advanced.horizontalPodAutoscalerConfig.behavior"


def damping(scaled: Scaled, trigger: Trigger, workload: Workload) -> Iterator[Finding]:
    """What damps twice, or not at all. Windows and tolerance are the whole HPA's."""
    if scaled.siblings:
        yield from _beside(scaled, trigger, workload)
        return
    if not trigger.given("hpaTolerance"):
        yield from _tolerance(scaled)
    yield from _windows(scaled, workload)


def _tolerance(scaled: Scaled) -> Iterator[Finding]:
    for direction, example in (("scaleUp", "21 or 22"), ("scaleDown", "19 or 18")):
        rules = mapping(scaled.get(f"{_BEHAVIOR}.{direction}"))
        given = rules.get("tolerance")
        if given is not None and _nothing(given):
            continue
        policies = rules.get("policies")
        inside = policies if isinstance(policies, list) else ()
        misplaced = any("tolerance" in mapping(each) for each in inside)
        where = ", beside `policies` and not inside" if misplaced else ""
        yield scaled.finding(
            Code.TOLERANCE,
            f"the HPA ignores a target within 10 % of what runs: 20 to {example} never happens",
            at=f"spec.{_BEHAVIOR}.{direction}.tolerance",
            value="" if given is None else str(given),
            do=f'write tolerance: "0"{where} (Kubernetes 1.35 or newer; else give hpaTolerance)',
        )


def _nothing(quantity: object) -> bool:
    """Whether a quantity of Kubernetes is zero, however it is written."""
    return not str(quantity).strip("0.mk")


def _windows(scaled: Scaled, workload: Workload) -> Iterator[Finding]:
    ours = down_window(workload.spec, lead_time=prior_lead_time(workload.spec))
    path = f"{_BEHAVIOR}.scaleDown.stabilizationWindowSeconds"
    theirs = scaled.whole(path, default=HPA_WINDOW)
    if theirs > BACKSTOP and ours > 0:
        yield scaled.finding(
            Code.TWICE_STABILIZED,
            f"is waited on top of our {ours} s: replicas go after {ours + theirs} s",
            at=f"spec.{path}",
            value=str(theirs),
            do=f"write stabilizationWindowSeconds: {BACKSTOP}",
        )
    if theirs < BACKSTOP:
        yield scaled.finding(
            Code.NO_BACKSTOP,
            "is too short to absorb two scalers that disagree for a moment, in a rolling update "
            "or behind two Prometheus servers",
            at=f"spec.{path}",
            value=str(theirs),
            do=f"write stabilizationWindowSeconds: {BACKSTOP}",
        )
    up = f"{_BEHAVIOR}.scaleUp.stabilizationWindowSeconds"
    if (delay := scaled.whole(up, default=0)) > 0:
        yield scaled.finding(
            Code.UP_DELAYED,
            f"holds every new replica back for {delay} s, on top of the time it takes to load",
            at=f"spec.{up}",
            value=str(delay),
            do="write stabilizationWindowSeconds: 0, and scaleUpWindow where it must wait",
        )


def _beside(scaled: Scaled, trigger: Trigger, workload: Workload) -> Iterator[Finding]:
    """Beside another trigger the HPA damps for both, and ours would come on top."""
    others = ", ".join(sorted({sibling.type or "?" for sibling in scaled.siblings}))
    spec = workload.spec
    windows = (
        ("scaleUpWindow", spec.scale_up_window),
        ("scaleDownWindow", down_window(spec, lead_time=prior_lead_time(spec))),
    )
    for key, window in windows:
        if window:
            yield scaled.finding(
                Code.SIBLING,
                f"is {window} s, and beside another trigger ({others}) the HPA's windows damp "
                "already: both are waited for",
                at=trigger.at(key),
                key=key,
                do=f'write {key}: "0s", and keep the HPA\'s own behavior',
            )
