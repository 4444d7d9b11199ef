"""*Forecast*, for whoever must trust it: was it right, is it believed, what did it add."""

from dashboards.promql import NEARBY, OWNER, SERVICE, of, work
from dashboards.question import Ask, Board, Line, Look, Question, Row

LATER = " offset ${lead}s"
UNFORECAST = "while there is no forecast"
COLD = "until there is enough history to judge a forecast by"


def _asked(matching: str, *, shifted: str = "") -> str:
    found = of("forescale_recommendation_replicas", "signal", matching=matching, shifted=shifted)
    return f"max by ({OWNER}) ({found})"


AHEAD, AHEAD_THEN = _asked('signal="forecast"'), _asked('signal="forecast"', shifted=LATER)
PRESENT, PRESENT_THEN = _asked('signal!="forecast"'), _asked('signal!="forecast"', shifted=LATER)

TRUST = Row(
    height=4,
    questions=[
        Question(
            number=1,
            title="Is the forecast believed?",
            says="`skill`: it has proved better than the present. `no_skill`: only its calibrated "
            "headroom counts. `cold`, `no_data`, `awaited`: it has no say. `stale`, `failed`: "
            "something is wrong.",
            asks=[
                Ask(
                    expr=of("forescale_forecast_belief", "belief"),
                    legend="{{belief}}",
                    empty="where forecasts are disabled",
                )
            ],
            look=Look.NUMBER,
            names=True,
            width=6,
            nothing="no forecast",
        ),
        Question(
            number=2,
            title="How much better is it than the present?",
            says="Share of the reactive error that the forecast removes; below 0 it is worse, and "
            "not used.",
            asks=[Ask(expr=of("forescale_forecast_skill_ratio"), legend="skill", empty=COLD)],
            look=Look.NUMBER,
            unit="percentunit",
            steps=[(None, "red"), (0, "yellow"), (0.05, "green")],
            decimals=0,
            width=6,
            nothing="not judged yet",
        ),
        Question(
            number=3,
            title="Do its bounds hold as often as promised?",
            says="Share of lead times whose demand stayed under the bound. The promise is the "
            "quantile, 90 % unless `forecastQuantile` says otherwise.",
            asks=[Ask(expr=of("forescale_forecast_coverage_ratio"), legend="held", empty=COLD)],
            look=Look.NUMBER,
            unit="percentunit",
            steps=[(None, "red"), (0.8, "yellow"), (0.85, "green")],
            decimals=0,
            width=6,
            nothing="not judged yet",
        ),
        Question(
            number=4,
            title="How far ahead must it see?",
            says="The lead time: a forecast is about the highest demand until a replica that is "
            "ordered now serves.",
            asks=[Ask(expr=of("forescale_lead_time_seconds"), legend="lead time")],
            look=Look.NUMBER,
            unit="s",
            decimals=0,
            width=6,
        ),
    ],
)

TRUTH = Row(
    height=11,
    questions=[
        Question(
            number=5,
            title="Did what came stay under what was forecast a lead time before?",
            says="Work per second as it came, and the bound that was forecast a lead time before; "
            "what is in front of now is forecast and has not come yet.",
            asks=[
                Ask(expr=work(), legend="came"),
                Ask(
                    expr=of("forescale_forecast_demand", "quantile", shifted=LATER),
                    legend="forecast bound {{quantile}}",
                    empty=UNFORECAST,
                ),
            ],
            lines={"came": Line(color="blue")},
            width=24,
        )
    ],
)

RECORD = Row(
    height=8,
    questions=[
        Question(
            number=6,
            title="Has it been getting better?",
            says="Skill over time. Above the line it is used, below it only headroom counts.",
            asks=[Ask(expr=of("forescale_forecast_skill_ratio"), legend="skill", empty=COLD)],
            unit="percentunit",
            least=None,
            steps=[(None, "transparent"), (0, "red")],
            width=8,
        ),
        Question(
            number=7,
            title="Have its bounds been holding?",
            says="Coverage over time, against a promise of 90 %.",
            asks=[Ask(expr=of("forescale_forecast_coverage_ratio"), legend="held", empty=COLD)],
            unit="percentunit",
            most=1.0,
            steps=[(None, "transparent"), (0.9, "green")],
            width=8,
        ),
        Question(
            number=8,
            title="When was it believed?",
            says="How far the forecast was believed, over time.",
            asks=[
                Ask(
                    expr=of("forescale_forecast_belief", "belief"),
                    legend="{{belief}}",
                    empty="where forecasts are disabled",
                )
            ],
            look=Look.STATES,
            steps=[(None, "blue")],
            width=8,
        ),
    ],
)

