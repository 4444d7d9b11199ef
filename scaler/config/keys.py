"""Every key of the trigger metadata, declared once: its parser, its default, its meaning.

The reference table in the documentation is held against this one by a test.
"""

from collections.abc import Mapping
from typing import Any

import attrs

from scaler.config import calendars, values
from scaler.config.engines import ENGINES
from scaler.config.values import Parser
from scaler.config.workload import ForecastUse, LatencyMetric, SourceKind
from scaler.policy.model import Signal
from scaler.policy.spec import Mode, Vote


@attrs.frozen(kw_only=True)
class MetadataKey:
    """One key of the trigger metadata.

    `into` is the field it sets: `spec.`, `watch.`, `forecasting.` or `queries.` and a name; a bare
    name is for `understand` itself. `default` is what holds where it is not given, as documented.
    """

    name: str
    parse: Parser[Any]
    into: str
    doc: str
    default: str = "-"
    aliases: tuple[str, ...] = ()


def _key(name: str, parse: Parser[Any], into: str, *, doc: str, default: str = "-") -> MetadataKey:
    return MetadataKey(name=name, parse=parse, into=into, doc=doc, default=default)


_minutes = values.whole_seconds(low=0)
_some_time = values.whole_seconds(low=1)
# The HPA's own bound on stabilization windows.
_window = values.whole_seconds(high=3600)
_urls = values.several(values.url)

