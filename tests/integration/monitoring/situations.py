"""An hour of a well fleet's metrics, and what differs from it in each situation; for promtool.

Values are in promtool's notation, a sample every 15 s: `4x240` is 4 for an hour, `0+15x240` counts
up, `_` is none, `stale` ends a series. Time begins at 0.
"""

from collections.abc import Mapping

import attrs

Series = Mapping[str, str | None]
"""Series to its values; None takes it away from what is well."""


def of(metric: str, **labels: str) -> str:
    """A series of the workload."""
    return own(metric, namespace="models", scaledobject="llama", **labels)


def own(metric: str, **labels: str) -> str:
    """A series of the service, or of nobody."""
    inside = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return f"forescale_{metric}{{{inside}}}"


TARGET, WANTED, READY = of("target_replicas"), of("wanted_replicas"), of("ready_replicas")
REPORTING = of("reporting_replicas")
STUCK = of("stuck_replicas", reason="Unschedulable")
POLL = of("last_poll_timestamp_seconds")
BUILD = own("build_info", version="1", instance="a")
ASKED = own("source_query_duration_seconds_count", source="default")
ENGINE = ("running", "waiting", "tokens", "requests", "latency", "cache")


def value(signal: str) -> str:
    """The series of a signal's reading."""
    return of("signal_value", signal=signal)


def gap(signal: str, reason: str) -> str:
    """The series of a signal's gap."""
    return of("signal_gap", signal=signal, reason=reason)


def belief(name: str) -> str:
    """The series of how far the forecast is believed."""
    return of("forecast_belief", belief=name)


def bucket(le: str) -> str:
    """A bucket of the time to answer KEDA."""
    return own("rpc_duration_seconds_bucket", method="GetMetrics", code="OK", le=le)


WELL: Series = {
    TARGET: "4x240",
    WANTED: "4x240",
    READY: "4x240",
    REPORTING: "4x240",
    STUCK: "0x240",
    POLL: "0+15x240",
    of("lead_time_seconds"): "300x240",
    of("latency_objective_seconds"): "2x240",
    belief("skill"): "1x240",
    **dict.fromkeys(map(value, ENGINE), "1x240"),
    own("rpc_duration_seconds_count", method="GetMetrics", code="OK"): "0+1x240",
    bucket("0.5"): "0+1x240",
    bucket("1"): "0+1x240",
    bucket("2.5"): "0+1x240",
    bucket("+Inf"): "0+1x240",
    ASKED: "0+1x240",
    BUILD: "1x240",
}

NOTHING_RUNS: Series = {
    TARGET: "4x40 0x199",
    WANTED: "4x40 0x199",
    READY: "4x40 0x199",
    REPORTING: "4x40 0x199",
    **dict.fromkeys(map(value, ENGINE), "1x40 stale"),
    **{gap(signal, "absent"): "_x40 1x199" for signal in ENGINE},
}
"""It went to sleep after ten minutes."""


@attrs.frozen(kw_only=True)
class Situation:
    """What differs from a well fleet, and which alerts it fires after three quarters of an hour."""

    differs: Series
    fires: frozenset[str] = frozenset()

    @property
    def series(self) -> Mapping[str, str]:
        """All series of it."""
        found = {**WELL, **self.differs}
        return {name: values for name, values in found.items() if values is not None}


def fires(*alerts: str, differs: Series) -> Situation:
    """A situation that is wrong."""
    return Situation(differs=differs, fires=frozenset(alerts))