WORTH = Row(
    height=8,
    questions=[
        Question(
            number=9,
            title="What did the forecast add, and was it needed?",
            says="Replicas that it asked for beyond the other signals a lead time before, and how "
            "many of them the other signals ask for now.",
            asks=[
                Ask(
                    expr=f"clamp_min({AHEAD_THEN} - {PRESENT_THEN}, 0)",
                    legend="added",
                    empty=UNFORECAST,
                ),
                Ask(
                    # The lesser of what was foreseen and what is asked for now.
                    expr=f"clamp_min((({AHEAD_THEN} < {PRESENT}) or ({PRESENT} and {AHEAD_THEN}))"
                    f" - {PRESENT_THEN}, 0)",
                    legend="needed",
                    empty=UNFORECAST,
                ),
            ],
            lines={
                "added": Line(color="orange"),
                "needed": Line(color="green", dashed=True),
            },
            width=8,
        ),
        Question(
            number=10,
            title="What would be asked for without it?",
            says="Replicas by the forecast, and the most by any other signal.",
            asks=[
                Ask(expr=AHEAD, legend="with the forecast", empty=UNFORECAST),
                Ask(expr=PRESENT, legend="without"),
            ],
            width=8,
        ),
        Question(
            number=11,
            title="Which models speak?",
            says="Part of each model in the forecast; the five heaviest.",
            asks=[
                Ask(
                    expr=of("forescale_forecast_weight_ratio", "model"),
                    legend="{{model}}",
                    empty=COLD,
                )
            ],
            look=Look.STACK,
            unit="percentunit",
            most=1.0,
            width=8,
        ),
    ],
)

DECLARED = Row(
    height=7,
    questions=[
        Question(
            number=14,
            title="Which declared events count now?",
            says="How far each event counts within the lead time: 1 from a lead time before its "
            "start until its end, less while it builds up or fades.",
            asks=[
                Ask(
                    expr=of("forescale_declared_event_ratio", "event"),
                    legend="{{event}}",
                    empty="while nothing is declared for the lead time",
                )
            ],
            look=Look.STATES,
            steps=[(None, "transparent"), (0.000001, "purple")],
            width=12,
        ),
        Question(
            number=15,
            title="What do declared events ask for?",
            says="Replicas by what is declared, and the most by any other signal. A multiplier is "
            "part of the forecast, and asks by itself only where there is none.",
            asks=[
                Ask(
                    expr=_asked('signal="event"'),
                    legend="declared",
                    empty="while nothing is declared for the lead time",
                ),
                Ask(expr=_asked('signal!="event"'), legend="everything else"),
            ],
            lines={"declared": Line(color="purple")},
            width=12,
        ),
    ],
)

ALL = Row(
    height=9,
    questions=[
        Question(
            number=12,
            title="For which workloads and lead times does it work?",
            says="Every workload of these namespaces that has a forecast, with how it has done.",
            asks=[
                Ask(
                    expr=of("forescale_lead_time_seconds", among=NEARBY),
                    legend="Lead time",
                ),
                Ask(
                    expr=of("forescale_forecast_skill_ratio", among=NEARBY),
                    legend="Skill",
                    empty=COLD,
                ),
                Ask(
                    expr=of("forescale_forecast_coverage_ratio", among=NEARBY),
                    legend="Bounds held",
                    empty=COLD,
                ),
            ],
            look=Look.TABLE,
            units={"Lead time": "s", "Skill": "percentunit", "Bounds held": "percentunit"},
            width=12,
            opens_workload=True,
        ),
        Question(
            number=13,
            title="Is it made in time?",
            says="Seconds that making a forecast took on average, and forecasts per second that "
            "failed.",
            asks=[
                Ask(
                    expr="sum(rate(forescale_source_query_duration_seconds_sum"
                    f'{{{SERVICE},source="forecast"}}[$__rate_interval])) / '
                    "sum(rate(forescale_source_query_duration_seconds_count"
                    f'{{{SERVICE},source="forecast"}}[$__rate_interval]))',
                    legend="seconds",
                    empty="while none is made",
                ),
                Ask(
                    expr="sum(rate(forescale_source_errors_total"
                    f'{{{SERVICE},source="forecast"}}[$__rate_interval]))',
                    legend="failed per second",
                    empty="while none has failed",
                ),
            ],
            width=12,
        ),
    ],
)

FORECAST = Board(
    uid="forescale-forecast",
    title="Forescale / Forecast",
    description="For whoever must trust it: was the forecast right, is it believed, what did it "
    "add, and was that needed.",
    rows=[TRUST, TRUTH, RECORD, WORTH, DECLARED, ALL],
    one=True,
    since="now-24h",
    until="now+15m",
)
