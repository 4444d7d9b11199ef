"""A dashboard around its panels: variables, links, time, and where each panel stands."""

import json
from collections.abc import Iterator

from grafana_foundation_sdk.builders import dashboard, prometheus
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    DashboardLinkType,
    GridPos,
    Panel,
    VariableHide,
    VariableModel,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from dashboards.drawing import SOURCE, draw
from dashboards.promql import CHOSEN, NEARBY, of
from dashboards.question import Board

WIDTH = 24
TAG = "forescale"
EVERYTHING = VariableOption(text="All", value="$__all", selected=True)
STATUS_PAGE = "http://localhost:8080"
"""Where `kubectl port-forward` brings it."""
KNOWN = "forescale_lead_time_seconds"
"""Every workload that was decided on has it."""


def text_of(board: Board) -> str:
    """Return the JSON that Grafana imports; the same board is the same text."""
    built = _framed(board).build()
    built.panels = list(_placed(board))
    return encoded(built)


def encoded(built: Dashboard) -> str:
    """Return a dashboard as JSON, without what the SDK adds for want of a better value."""
    for variable in built.templating.list_val or []:
        # These are an interval's; Grafana's types know them of no other variable.
        variable.auto = variable.auto_min = variable.auto_count = None
    for link in built.links or []:
        # In a menu nobody would find it.
        link.placement = None  # type: ignore[assignment] # the SDK knows no other place
    return json.dumps(built, cls=JSONEncoder, indent=2, ensure_ascii=False) + "\n"


def _placed(board: Board) -> Iterator[Panel]:
    top = 0
    for row in board.rows:
        left = 0
        for question in row.questions:
            place = GridPos(x=left, y=top, w=question.width, h=row.height)
            yield draw(question, place=place)
            left += question.width
        if left != WIDTH:
            raise ValueError(f"row at {top} of {board.uid} is {left} wide, need {WIDTH}")
        top += row.height


def _framed(board: Board) -> dashboard.Dashboard:
    framed = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags([TAG])
        .editable()
        .timezone("browser")
        .refresh("30s")
        .time(board.since, board.until)
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .variables(list(_variables(board)))
        .links(list(_links(board)))
    )
    if board.annotated:
        framed.annotation(_decisions())
    return framed


def _variables(board: Board) -> Iterator[Builder[VariableModel]]:
    yield dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus")
    yield _labels("cluster", of_all="forescale_build_info", several=True)
    yield _labels("namespace", of_all=f'{KNOWN}{{cluster=~"$cluster"}}', several=not board.one)
    yield _labels(
        "workload", of_all=f"{KNOWN}{{{NEARBY}}}", several=not board.one, label="scaledobject"
    )
    yield _typed("status", STATUS_PAGE, label="Status page")
    if board.one:
        yield _lead()
        yield _typed("price", "2.50", label="Price of a replica-hour")


def _labels(name: str, *, of_all: str, several: bool, label: str = "") -> dashboard.QueryVariable:
    query = f"label_values({of_all}, {label or name})"
    variable = (
        dashboard.QueryVariable(name)
        .label(name.capitalize())
        .datasource(SOURCE)
        .query({"query": query, "refId": "variable"})
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_CASE_INSENSITIVE_ASC)
        .multi(several)
        .include_all(several)
    )
    return variable.all_value(".*").current(EVERYTHING) if several else variable


def _lead() -> dashboard.QueryVariable:
    """The lead time in seconds: how far a forecast is drawn ahead of when it was made."""
    query = f"query_result(round({of(KNOWN)}))"
    return (
        dashboard.QueryVariable("lead")
        .datasource(SOURCE)
        .hide(VariableHide.HIDE_VARIABLE)
        .query({"query": query, "refId": "variable"})
        .regex(r"/} (\d+)/")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
    )


def _typed(name: str, value: str, *, label: str) -> dashboard.TextBoxVariable:
    option = VariableOption(text=value, value=value, selected=True)
    return (
        dashboard.TextBoxVariable(name)
        .label(label)
        .default_value(value)
        .current(option)
        .options([option])
    )


def _links(board: Board) -> Iterator[dashboard.DashboardLink]:
    others = dashboard.DashboardLink("Dashboards").type(DashboardLinkType.DASHBOARDS).tags([TAG])
    yield others.include_vars(True).keep_time(True)
    yield _link("Status page", "${status}/", "What each scaler last decided")
    if board.one:
        page = "${status}/workloads/${namespace}/${workload}"
        yield _link("Explain", page, "Why this number: also `forescale explain NAMESPACE/NAME`")


def _link(title: str, url: str, tooltip: str) -> dashboard.DashboardLink:
    link = dashboard.DashboardLink(title).type(DashboardLinkType.LINK).icon("external link")
    return link.url(url).tooltip(tooltip).target_blank(True)


def _decisions() -> dashboard.AnnotationQuery:
    changes = f"changes(forescale_target_replicas{{{CHOSEN}}}[1m])"
    expr = f"max by (namespace, scaledobject) ({changes}) > 0"
    return (
        # Older Grafana reads `expr`, newer ones the target.
        dashboard.AnnotationQuery()
        .name("Decisions")
        .datasource(SOURCE)
        .enable(True)
        .icon_color("blue")
        .target(prometheus.Dataquery().ref_id("Anno").expr(expr).range())
        .expr(expr)
        .title_format("The target changed")
        .text_format("{{namespace}}/{{scaledobject}}")
        .step("1m")
    )
