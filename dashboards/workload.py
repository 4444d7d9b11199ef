"""*Workload*, for its owner and who is on call: why this number, is it enough, what it costs."""

from dashboards.promql import CHOSEN, capacity, of, signal, work
from dashboards.question import Ask, Board, Line, Look, Question, Row

UNFORECAST = "while there is no forecast"
SPARSE = "while there are too few requests for a p95"
READY = of("forescale_ready_replicas")
DAY, WEEK = "[1d:1m]", "[7d:5m]"
PER_HOUR = {DAY: 60, WEEK: 12}


def _hours(span: str) -> str:
    """Replica-hours of a span: its samples, over how many an hour has."""
    return f"sum_over_time(({READY}){span}) / {PER_HOUR[span]}"


def _at_peak(span: str) -> str:
    """The same for a fleet that had the span's most replicas all the time."""
    peak = f"max_over_time(({READY}){span})"
    return f"{peak} * count_over_time(({READY}){span}) / {PER_HOUR[span]}"


def _bill(number: int, title: str, expr: str, *, says: str, unit: str) -> Question:
    return Question(
        number=number,
        title=title,
        says=says,
        asks=[Ask(expr=expr, legend="")],
        look=Look.NUMBER,
        unit=unit,
        decimals=1,
        width=4,
    )


NOW = Row(
    height=4,
    questions=[
        Question(
            number=1,
            title="How many replicas are wanted, and are they there?",
            says="The target as KEDA gets it, what the scale target asks for, what serves, and "
            "what will not come up.",
            asks=[
                Ask(expr=of("forescale_target_replicas"), legend="target"),
                Ask(expr=of("forescale_wanted_replicas"), legend="wanted"),
                Ask(expr=READY, legend="ready"),
                Ask(expr=f"sum({of('forescale_stuck_replicas', 'reason')})", legend="stuck"),
            ],
            look=Look.NUMBER,
            decimals=0,
            width=10,
            nothing="not known",
        ),
        Question(
            number=2,
            title="Which signal decides?",
            says="The recommendation or rule that won most of the last five minutes.",
            asks=[
                Ask(
                    expr="topk(1, sum by (winner) "
                    f"(increase(forescale_decisions_total{{{CHOSEN}}}[5m])))",
                    legend="{{winner}}",
                )
            ],
            look=Look.NUMBER,
            names=True,
            width=5,
        ),
        Question(
            number=3,
            title="Is p95 inside its objective?",
            says="Latency as a share of its objective.",
            asks=[
                Ask(
                    expr=f"{signal('latency')} / {of('forescale_latency_objective_seconds')}",
                    legend="of the objective",
                    empty=SPARSE,
                )
            ],
            look=Look.NUMBER,
            unit="percentunit",
            steps=[(None, "green"), (0.8, "yellow"), (1, "red")],
            decimals=0,
            width=5,
            nothing="too few requests",
        ),
        Question(
            number=4,
            title="Is KEDA asking?",
            says="Seconds since KEDA last asked about this workload.",
            asks=[
                Ask(
                    expr=f"time() - {of('forescale_last_poll_timestamp_seconds')}",
                    legend="since the last question",
                )
            ],
            look=Look.NUMBER,
            unit="s",
            steps=[(None, "green"), (60, "yellow"), (120, "red")],
            decimals=0,
            width=4,
            nothing="never asked",
        ),
    ],
)

SIZE = Row(
    height=11,
    questions=[
        Question(
            number=5,
            title="Is the fleet as large as its demand asks, now and a lead time from now?",
            says="Dashed and filled is what the forecast says is enough, drawn when it will be "
            "needed: in front of now by the lead time.",
            asks=[
                Ask(expr=of("forescale_target_replicas"), legend="target"),
                Ask(expr=of("forescale_wanted_replicas"), legend="wanted"),
                Ask(expr=READY, legend="ready"),
                Ask(expr=f"sum({of('forescale_stuck_replicas', 'reason')})", legend="stuck"),
                Ask(
                    expr=of(
                        "forescale_recommendation_replicas",
                        matching='signal="forecast"',
                        shifted=" offset ${lead}s",
                    ),
                    legend="forecast",
                    empty=UNFORECAST,
                ),
            ],
            lines={
                "target": Line(color="blue"),
                "wanted": Line(color="purple", width=1),
                "ready": Line(color="green"),
                "stuck": Line(color="red"),
                "forecast": Line(color="orange", dashed=True, down_to="ready"),
            },
            width=24,
        )
    ],
)

REASONS = Row(
    height=8,
    questions=[
        Question(
            number=6,
            title="What does each signal ask for?",
            says="Replicas that each signal recommends, before any limit. The largest wins.",
            asks=[
                Ask(
                    expr=of("forescale_recommendation_replicas", "signal"),
                    legend="{{signal}}",
                )
            ],
            width=8,
        ),
        Question(
            number=7,
            title="Which one won?",
            says="Share of the decisions that each recommendation or rule won.",
            asks=[
                Ask(
                    expr="sum by (winner) "
                    f"(rate(forescale_decisions_total{{{CHOSEN}}}[$__rate_interval]))"
                    " / ignoring (winner) group_left () sum "
                    f"(rate(forescale_decisions_total{{{CHOSEN}}}[$__rate_interval]))",
                    legend="{{winner}}",
                )
            ],
            look=Look.STACK,
            unit="percentunit",
            most=1.0,
            width=8,
        ),
        Question(
            number=8,
            title="What limited it?",
            says="What moved the target while it did: bounds, holds, windows, policies, mode.",
            asks=[
                Ask(
                    expr=of("forescale_decision_limited", "by"),
                    legend="{{by}}",
                    empty="while nothing limits it",
                )
            ],
            look=Look.STATES,
            steps=[(None, "orange")],
            width=8,
        ),
    ],
)