WRONG: Mapping[str, Situation] = {
    "p95 is over its objective": fires(
        "ForescaleOverObjective", differs={value("latency"): "1x20 3x220"}
    ),
    "demand asks for more than is allowed": fires(
        "ForescaleCapped", differs={of("unmet_replicas", reason="maxReplicas"): "3x240"}
    ),
    "there is no node": fires("ForescaleReplicasStuck", differs={STUCK: "0x40 2x199"}),
    "KEDA is paused": fires("ForescaleNotFollowed", differs={TARGET: "4x40 6x199"}),
    "KEDA is away": fires("ForescaleNotPolled", differs={POLL: "0+15x40 600x199"}),
    "holdFor is over": fires(
        "ForescaleNoTarget",
        "ForescaleSignalLost",
        differs={**NOTHING_RUNS, READY: None, WANTED: None, REPORTING: None, TARGET: "4x40 stale"},
    ),
    "every demand signal is gone": fires(
        "ForescaleBlind",
        "ForescaleSignalLost",
        differs={**NOTHING_RUNS, TARGET: "4x240", WANTED: "4x240", READY: "4x240"}
        | {REPORTING: None},
    ),
    "one signal is gone": fires(
        "ForescaleSignalLost",
        differs={value("waiting"): "1x40 stale", gap("waiting", "absent"): "_x40 1x199"},
    ),
    "one signal is stale": fires(
        "ForescaleSignalLost",
        differs={value("latency"): "1x40 stale", gap("latency", "stale"): "_x40 1x199"},
    ),
    "a signal was never a number": fires(
        "ForescaleSignalLost",
        differs={value("cache"): None, gap("cache", "malformed"): "1x240"},
    ),
    "two models answer": fires(
        "ForescaleSignalLost",
        differs={value("tokens"): None, gap("tokens", "ambiguous"): "1x240"},
    ),
    "half of the replicas say nothing": fires(
        "ForescaleReplicasSilent", differs={REPORTING: "4x40 2x199"}
    ),
    "the forecast is not made": fires(
        "ForescaleForecastFailing",
        differs={belief("skill"): "1x40 stale", belief("failed"): "_x40 1x199"},
    ),
    "a scaler is cut off": fires(
        "ForescaleScalersDisagree", differs={of("target_replicas", instance="b"): "4x40 3x199"}
    ),
    "nobody takes replicas away": fires("ForescaleWaste", differs={TARGET: "4x20 2x219"}),
    "metadata are mistaken": fires(
        "ForescaleMistakenMetadata",
        differs={
            own(
                "rpc_duration_seconds_count", method="GetMetrics", code="INVALID_ARGUMENT"
            ): "0+1x240"
        },
    ),
    "Prometheus does not answer": fires(
        "ForescaleSourceFailing",
        differs={own("source_errors_total", source="default", reason="timeout"): "0+1x240"},
    ),
    "the Kubernetes API does not answer": fires(
        "ForescaleSourceFailing",
        differs={
            own("source_query_duration_seconds_count", source="kubernetes"): "0+1x240",
            own("source_errors_total", source="kubernetes", reason="unavailable"): "0+1x240",
        },
    ),
    "answers are late": fires(
        "ForescaleAnswersLate", differs={bucket("0.5"): "0x240", bucket("1"): "0x240"}
    ),
    "a rollout has stopped half-way": fires(
        "ForescaleMixedVersions", differs={own("build_info", version="2", instance="b"): "1x240"}
    ),
    "the service is away": fires("ForescaleDown", differs=dict.fromkeys(WELL)),
}

RIGHT: Mapping[str, Situation] = {
    "all is well": Situation(differs={}),
    "it sleeps": Situation(differs=NOTHING_RUNS),
    "it wakes": Situation(
        differs={**NOTHING_RUNS, TARGET: "0x160 1x79", WANTED: "0x160 1x79", READY: "0x240"}
    ),
    "nobody sends anything": Situation(
        differs={value("latency"): "1x40 stale", gap("latency", "idle"): "_x40 1x199"}
    ),
    "there was never a DCGM exporter": Situation(differs={gap("utilization", "absent"): "1x240"}),
    "replicas are coming": Situation(
        differs={TARGET: "4x160 8x79", WANTED: "4x161 8x78", READY: "4x175 8x64"}
        | {REPORTING: "4x175 8x64"}
    ),
    "replicas are going": Situation(
        differs={TARGET: "4x160 2x79", WANTED: "4x160 2x79", READY: "4x165 2x74"}
    ),
    "the forecast has no skill": Situation(
        differs={belief("skill"): None, belief("no_skill"): "1x240"}
    ),
    "the only scaler is restarted": Situation(
        differs={
            series: f"{values} stale _x5 {values.replace('x170', 'x60')}"
            for series, values in {
                name: values.replace("x240", "x170") for name, values in WELL.items() if values
            }.items()
            if series != POLL
        }
        | {POLL: "0+15x170 stale _x5 2640+15x60"}
    ),
    "scalers differ for a tick": Situation(
        differs={of("target_replicas", instance="b"): "4x175 3x4 4x60"}
    ),
    "a rolling update is on": Situation(
        differs={own("build_info", version="2", instance="b"): "_x160 1x79"}
    ),
    "nobody listens at a spare address": Situation(
        differs={
            own("source_query_duration_seconds_count", source="scrape"): "0+1x240",
            own("source_errors_total", source="scrape", reason="unavailable"): "0+1x240",
        }
    ),
}
"""Rows of the failure table that are no incident, and days like any other."""
