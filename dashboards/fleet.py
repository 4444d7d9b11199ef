"""*Fleet*, for the platform team: who is in trouble and why, and are the scalers well."""

from dashboards.promql import CHOSEN, OWNER, SERVICE, of, recorded, signal, slowest, trouble
from dashboards.question import ANY_IS_BAD, Ask, Board, Look, Question, Row

QUIET = "while nothing is wrong"
OWN = 'alertname=~"Forescale(MistakenMetadata|SourceFailing|AnswersLate)"'
"""Alerts about the service; also those that do not last yet."""
TARGET = recorded("workload:forescale_target_replicas:max")
READY = recorded("workload:forescale_ready_replicas:max")

FIRST = Row(
    height=4,
    questions=[
        Question(
            number=1,
            title="What is wrong now, and in how many workloads?",
            says="Workloads by the trouble they are in; one may be in several. "
            "The names are those of the alerts' guide.",
            asks=[
                Ask(
                    expr=f"count by (trouble) ({trouble()})",
                    legend="{{trouble}}",
                    empty=QUIET,
                )
            ],
            look=Look.NUMBER,
            steps=ANY_IS_BAD,
            decimals=0,
            width=8,
            nothing="nothing",
        ),
        Question(
            number=19,
            title="What is wrong with the service itself?",
            says="Alerts that are no workload's own: metadata that are refused, sources and an API "
            "server that do not answer, answers that are late.",
            asks=[
                Ask(
                    expr=f"count by (alertname) (ALERTS{{{SERVICE},{OWN}}})",
                    legend="{{alertname}}",
                    empty=QUIET,
                )
            ],
            look=Look.NUMBER,
            steps=ANY_IS_BAD,
            decimals=0,
            width=4,
            nothing="nothing",
        ),
        Question(
            number=2,
            title="Is KEDA asking?",
            says="Seconds since KEDA last asked about the workload that it has neglected longest. "
            "It asks every 15 to 30 s.",
            asks=[
                Ask(
                    expr=f"max(time() - {of('forescale_last_poll_timestamp_seconds')})",
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
        Question(
            number=3,
            title="How many scalers run, of which version?",
            says="Processes that Prometheus sees. Two versions are normal during a rolling update.",
            asks=[
                Ask(
                    expr=f"count by (version) (forescale_build_info{{{SERVICE}}})",
                    legend="{{version}}",
                )
            ],
            look=Look.NUMBER,
            steps=[(None, "red"), (1, "green")],
            decimals=0,
            width=4,
            nothing="none",
        ),
        Question(
            number=4,
            title="In how many workloads do the scalers disagree?",
            says="Scalers with the same Prometheus, spec and version say the same. "
            "A difference of a tick is normal, one that stays is not.",
            asks=[
                Ask(
                    expr=f"count({trouble('disagreement')}) or vector(0)",
                    legend="disagree",
                )
            ],
            look=Look.NUMBER,
            steps=[(None, "green"), (1, "red")],
            decimals=0,
            width=4,
        ),
    ],
)

TROUBLES = Row(
    height=8,
    questions=[
        Question(
            number=5,
            title="Which workloads need somebody, and why?",
            says="One line for each workload and trouble; a click on it opens the workload.",
            asks=[
                Ask(
                    expr=f"max by ({OWNER}, trouble) ({trouble()})",
                    legend="Now",
                    empty=QUIET,
                )
            ],
            look=Look.TABLE,
            columns={"trouble": "Trouble"},
            width=12,
            opens_workload=True,
            nothing="nobody",
        ),
        Question(
            number=6,
            title="Where are signals missing, and why?",
            says="Signals that were there within the last hour and are gone, or that cannot be "
            "right. While one is missing nothing is scaled in.",
            asks=[
                Ask(
                    expr="max by (cluster, namespace, scaledobject, signal, reason) "
                    f"({recorded('workload:forescale_signal_lost:active')})",
                    legend="Now",
                    empty="while every signal is there",
                )
            ],
            look=Look.TABLE,
            columns={"signal": "Signal", "reason": "Reason"},
            width=12,
            opens_workload=True,
            nothing="nowhere",
        ),
    ],
)

SIZES = Row(
    height=8,
    questions=[
        Question(
            number=7,
            title="Which workloads run short?",
            says="Replicas that are wanted and not ready yet: the ten shortest. For a lead time "
            "after each order that is how it should be.",
            asks=[
                Ask(
                    expr=f"topk(10, {TARGET} - {READY} > 0)",
                    legend="{{namespace}}/{{scaledobject}}",
                    empty="while every replica that is wanted is ready",
                )
            ],
            width=8,
        ),
        Question(
            number=8,
            title="Which waste GPUs?",
            says="Replicas that are ready and no longer wanted: the ten largest.",
            asks=[
                Ask(
                    expr=f"topk(10, {READY} - {TARGET} > 0)",
                    legend="{{namespace}}/{{scaledobject}}",
                    empty="while no replica is too many",
                )
            ],
            width=8,
        ),
        Question(
            number=9,
            title="Which are stuck, and why?",
            says="Replicas that will not come up by themselves: unschedulable, quota, image, "
            "crash loop.",
            asks=[
                Ask(
                    expr=f"topk(10, {of('forescale_stuck_replicas', 'reason')} > 0)",
                    legend="{{namespace}}/{{scaledobject}} {{reason}}",
                    empty="while no replica is stuck",
                )
            ],
            width=8,
        ),
    ],
)

ALL = Row(
    height=10,
    questions=[
        Question(
            number=10,
            title="How is each workload?",
            says="All workloads, with what they want and have; a click opens one.",
            asks=[
                Ask(expr=TARGET, legend="Target"),
                Ask(
                    expr=recorded("workload:forescale_wanted_replicas:max"),
                    legend="Wanted by the HPA",
                ),
                Ask(expr=READY, legend="Ready"),
                Ask(
                    expr=f"sum by ({OWNER}) ({of('forescale_stuck_replicas', 'reason')})",
                    legend="Stuck",
                ),
                Ask(
                    expr=f"{signal('latency')} / {of('forescale_latency_objective_seconds')}",
                    legend="Latency of its objective",
                    empty="where there are too few requests for a p95",
                ),
                Ask(expr=of("forescale_lead_time_seconds"), legend="Lead time"),
                Ask(
                    expr=f"time() - {of('forescale_last_poll_timestamp_seconds')}",
                    legend="Since KEDA asked",
                ),
            ],
            look=Look.TABLE,
            units={
                "Latency of its objective": "percentunit",
                "Lead time": "s",
                "Since KEDA asked": "s",
            },
            decimals=0,
            width=24,
            opens_workload=True,
        )
    ],
)

DECISIONS = Row(
    height=8,
    questions=[
        Question(
            number=11,
            title="Who decides?",
            says="Decisions per second by the recommendation or rule that won.",
            asks=[
                Ask(
                    expr="sum by (winner) "
                    f"(rate(forescale_decisions_total{{{CHOSEN}}}[$__rate_interval]))",
                    legend="{{winner}}",
                )
            ],
            look=Look.STACK,
            unit="ops",
        ),
        Question(
            number=12,
            title="What keeps workloads from the number they ask for?",
            says="Workloads by what moves their target: bounds, holds, policies, a freeze.",
            asks=[
                Ask(
                    expr=f"count by (by) ({of('forescale_decision_limited', 'by')})",
                    legend="{{by}}",
                    empty="while nothing limits anybody",
                )
            ],
            look=Look.STACK,
        ),
    ],
)

SCALERS = Row(
    height=8,
    questions=[
        Question(
            number=13,
            title="Is KEDA answered in time?",
            says="Slowest hundredth of the answers by call. KEDA gives up after 3 s; above 1 s "
            "there is an alert.",
            asks=[
                Ask(expr=slowest("forescale_rpc_duration_seconds", "method"), legend="{{method}}")
            ],
            unit="s",
            width=6,
            steps=[(None, "transparent"), (1, "red")],
        ),
        Question(
            number=14,
            title="What does KEDA get?",
            says="Answers per second by status. INVALID_ARGUMENT is a mistake in somebody's "
            "metadata, UNAVAILABLE a workload about which nothing true can be said.",
            asks=[
                Ask(
                    expr="sum by (code) "
                    f"(rate(forescale_rpc_duration_seconds_count{{{SERVICE}}}[$__rate_interval]))",
                    legend="{{code}}",
                )
            ],
            look=Look.STACK,
            unit="reqps",
            width=6,
        ),
        Question(
            number=15,
            title="Do the sources answer?",
            says="Slowest hundredth of the questions by source, and questions without an answer.",
            asks=[
                Ask(
                    expr=slowest("forescale_source_query_duration_seconds", "source"),
                    legend="{{source}}",
                ),
            ],
            unit="s",
            width=6,
        ),
        Question(
            number=16,
            title="Which questions fail?",
            says="Questions per second that a source did not answer, by reason. Of a direct scrape "
            "it is one for each address where nobody listens.",
            asks=[
                Ask(
                    expr="sum by (source, reason) "
                    f"(rate(forescale_source_errors_total{{{SERVICE}}}[$__rate_interval]))",
                    legend="{{source}} {{reason}}",
                    empty="until a question has failed",
                )
            ],
            unit="reqps",
            width=6,
        ),
    ],
)

LOAD = Row(
    height=7,
    questions=[
        Question(
            number=17,
            title="How long does a tick take?",
            says="Time to read and decide one slot of workloads: the middle and the slowest "
            "hundredth. Slots are a second apart.",
            asks=[
                Ask(expr=slowest("forescale_tick_duration_seconds", quantile=0.5), legend="median"),
                Ask(expr=slowest("forescale_tick_duration_seconds"), legend="p99"),
            ],
            unit="s",
        ),
        Question(
            number=18,
            title="How many workloads are there, and how many replicas?",
            says="Workloads that are decided on, their replicas that serve, and those that are "
            "wanted.",
            asks=[
                Ask(expr=f"count({of('forescale_lead_time_seconds')})", legend="workloads"),
                Ask(expr=f"sum({READY})", legend="ready"),
                Ask(expr=f"sum({TARGET})", legend="wanted"),
            ],
        ),
    ],
)

FLEET = Board(
    uid="forescale-fleet",
    title="Forescale / Fleet",
    description="For the platform team: which workloads need somebody, and are the scalers well. "
    "Needs the recording rules that come with it.",
    rows=[FIRST, TROUBLES, SIZES, ALL, DECISIONS, SCALERS, LOAD],
    one=False,
)