SERVICE = Row(
    height=8,
    questions=[
        Question(
            number=9,
            title="Do requests get their first answer in time?",
            says="The latency that the objective is about, and the objective.",
            asks=[
                Ask(expr=signal("latency"), legend="p95", empty=SPARSE),
                Ask(expr=of("forescale_latency_objective_seconds"), legend="objective"),
            ],
            unit="s",
            lines={
                "p95": Line(color="blue"),
                "objective": Line(color="red", dashed=True, width=1),
            },
            width=8,
        ),
        Question(
            number=10,
            title="Does work wait, or get lost?",
            says="Requests that are served and that wait, and those turned away per second.",
            asks=[
                Ask(expr=signal("running"), legend="running"),
                Ask(expr=signal("waiting"), legend="waiting"),
                Ask(
                    expr=signal("rejected"),
                    legend="rejected per second",
                    empty="where the engine does not count rejections",
                ),
            ],
            lines={"waiting": Line(color="orange"), "rejected per second": Line(color="red")},
            width=8,
        ),
        Question(
            number=11,
            title="How near is work to what the fleet can do?",
            says="Work per second, tokens or requests, against the capacity of the replicas that "
            "serve.",
            asks=[
                Ask(expr=work(), legend="work"),
                Ask(expr=f"{capacity()} * {READY}", legend="capacity"),
            ],
            lines={"capacity": Line(color="red", dashed=True, width=1)},
            width=8,
        ),
    ],
)

MACHINES = Row(
    height=8,
    questions=[
        Question(
            number=12,
            title="Are the GPUs busy?",
            says="Mean use of the GPUs and of the KV cache. A busy GPU says little about what an "
            "LLM could still take on.",
            asks=[
                Ask(
                    expr=signal("utilization"),
                    legend="GPU",
                    empty="without a DCGM exporter",
                ),
                Ask(expr=signal("cache"), legend="KV cache"),
            ],
            unit="percentunit",
            most=1.0,
            width=8,
        ),
        Question(
            number=13,
            title="How long does a replica take to come up?",
            says="Lead time, from asked for to ready: what is ordered now serves then.",
            asks=[Ask(expr=of("forescale_lead_time_seconds"), legend="lead time")],
            unit="s",
            width=8,
        ),
        Question(
            number=14,
            title="What is forbidden, and by what?",
            says="Replicas that demand asks for and that something denies.",
            asks=[
                Ask(
                    expr=of("forescale_unmet_replicas", "reason"),
                    legend="{{reason}}",
                    empty="while every replica that is asked for is allowed",
                )
            ],
            look=Look.STACK,
            width=8,
        ),
    ],
)

SIGNALS = Row(
    height=8,
    questions=[
        Question(
            number=15,
            title="How old is what the decision knows?",
            says="Age of the newest reading of each signal; `staleAfter` makes it a gap.",
            asks=[Ask(expr=of("forescale_signal_age_seconds", "signal"), legend="{{signal}}")],
            unit="s",
            width=8,
        ),
        Question(
            number=16,
            title="Which signals are not there?",
            says="Gaps by reason. `idle` and `sparse` are a signal that is well and has nothing to "
            "report.",
            asks=[
                Ask(
                    expr=of("forescale_signal_gap", "signal", "reason"),
                    legend="{{signal}} {{reason}}",
                    empty="while every signal has a reading",
                )
            ],
            look=Look.STATES,
            steps=[(None, "orange")],
            width=8,
        ),
        Question(
            number=17,
            title="Does every replica report?",
            says="Replicas that serve, and replicas that the signals were read from. Below nine "
            "tenths nothing is scaled in.",
            asks=[
                Ask(expr=READY, legend="ready"),
                Ask(expr=of("forescale_reporting_replicas"), legend="reporting"),
            ],
            lines={
                "ready": Line(color="green"),
                "reporting": Line(color="blue", dashed=True),
            },
            width=8,
        ),
    ],
)

MONEY = Row(
    height=4,
    questions=[
        _bill(
            18,
            "Replica-hours, last 24 hours?",
            _hours(DAY),
            says="Replicas that served, times hours.",
            unit="h",
        ),
        _bill(
            19,
            "What did that cost?",
            f"({_hours(DAY)}) * $price",
            says="At the price of a replica-hour given above.",
            unit="currencyUSD",
        ),
        _bill(
            20,
            "And a fixed fleet at the day's peak?",
            f"({_at_peak(DAY)}) * $price",
            says="The day's most replicas, all day long.",
            unit="currencyUSD",
        ),
        _bill(
            21,
            "Replica-hours, last 7 days?",
            _hours(WEEK),
            says="Replicas that served, times hours.",
            unit="h",
        ),
        _bill(
            22,
            "What did that cost?",
            f"({_hours(WEEK)}) * $price",
            says="At the price of a replica-hour given above.",
            unit="currencyUSD",
        ),
        _bill(
            23,
            "And a fixed fleet at the week's peak?",
            f"({_at_peak(WEEK)}) * $price",
            says="The week's most replicas, all week long.",
            unit="currencyUSD",
        ),
    ],
)

WORKLOAD = Board(
    uid="forescale-workload",
    title="Forescale / Workload",
    description="For the owner of a workload and who is on call: why this number, is it enough, "
    "what does it cost.",
    rows=[NOW, SIZE, REASONS, SERVICE, MACHINES, SIGNALS, MONEY],
    one=True,
    until="now+15m",
    annotated=True,
)