_TABLE = (
    _key(
        "engine",
        values.one_of(ENGINES),
        "engine",
        doc="the inference engine: " + " ".join(f"`{name}`" for name in ENGINES),
    ),
    _key(
        "profile",
        values.text,
        "profile",
        default="by engine",
        doc="a named set of defaults: `realtime`, `batch`, `embedding`, `worker`, `rules`, "
        "or one of the config file",
    ),
    _key(
        "mode",
        values.enum(Mode),
        "spec.mode",
        default="`on`",
        doc="`observe` (decide, show, record), `up-only`, `on`",
    ),
    _key(
        "model",
        values.text,
        "watch.model",
        default="all",
        doc="value of the engine's model label; meeting several where none is named is an error",
    ),
    _key(
        "workload",
        values.kubernetes_name,
        "watch.workload",
        default="the ScaledObject's name",
        doc="name of the scaled object, by which its pods are found",
    ),
    _key(
        "workloadKind",
        values.kind,
        "watch.kind",
        default="`Deployment`",
        doc="kind of the scaled object, which decides how its pods are named",
    ),
    _key(
        "matchers",
        values.matchers,
        "watch.matchers",
        doc="further PromQL matchers, beside the one for the ScaledObject's namespace",
    ),
    _key(
        "source",
        values.enum(SourceKind),
        "watch.source",
        default="`prometheus`",
        doc="`prometheus`, or `scrape` to read `/metrics` of the replicas directly",
    ),
    _key(
        "prometheus",
        values.text,
        "watch.prometheus",
        default="`default`",
        doc="name of a source of the config file",
    ),
    _key(
        "serverAddress",
        values.url,
        "watch.server_address",
        doc="a Prometheus by address; only where the operator allows it, without credentials",
    ),
    _key(
        "endpoints",
        _urls,
        "watch.endpoints",
        doc="for `source: scrape`: addresses of `/metrics`, one per replica; "
        "only where the operator allows them",
    ),
    *(
        _key(
            f"{signal}Query",
            values.text,
            f"queries.{signal_of}",
            default="by engine",
            doc=f"own PromQL for {what}",
        )
        for signal, signal_of, what in (
            ("queue", Signal.WAITING, "the requests waiting in total"),
            ("tokens", Signal.TOKENS, "tokens per second in total"),
            ("latency", Signal.LATENCY, "the latency quantile, in seconds"),
            ("utilization", Signal.UTILIZATION, "mean GPU utilization, 0-1"),
            ("requests", Signal.REQUESTS, "requests per second in total"),
        )
    ),
    _key(
        "activationQuery",
        values.text,
        "watch.activation_query",
        doc="PromQL for what waits or arrives at whoever holds requests while nothing runs",
    ),
    _key(
        "activationEndpoints",
        _urls,
        "watch.activation_endpoints",
        doc="addresses of `/metrics` of whoever holds requests while nothing runs",
    ),
    _key(
        "activationThreshold",
        values.number(),
        "spec.activation_threshold",
        default="`0`",
        doc="arrivals above this wake a sleeping workload",
    ),
    _key(
        "latencyTarget",
        values.seconds(low=0.001, high=3600),
        "spec.objective",
        default="by profile",
        doc="the service level objective of the latency quantile",
    ),
    _key(
        "latencyMetric",
        values.enum(LatencyMetric),
        "watch.latency_metric",
        default="by engine",
        doc="`ttft` (LLM), `e2e` (other), `itl` or `queue`",
    ),
    _key(
        "latencyQuantile",
        values.quantile,
        "watch.latency_quantile",
        default="`0.95`",
        doc="the quantile that the objective is about",
    ),
    _key(
        "latencyLow",
        values.share,
        "spec.latency_low",
        default="`0.5`",
        doc="share of the objective below which latency agrees to scale in",
    ),
    _key(
        "tokensPerReplica",
        values.positive,
        "spec.prior",
        default="learned",
        doc="tokens per second of a replica inside its objective; learning corrects it",
    ),
    _key(
        "requestsPerReplica",
        values.positive,
        "spec.prior",
        default="learned",
        doc="requests per second of a replica, where tokens do not exist",
    ),
    _key(
        "capacity",
        values.one_of({"learn": False, "fixed": True}),
        "spec.fixed_capacity",
        default="`learn`",
        doc="`learn`, or `fixed`: never correct the given capacity",
    ),
    _key(
        "headroom",
        values.share,
        "spec.headroom",
        default="`0.8`",
        doc="share of capacity to plan for",
    ),
    _key(
        "queueLimit",
        values.positive,
        "spec.queue_limit",
        default="`100`",
        doc="waiting requests in total that call for replicas at once",
    ),
    _key(
        "drainWithin",
        _some_time,
        "spec.drain_within",
        default="`60s`",
        doc="the backlog must be gone this long after help is ready",
    ),
    _key(
        "utilization",
        values.enum(Vote),
        "spec.utilization",
        default="by engine",
        doc="`raise` (alone may raise), `confirm`, `off`",
    ),
    _key(
        "utilizationHigh",
        values.share,
        "spec.utilization_high",
        default="`0.7`",
        doc="sustained above: scale out",
    ),
    _key(
        "utilizationHighFor",
        _minutes,
        "spec.utilization_high_for",
        default="`5m`",
        doc="how long above",
    ),
    _key(
        "utilizationLow",
        values.share,
        "spec.utilization_low",
        default="`0.3`",
        doc="sustained below: agrees to scale in",
    ),
    _key(
        "utilizationLowFor",
        _minutes,
        "spec.utilization_low_for",
        default="`15m`",
        doc="how long below",
    ),
    _key(
        "forecast",
        values.enum(ForecastUse),
        "forecasting.use",
        default="`enabled`",
        doc="`enabled`, `disabled`, `observe` (compute, show, do not use)",
    ),
    _key(
        "forecastQuantile",
        values.quantile,
        "forecasting.quantile",
        default="`0.9`",
        doc="`0.9`: one lead time in ten may run short before the reactive part acts",
    ),
    _key(
        "forecastMaxExtra",
        values.number(high=100),
        "forecasting.max_extra",
        default="`0.5`",
        doc="share by which a forecast may raise over the recent peak of its time of day",
    ),
    _key(
        "season",
        values.several(values.season),
        "forecasting.seasons",
        default="`day,week`",
        doc="`hour`, `day`, `week` or durations, in which demand repeats",
    ),
    _key(
        "timezone",
        values.timezone,
        "forecasting.timezone",
        default="`UTC`",
        doc="the time zone that days and weeks follow",
    ),
    _key(
        "calendar",
        values.several(values.text),
        "calendar",
        doc="names of calendars of the config file, with events and holidays",
    ),
    _key(
        "events",
        calendars.own_events,
        "events",
        doc="events that the history does not foretell, as a list in YAML",
    ),
    _key(
        "holidays",
        values.several(calendars.place),
        "holidays",
        doc="whose public holidays are forecast as Sundays: `DE`, `DE-BY`",
    ),
    _key(
        "leadTime",
        values.auto(_some_time),
        "spec.lead_time",
        default="`auto`",
        doc="from asked for to ready; `auto` is learned, from a prior of 5m",
    ),
    _key(
        "leadTimeMax",
        _some_time,
        "spec.lead_time_max",
        default="`30m`",
        doc="the longest lead time that is believed",
    ),
    _key(
        "scaleUpWindow",
        _window,
        "spec.scale_up_window",
        default="`0s`",
        doc="stabilization window as in the HPA",
    ),
    _key(
        "scaleDownWindow",
        _window,
        "spec.scale_down_window",
        default="the larger of `5m` and the lead time",
        doc="stabilization window as in the HPA",
    ),
    _key(
        "scaleUpPolicies",
        values.policies,
        "spec.scale_up_policies",
        default="`100%/15s,4/15s`",
        doc="scaling policies as in the HPA, the most permissive wins",
    ),
    _key(
        "scaleDownPolicies",
        values.policies,
        "spec.scale_down_policies",
        default="`10%/1m,1/1m`",
        doc="scaling policies as in the HPA, the most permissive wins",
    ),
    _key(
        "hpaTolerance",
        values.auto(values.number(high=1)),
        "watch.hpa_tolerance",
        default="`auto`",
        doc="what the cluster's HPA tolerates, where it cannot be read",
    ),
    MetadataKey(
        name="minReplicas",
        parse=values.integer(),
        into="spec.min_replicas",
        default="`0`",
        doc="the ScaledObject's",
        aliases=("minReplicaCount",),
    ),
    MetadataKey(
        name="maxReplicas",
        parse=values.integer(low=1),
        into="spec.max_replicas",
        default="`100`",
        doc="the ScaledObject's",
        aliases=("maxReplicaCount",),
    ),
    _key(
        "standby",
        values.integer(),
        "spec.standby",
        default="`0`",
        doc="warm replicas on top of the target",
    ),
    _key(
        "idleAfter",
        _minutes,
        "spec.idle_after",
        default="`5m`",
        doc="nothing running, waiting or arriving for this long: inactive",
    ),
    _key(
        "staleAfter",
        _some_time,
        "spec.stale_after",
        default="`2m`",
        doc="age at which a signal is a gap",
    ),
    _key(
        "holdFor",
        _some_time,
        "spec.hold_for",
        default="`30m`",
        doc="how long the last target is held without any demand signal",
    ),
)

KEYS: Mapping[str, MetadataKey] = {key.name: key for key in _TABLE}

ALIASES: Mapping[str, str] = {alias: key.name for key in _TABLE for alias in key.aliases}

KEDA_KEYS = frozenset(
    {
        "scalerAddress",
        "enableTLS",
        "unsafeSsl",
        "caCert",
        "tlsClientCert",
        "tlsClientKey",
    }
)
"""KEDA's own keys of an external trigger, which come with the rest and say nothing to us."""
